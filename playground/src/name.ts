const key = 'holdfast-playground-name'
const adjectives = ['Calm', 'Curious', 'Early', 'Gentle', 'Keen', 'Quiet', 'Steady', 'Swift']
const animals = ['Crane', 'Heron', 'Limpet', 'Otter', 'Plover', 'Seal', 'Tern', 'Urchin']

/** Who is talking: remembered, and at first drawn by lot. Returns how to ask for it. */
export function rememberedName(input: HTMLInputElement): () => string {
  input.value = read() ?? `${pick(adjectives)} ${pick(animals)}`
  const name = () => input.value.trim() || 'Nobody'
  write(name())
  input.addEventListener('change', () => write(name()))
  return name
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
