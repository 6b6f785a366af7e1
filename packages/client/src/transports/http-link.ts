import { type FetchLike, hubLoss } from './http.ts'
import type { Link, LinkEvents, LinkRequest } from './transport.ts'
import { networkLoss } from './transport.ts'

/** Asks one of the hub's addresses and answers the response if it is ok; otherwise the link is lost, and it answers null. */
export type Ask = (path: string, body: string) => Promise<Response | null>

/**
 * A link over HTTP: `run` brings what comes down; what goes up is POSTed, one in flight, whose answer is the ack. What a
 * proxy answers with 413 is split in halves until it passes; a single line that does not is reported, and replaced.
 */
export function openHttpLink(
  fetchLike: FetchLike | undefined,
  request: LinkRequest,
  sink: LinkEvents,
  run: (ask: Ask, events: LinkEvents) => Promise<void>,
  options: Pick<Link, 'acknowledges'> = {},
): Link {
  // Each request has its own, since what Node's fetch adds to a signal stays on it.
  const aborts: Record<string, AbortController> = {}
  let busy = false
  let over = false

  const unlessOver = <T>(tell: () => T) => (over ? undefined : tell())
  const events: LinkEvents = {
    opened: () => unlessOver(sink.opened),
    batch: (text, aside) => unlessOver(() => sink.batch(text, aside)),
    writable: () => unlessOver(sink.writable),
    tooLarge: (line) => unlessOver(() => sink.tooLarge(line)),
    lost: (loss) =>
      unlessOver(() => {
        close()
        sink.lost(loss)
      }),
  }
  const failed = (what: string) => (error: unknown) => events.lost(networkLoss('cut', `the ${what} failed: ${error}`))

  function open(path: string, body: string): Promise<Response> {
    const abort = new AbortController()
    if (over) abort.abort()
    aborts[path] = abort
    // No header of ours, so that no preflight is needed; cookies along for `authenticate`.
    const init = { method: 'POST', body, signal: abort.signal, credentials: 'include', cache: 'no-store' } as const
    return (fetchLike ?? fetch)(`${request.url}/${path}`, init)
  }

  function close(): void {
    over = true
    for (const abort of Object.values(aborts)) abort.abort()
  }

  const ask: Ask = async (path, body) => {
    const response = await open(path, body)
    if (response.ok) {
      events.opened()
      return response
    }
    const text = await response.text().catch(() => '')
    events.lost(hubLoss(text) ?? networkLoss('refused', `HTTP ${response.status}`))
    return null
  }

  async function deliver(lines: readonly string[]): Promise<void> {
    const response = await open('send', [request.session, ...lines].join('\n'))
    const text = await response.text()
    if (response.status === 413 && lines.length > 1) {
      const middle = lines.length >> 1
      await deliver(lines.slice(0, middle))
      return deliver(lines.slice(middle))
    }
    const loss = hubLoss(text)
    if (loss) return events.lost(loss)
    if (response.status === 413) {
      // What comes after it must not jump over its number.
      const instead = events.tooLarge(lines[0] as string)
      return instead === undefined ? undefined : deliver([instead])
    }
    if (!response.ok) return events.lost(networkLoss('upstream-failed', `HTTP ${response.status} on a POST`))
    if (text.startsWith('[')) return events.batch(text, true)
    if (text !== '') events.lost(networkLoss('not-holdfast', 'something else than the hub answered a POST'))
  }

  run(ask, events).catch(failed('stream'))

  return {
    ...options,
    get writable() {
      return !busy && !over
    },
    send(lines) {
      busy = true
      deliver(lines).then(() => {
        busy = false
        events.writable()
      }, failed('POST'))
    },
    close,
  }
}
