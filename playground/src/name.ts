import { byId } from './dom.ts'

const key = 'holdfast-playground-name'
const adjectives = ['Calm', 'Curious', 'Early', 'Gentle', 'Keen', 'Quiet', 'Steady', 'Swift']
const animals = ['Crane', 'Heron', 'Limpet', 'Otter', 'Plover', 'Seal', 'Tern', 'Urchin']

/** Who is visiting: remembered, and at first drawn by lot. */
export function rememberedName(): string {
  const name = read() || `${pick(adjectives)} ${pick(animals)}`
  write(name)
  return name
}

/** Where the visitor may change it. To the hub another name is another user, who has sessions of their own. */
export function showName(name: string): void {
  const input = byId<HTMLInputElement>('name')
  input.value = name
  input.addEventListener('change', () => {
    const wanted = input.value.trim()
    input.value = wanted || name
    if (wanted === '' || wanted === name) return
    write(wanted)
    location.reload()
  })
}

function pick(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? ''
}

// Storage may be forbidden; the name then lasts as long as the page.
function read(): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(name: string): void {
  try {
    localStorage.setItem(key, name)
  } catch {}
}
