import { type CloseAction, closeAction, type TopicList } from '@holdfast/protocol'
import type { Clock } from '../clock.ts'

/** Why a link ended, or did not come about. */
export interface Loss {
  readonly code: string
  readonly message: string
  /** What the hub asks for; 'retry' for what the network did. */
  readonly action: CloseAction
  /** Not before this many ms, where the hub said so. */
  readonly delayMs?: number
}

export interface LinkRequest {
  /** The hub's address, http(s), without a trailing slash, query or fragment. */
  readonly url: string
  /** The hello frame. */
  readonly hello: string
  /** The `session` frame that begins each POST: once the hub has answered, that of the session it named. */
  readonly session: () => string
  /** Every topic and where it stands now, for transports that say so with each request. */
  readonly topics: () => TopicList
  readonly clock: Clock
}

/** What a transport tells of its link. Nothing comes after `lost`. */
export interface LinkEvents {
  /** Something was reached, and it took the hello; proof is only what arrives. */
  opened(): void
  /** Frames from the hub, joined by newlines. `aside`: in answer to a POST, which says nothing of the way down. */
  batch(text: string, aside?: boolean): void
  /** `writable` may have become true; whoever says it by the frames that come down need not call it. */
  writable(): void
  /** This line is too large for the path (413). Answers what is sent in its place, before anything else, if it must be. */
  tooLarge(line: string): string | undefined
  /** Something failed that is tried again; the link lives. */
  troubled(loss: Loss): void
  lost(loss: Loss): void
}

export interface Link {
  /** The transport names the cursors by itself: no acks are needed. */
  readonly acknowledges?: boolean
  /** Whether `send` may be called now. */
  readonly writable: boolean
  /** Hands over lines of at most one batch in total. */
  send(lines: readonly string[]): void
  /** Hands over a line that has no number, though `send` must wait. */
  beside?(line: string): void
  /** Closes at once; `lost` is not called. */
  close(): void
}

/**
 * One way to carry a session. `open` starts a link and returns at once; whether it works is known when the first batch
 * arrives. A transport that cannot exist here says why in `missing`.
 */
export interface Transport {
  readonly name: string
  readonly missing?: string | null
  open(request: LinkRequest, events: LinkEvents): Link
}

/** What a close code of the hub's means. */
export const closeLoss = (close: number, code: string, message: string, delayMs?: number): Loss => ({
  code,
  message,
  action: closeAction(close),
  ...(delayMs && { delayMs }),
})

export const networkLoss = (code: string, message: string): Loss => ({ code, message, action: 'retry' })
