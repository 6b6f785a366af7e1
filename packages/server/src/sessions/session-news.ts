import type { LogState } from '../broker/broker.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'

/** What nodes tell each other of one session. */
export type Piece =
  /** A frame for a link that is not at the node where it came in. */
  | { readonly type: 'up'; readonly link: number; readonly frame: readonly unknown[]; readonly asked?: LogState | null }
  /** The client has spoken on this link: older ones are superseded. */
  | { readonly type: 'proven'; readonly link: number }
  /** It was in these topics where its link was before: whoever has it now tells whether it still is. */
  | { readonly type: 'present'; readonly topics: readonly string[] }
  | { readonly type: 'ended'; readonly reason: Fault }
  /** Its links end, and the session stays. */
  | { readonly type: 'cut'; readonly reason: Fault }

export interface SessionNews {
  readonly listening: Promise<void> | undefined
  tell(piece: Piece): void
  close(): void
}

/** `hear` gets what other nodes tell; null only tells. */
export function createSessionNews(context: Context, id: string, hear: ((piece: Piece) => void) | null): SessionNews {
  const { broker, node } = context
  const channel = `session/${id}`
  let stop: (() => void) | null = null
  let closed = false

  const opened = (stopListening: () => void) => {
    if (closed) stopListening()
    else stop = stopListening
  }
  const take = (text: string) => {
    const { from, ...piece } = JSON.parse(text) as Piece & { from: string }
    if (!closed && from !== node) hear?.(piece as Piece)
  }
  const failed = (error: unknown) => context.report('broker-failed', 'a word to another node was lost', error)

  const listening = hear ? broker.listen(channel, take) : undefined
  const settled = isPromise(listening) ? listening.then(opened) : undefined
  if (listening && !isPromise(listening)) opened(listening)

  return {
    listening: settled,
    tell(piece) {
      let text: string
      try {
        text = JSON.stringify({ from: node, ...piece })
      } catch {
        // A frame with more than it should have, nested too deeply: the client's loss, and no failure of the broker's.
        return
      }
      try {
        const sent = broker.send(channel, text)
        if (isPromise(sent)) sent.catch(failed)
      } catch (error) {
        failed(error)
      }
    },
    close() {
      closed = true
      stop?.()
    },
  }
}
