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

/** The same for what a topic's store has made of its topic. */
export function watchData<S>(
  store: { select<V>(selector: (context: { readonly data: S }) => V): Readable<V> },
  show: (data: S) => void,
): void {
  watch(
    store.select(({ data }) => data),
    show,
  )
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

export interface Entry {
  readonly id: string
  readonly who: string
  readonly text: string
  /** Null while it is on its way. */
  readonly time: number | null
  /** How it stands with it, in a word. */
  readonly mark?: string
  readonly kind?: 'own' | 'unread' | 'note' | undefined
}

/** What somebody says, as an item of a list. */
export function drawEntry({ who, text, time, mark = '', kind }: Entry): HTMLElement {
  const said = h('span', { class: 'text' }, ...(who ? [h('b', {}, who), ' '] : []), text)
  const when = time ? h('time', { datetime: new Date(time).toISOString() }, minutes.format(time)) : ''
  const meta = h('span', { class: 'meta' }, mark, when)
  return h('li', { class: ['entry', kind, time === null && 'pending'].filter(Boolean).join(' ') }, said, meta)
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

export interface ComposerOptions<T> {
  readonly label: string
  readonly placeholder: string
  /** What becomes of what was written. It is made once, however often it is sent. */
  readonly make: (written: Written) => T
  readonly send: (item: T) => Promise<unknown>
}

/** A line to write on. What cannot be sent stays there, with the reason, and can be sent again. */
export function createComposer<T extends Written>({ label, placeholder, make, send }: ComposerOptions<T>): Composer {
  const input = h('input', { type: 'text', 'aria-label': label, placeholder, maxlength: 500, autocomplete: 'off' })
  const list = h('ul', { class: 'unsent', 'aria-label': 'Not sent' })
  const button = h('button', { type: 'submit', class: 'primary' }, 'Send')
  const element = h('form', { class: 'composer' }, list, input, button)
  const drawUnsent = createList(list, drawFailure)
  let unsent: readonly Unsent<T>[] = []

  element.addEventListener('submit', (event) => {
    event.preventDefault()
    const text = input.value.trim()
    if (text === '') return
    input.value = ''
    void attempt(make({ id: crypto.randomUUID(), text }))
  })

  async function attempt(item: T): Promise<void> {
    keep(unsent.filter(({ id }) => id !== item.id))
    try {
      await send(item)
    } catch (error) {
      keep([...unsent, { id: item.id, item, reason: reasonWords(error) }])
    }
  }

  function keep(items: readonly Unsent<T>[]): void {
    unsent = items
    drawUnsent(items)
  }

  function drawFailure({ item, reason }: Unsent<T>): HTMLElement {
    const again = h('button', { type: 'button', class: 'quiet' }, 'Send again')
    again.addEventListener('click', () => void attempt(item))
    return h('li', {}, h('span', { class: 'text' }, item.text), h('span', { class: 'problem' }, reason), again)
  }

  return {
    element,
    arrived(items) {
      if (unsent.length > 0) keep(unsent.filter(({ id }) => !items.some((item) => item.id === id)))
    },
  }
}

interface Unsent<T> {
  readonly id: string
  readonly item: T
  readonly reason: string
}

/** Why something was not done, for the one who wanted it. */
export function reasonWords(error: unknown): string {
  if (!(error instanceof HoldfastError)) return String(error)
  const words = { rejected: 'rejected', 'not-sent': 'not sent', unknown: 'perhaps sent' }
  return `${error.outcome ? words[error.outcome] : 'failed'}: ${error.message}`
}
