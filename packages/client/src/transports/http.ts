import type { Frame } from '@holdfast/protocol'
import { closeLoss, type Loss } from './transport.ts'

/** What of fetch is used. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>

/** The loss that a `close` frame in `text` tells, or null if there is none: then it is not the hub that ended the link. */
export function hubLoss(text: string): Loss | null {
  // Looked for without reading every frame; a newline never stands inside one, nor a bare quote inside a string.
  const line = /^\["close"[^\n]*/m.exec(text)?.[0]
  if (!line) return null
  try {
    const [, close, code, message, delayMs] = JSON.parse(line) as Frame<'close'>
    return closeLoss(close, `${code}`, message, delayMs)
  } catch {
    return null
  }
}
