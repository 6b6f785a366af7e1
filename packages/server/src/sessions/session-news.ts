import type { LogState } from '../broker/broker.ts'
import { isPromise } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'

/** One thing that a node tells. */
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

/** What nodes tell each other of one session. Without somebody who hears it only tells. */
export class SessionNews {
  readonly listening: Promise<void> | undefined
  readonly #context: Context
  readonly #channel: string
  #stop: (() => void) | null = null
  #closed = false

  constructor(context: Context, id: string, hearer: { hear(piece: Piece): void } | null) {
    this.#context = context
    this.#channel = `session/${id}`
    if (!hearer) return
    const listening = context.broker.listen(this.#channel, (text) => {
      const { from, ...piece } = JSON.parse(text) as Piece & { from: string }
      if (!this.#closed && from !== context.node) hearer.hear(piece as Piece)
    })
    if (isPromise(listening)) this.listening = listening.then((stop) => this.opened(stop))
    else this.opened(listening)
  }

  tell(piece: Piece): void {
    let text: string
    try {
      text = JSON.stringify({ from: this.#context.node, ...piece })
    } catch {
      // A frame with more than it should have, nested too deeply: the client's loss, and no failure of the broker's.
      return
    }
    const failed = (error: unknown) => this.#context.report('broker-failed', 'a word to another node was lost', error)
    try {
      const sent = this.#context.broker.send(this.#channel, text)
      if (isPromise(sent)) sent.catch(failed)
    } catch (error) {
      failed(error)
    }
  }

  close(): void {
    this.#closed = true
    this.#stop?.()
    this.#stop = null
  }

  private opened(stop: () => void): void {
    if (this.#closed) stop()
    else this.#stop = stop
  }
}
