import { type FetchLike, hubLoss } from './http.ts'
import type { Link, LinkEvents, LinkRequest } from './transport.ts'
import { networkLoss } from './transport.ts'

// A POST that is not answered in this time, and what its size may take on a slow way up, is given up, and sent again after a
// pause that doubles.
const postMs = 10_000
const uplinkBytesPerMs = 4
const minPauseMs = 250
const maxPauseMs = 5_000

// Over HTTP/1.1 a browser has six connections to a host, for all its tabs. One is left for what is sent.
const places = '12345'

/** Asks one of the hub's addresses and answers the response if it is ok; otherwise the link is lost, and it answers null. */
export type Ask = (path: string, body: string) => Promise<Response | null>

/**
 * A link over HTTP: `run` brings what comes down; what goes up is POSTed, one in flight, whose answer is the ack. A POST
 * that fails on the way is sent again, since the hub knows what it has had; whether the link lives, the stream says. What
 * a proxy answers with 413 is split in halves until it passes; a single line that does not is reported, and replaced.
 */
export function openHttpLink(
  fetchLike: FetchLike | undefined,
  request: LinkRequest,
  sink: LinkEvents,
  run: (ask: Ask, events: LinkEvents) => Promise<void>,
  options: Pick<Link, 'acknowledges'> = {},
): Link {
  const { clock } = request
  // Each request has its own, since what Node's fetch adds to a signal stays on it.
  const aborts: Record<string, AbortController> = {}
  let busy = false
  let timer: unknown = null
  let over = false

  const events: LinkEvents = {
    ...sink,
    batch(text, aside) {
      if (!over) sink.batch(text, aside)
    },
    lost(loss) {
      if (over) return
      close()
      sink.lost(loss)
    },
  }

  function open(path: string, body: string, purpose = path): Promise<Response> {
    const abort = new AbortController()
    if (over) abort.abort()
    aborts[purpose] = abort
    // No header of ours, so that no preflight is needed; cookies along for `authenticate`. No cache keeps the answer to a POST.
    const init = { method: 'POST', body, signal: abort.signal, credentials: 'include' } as const
    return (fetchLike ?? fetch)(`${request.url}/${path}`, init)
  }

  function close(): void {
    over = true
    clock.clearTimeout(timer)
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
    const body = [request.session(), ...lines].join('\n')
    clock.clearTimeout(timer)
    timer = clock.setTimeout(() => aborts.send?.abort(), postMs + body.length / uplinkBytesPerMs)
    const response = await open('send', body)
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
    if (!response.ok || !text.startsWith('[')) throw new Error(`HTTP ${response.status}, not from the hub`)
    events.batch(text, true)
  }

  function post(lines: readonly string[], pauseMs: number): void {
    const again = () => post(lines, Math.min(2 * pauseMs, maxPauseMs))
    deliver(lines)
      .finally(() => clock.clearTimeout(timer))
      .then(
        () => {
          busy = false
          events.writable()
        },
        (error) => {
          if (over) return
          timer = clock.setTimeout(again, pauseMs)
          sink.troubled(networkLoss('post-failed', `sent again: ${error}`))
        },
      )
  }

  /** In a browser it takes one of the places that the tabs share; without a free one it waits, if connections are few there. */
  async function start(): Promise<void> {
    const locks = globalThis.document && navigator.locks
    if (!locks) return run(ask, events)
    let begun = false
    const begin = () => {
      if (begun) return
      begun = true
      return run(ask, events).catch(failed)
    }
    const wait = new AbortController()
    aborts.wait = wait
    // What is no longer waited for rejects.
    for (const place of places) locks.request(request.url + place, wait, begin).catch(() => {})
    // Answered when what is free has been given away.
    await locks.query()
    if (begun) return
    // The browser notes how it asked, but not of what it had in its cache. A place that comes meanwhile goes on regardless.
    const probe = open('send', request.session(), 'probe')
    await probe.then((response) => response.text()).catch(() => {})
    const entry = performance.getEntriesByName(`${request.url}/send`).at(-1) as PerformanceResourceTiming | undefined
    if (entry?.nextHopProtocol !== 'http/1.1') return begin()
    if (!begun) sink.troubled(networkLoss('connections', 'other tabs hold the connections'))
  }

  const failed = (error: unknown) => events.lost(networkLoss('cut', `${error}`))
  start().catch(failed)

  return {
    ...options,
    get writable() {
      return !busy && !over
    },
    send(lines) {
      busy = true
      post(lines, minPauseMs)
    },
    beside(line) {
      aborts.beside?.abort()
      // Should it fail: what it asks for does not come.
      open('send', `${request.session()}\n${line}`, 'beside')
        .then((response) => response.text())
        .catch(() => {})
    },
    close,
  }
}
