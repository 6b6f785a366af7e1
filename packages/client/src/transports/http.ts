import { closeAction, type Frame } from '@holdfast/protocol'
import { readFrame } from '../frame.ts'
import type { Loss } from './transport.ts'
import { networkLoss } from './transport.ts'

/** What of fetch is used. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>

export const globalFetch: FetchLike = (url, init) => fetch(url, init)

/** A POST that needs no preflight: no header of ours, everything in the body, cookies along for `authenticate`. */
export const post = (fetchLike: FetchLike, url: string, body: string, signal: AbortSignal): Promise<Response> =>
  fetchLike(url, { method: 'POST', body, signal, credentials: 'include', cache: 'no-store' })

/** Why an answer that is not ok came: the hub's own word, or some intermediary's status. */
export async function lossOfAnswer(response: Response): Promise<Loss> {
  const text = await response.text().catch(() => '')
  return hubLoss(text) ?? networkLoss('refused', `HTTP ${response.status}`)
}

/** The loss that a `close` frame in `text` tells, or null if there is none: then it is not the hub that ended the link. */
export function hubLoss(text: string): Loss | null {
  // Looked for without reading every frame; a newline never stands inside one.
  const start = text.startsWith('["close"') ? 0 : text.indexOf('\n["close"')
  if (start < 0) return null
  try {
    const line = text.slice(start).trimStart().split('\n', 1)[0] ?? ''
    const [, close, code, message, delayMs] = readFrame(line) as Frame<'close'>
    return { code, message, action: closeAction(close), ...(delayMs && { delayMs }) }
  } catch {
    return null
  }
}
