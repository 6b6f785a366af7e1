import type { MessageEvent, Receipt } from '@holdfast/client'
import type { ChatMessage } from '../server/topics.ts'

export type Line =
  | {
      readonly kind: 'entry'
      readonly key: string
      readonly message: ChatMessage
      readonly time: number
      readonly own: boolean
    }
  | { readonly kind: 'gap'; readonly key: string }

export interface Pending {
  readonly key: string
  readonly message: ChatMessage
  readonly time: number
  /** Null while nobody knows yet. */
  failure: { readonly outcome: string; readonly code: string } | null
  /** The hub has it; its entry is still to come. */
  accepted: boolean
}

export interface ChatLog {
  readonly lines: readonly Line[]
  readonly pending: readonly Pending[]
  entry(event: MessageEvent<ChatMessage>): void
  gap(key: string): void
  /** Something of one's own is on its way. */
  sent(message: ChatMessage): Pending
  accepted(pending: Pending, receipt: Receipt): void
  failed(pending: Pending, failure: { outcome: string; code: string }): void
  discard(pending: Pending): void
}

const lineLimit = 200

/**
 * What the room shows. One's own message is shown once: its receipt says which entry of the topic it has become.
 * @param isOwn whether this page has published it
 */
export function createChatLog(isOwn: (event: MessageEvent<ChatMessage>) => boolean): ChatLog {
  const lines: Line[] = []
  const pending: Pending[] = []
  /** An entry may overtake its receipt: one's own wait for it. */
  const undecided: MessageEvent<ChatMessage>[] = []
  const own = new Map<string, Pending>()
  let count = 0

  function show(event: MessageEvent<ChatMessage>): void {
    // Without a receipt it is one that was given up as unknown: it was sent, after all.
    const mine =
      own.get(event.cursor) ?? (isOwn(event) ? pending.find((each) => wasUnknown(each, event.data)) : undefined)
    if (mine) remove(pending, mine)
    own.delete(event.cursor)
    push({ kind: 'entry', key: event.cursor, message: event.data, time: event.time, own: isOwn(event) })
  }

  function push(line: Line): void {
    lines.push(line)
    if (lines.length > lineLimit) lines.shift()
  }

  /** In their order: one that still waits holds back those after it. */
  function decide(): void {
    while (undecided[0] && !awaitsReceipt(undecided[0])) show(undecided.shift() as MessageEvent<ChatMessage>)
  }

  function awaitsReceipt(event: MessageEvent<ChatMessage>): boolean {
    if (!isOwn(event) || own.has(event.cursor)) return false
    return pending.some(({ failure, accepted }) => !failure && !accepted)
  }

  return {
    lines,
    pending,
    entry(event) {
      undecided.push(event)
      decide()
    },
    gap(key) {
      push({ kind: 'gap', key })
    },
    sent(message) {
      count += 1
      const added: Pending = { key: `pending-${count}`, message, time: Date.now(), failure: null, accepted: false }
      pending.push(added)
      return added
    },
    accepted(mine, { cursor }) {
      mine.accepted = true
      own.set(cursor, mine)
      decide()
    },
    failed(mine, failure) {
      mine.failure = failure
      decide()
    },
    discard(mine) {
      remove(pending, mine)
    },
  }
}

function wasUnknown({ failure, message }: Pending, { name, text }: ChatMessage): boolean {
  return failure?.outcome === 'unknown' && message.name === name && message.text === text
}

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
}
