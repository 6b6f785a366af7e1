import { closeAction, type Frame } from '@holdfast/protocol'
import { readFrame } from '../frame.ts'
import type { Loss } from './transport.ts'

/** What of fetch is used. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>

/** The loss that a `close` frame in `text` tells, or null if there is none: then it is not the hub that ended the link. */
export function hubLoss(text: string): Loss | null {
  // Looked for without reading every frame; a newline never stands inside one.
  const start = text.startsWith('["close"') ? 0 : text.indexOf('\n["close"')
  if (start < 0) return null
  try {
    const line = text.slice(start).trimStart().split('\n', 1)[0] ?? ''
    const [, close, code, message, delayMs] = readFrame(line) as Frame<'close'>
    return { code: `${code}`, message, action: closeAction(close), ...(delayMs && { delayMs }) }
  } catch {
    return null
  }
}
