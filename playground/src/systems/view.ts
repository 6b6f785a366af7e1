import { HoldfastError } from '@holdfast/client'
import { h, setText } from '../dom.ts'

// What the systems' panes have in common.

interface Readable<V> {
  get(): V
  subscribe(told: (value: V) => void): unknown
}

interface Freshness {
  readonly status: 'live' | 'stale'
  readonly staleSince: number | null
  readonly error: Error | null
}

/** Shows it now, and again after each change: at most once a frame, as stores tell of them. */
export function watch<V>(store: Readable<V>, show: (value: V) => void): void {
  show(store.get())
  store.subscribe(show)
}

/** Says whether a store's state is live or as of when; meanwhile what is in the pane is greyed out. */
export function showFreshness(
  root: HTMLElement,
  store: { select<V>(selector: (context: Freshness) => V): Readable<V> },
): void {
  const line = h('p', { class: 'freshness', role: 'status' })
  root.prepend(line)
  watch(store.select(freshness), (words) => {
    setText(line, words)
    root.classList.toggle('stale', words !== 'live')
  })
}

function freshness({ status, staleSince, error }: Freshness): string {
  if (status === 'live') return 'live'
  if (staleSince === null) return error ? error.message : 'waiting for the first'
  return `as of ${seconds.format(staleSince)}`
}

const seconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' })
const minutes = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** A time of day. */
export function clock(time: number): HTMLElement {
  return h('time', { datetime: new Date(time).toISOString() }, minutes.format(time))
}

/**
 * Keeps a list in step with its items: each is drawn once, and again only when it is another object; none is moved without
 * need, since a live region would read it out again.
 * @param options `follow`: stays at the end where it was at the end
 */
export function createList<T extends { readonly id: string }>(
  list: HTMLElement,
  draw: (item: T) => HTMLElement,
  { follow = false } = {},
): (items: readonly T[]) => void {
  let drawn = new Map<string, { item: T; element: HTMLElement }>()
  return (items) => {
    const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40
    const before = drawn
    drawn = new Map()
    for (const item of items) {
      const known = before.get(item.id)
      drawn.set(item.id, known?.item === item ? known : { item, element: draw(item) })
    }
    arrange(
      list,
      [...drawn.values()].map(({ element }) => element),
    )
    if (follow && isAtEnd) list.scrollTop = list.scrollHeight
  }
}

function arrange(parent: Element, children: readonly Element[]): void {
  const wanted = new Set(children)
  for (const child of [...parent.children]) if (!wanted.has(child)) child.remove()
  for (const [index, child] of children.entries()) {
    const present = parent.children[index]
    if (present !== child) parent.insertBefore(child, present ?? null)
  }
}

/** What somebody wrote. The id is drawn here, so that whoever receives it twice can tell. */
export interface Written {
  readonly id: string
  readonly text: string
}

export interface Composer {
  readonly element: HTMLFormElement
  /** These have come, whatever was said of them. */
  arrived(items: readonly { readonly id: string }[]): void
}

/** A line to write on. What cannot be sent stays there, with the reason, and can be sent again. */
export function createComposer(
  label: string,
  placeholder: string,
  send: (written: Written) => Promise<unknown>,
): Composer {
  const input = h('input', { type: 'text', 'aria-label': label, placeholder, maxlength: 500, autocomplete: 'off' })
  const list = h('ul', { class: 'unsent', 'aria-label': 'Not sent' })
  const button = h('button', { type: 'submit', class: 'primary' }, 'Send')
  const element = h('form', { class: 'composer' }, list, input, button)
  const drawUnsent = createList(list, drawFailure)
  let unsent: readonly Unsent[] = []

  element.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = input.value.trim()
    if (text === '') return
    input.value = ''
    void attempt({ id: crypto.randomUUID(), text })
  })

  async function attempt(written: Written): Promise<void> {
    drop(({ id }) => id === written.id)
    try {
      await send(written)
    } catch (error) {
      unsent = [...unsent, { ...written, reason: reasonWords(error) }]
      drawUnsent(unsent)
    }
  }

  function drop(isGone: (one: Unsent) => boolean): void {
    if (!unsent.some(isGone)) return
    unsent = unsent.filter((one) => !isGone(one))
    drawUnsent(unsent)
  }

  function drawFailure({ id, text, reason }: Unsent): HTMLElement {
    const again = h('button', { type: 'button', class: 'quiet' }, 'Send again')
    again.addEventListener('click', () => void attempt({ id, text }))
    return h('li', {}, h('span', { class: 'text' }, text), h('span', { class: 'problem' }, reason), again)
  }

  return {
    element,
    arrived(items) {
      if (unsent.length > 0) drop(({ id }) => items.some((item) => item.id === id))
    },
  }
}

interface Unsent extends Written {
  readonly reason: string
}

/** Why something was not done, for the one who wanted it. */
export function reasonWords(error: unknown): string {
  if (!(error instanceof HoldfastError)) return String(error)
  const words = { rejected: 'rejected', 'not-sent': 'not sent', unknown: 'perhaps sent' }
  return `${error.outcome ? words[error.outcome] : 'failed'}: ${error.message}`
}
