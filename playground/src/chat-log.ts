import type { MessageEvent, Receipt } from '@holdfast/client'
import type { ChatMessage } from '../server/topics.ts'

export type Line =
  | { readonly kind: 'entry'; readonly key: string; readonly message: ChatMessage; readonly time: number; own: boolean }
  | { readonly kind: 'gap'; readonly key: string }

export interface Pending {
  readonly key: string
  readonly message: ChatMessage
  readonly time: number
  /** Null while nobody knows yet. */
  failure: { readonly outcome: string; readonly code: string } | null
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

/** What the room shows. One's own message is shown once: its receipt says which entry of the topic it has become. */
export function createChatLog(): ChatLog {
  const lines: Line[] = []
  const pending: Pending[] = []
  /** An entry may overtake its receipt, so these wait to be told apart from another's same words. */
  const undecided: MessageEvent<ChatMessage>[] = []
  const own = new Map<string, Pending>()
  let count = 0

  function show(event: MessageEvent<ChatMessage>): void {
    const mine = own.get(event.cursor)
    if (mine) {
      remove(pending, mine)
      own.delete(event.cursor)
    }
    push({ kind: 'entry', key: event.cursor, message: event.data, time: event.time, own: mine !== undefined })
  }

  function push(line: Line): void {
    lines.push(line)
    if (lines.length > lineLimit) lines.shift()
  }

  /** In their order: one that still waits holds back those after it. */
  function decide(): void {
    while (undecided[0] && !mayBeMine(undecided[0])) show(undecided.shift() as MessageEvent<ChatMessage>)
  }

  function mayBeMine({ cursor, data }: MessageEvent<ChatMessage>): boolean {
    if (own.has(cursor)) return false
    const known = new Set(own.values())
    return pending.some(
      (each) => !each.failure && !known.has(each) && each.message.text === data.text && each.message.name === data.name,
    )
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
      const added: Pending = { key: `pending-${count}`, message, time: Date.now(), failure: null }
      pending.push(added)
      return added
    },
    accepted(mine, { cursor }) {
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

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item)
  if (index >= 0) list.splice(index, 1)
}
