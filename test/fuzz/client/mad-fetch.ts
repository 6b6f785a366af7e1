import type { Dice } from '../dice.ts'
import type { Mutator } from '../mutate.ts'
import type { Mad } from './mad.ts'

const statuses = [200, 201, 204, 205, 301, 304, 400, 401, 403, 404, 408, 410, 413, 418, 429, 500, 502, 503, 599]
const types = ['text/html', 'application/json', '', 'text/event-stream;charset=latin1', 'TEXT/EVENT-STREAM']

/** A fetch whose far end is a mad server. */
export function madFetch(dice: Dice, mutator: Mutator, mad: Mad) {
  let stream: ReadableStreamDefaultController<Uint8Array> | null = null

  return async (url: string, { body, signal }: RequestInit): Promise<Response> => {
    const path = url.slice(url.lastIndexOf('/') + 1)
    const lines = String(body).split('\n')
    mad.heard(String(body))
    if (path === 'sse' || lines.length === 1) mad.attempt()
    if (dice.chance(0.03)) throw new TypeError('fetch failed')
    if (dice.chance(0.03)) return never(signal)
    if (dice.chance(0.1)) return odd(dice.chance(0.5) ? mad.gibberish.aside(lines) : '<html>')
    if (path === 'sse') return opened(mad.gibberish.down(lines), signal)
    if (path === 'poll') return new Response(told(mad.gibberish.down(lines) ?? '["heartbeat"]'))
    const down = mad.gibberish.down(lines.slice(1).filter((line) => /^\["(ping|subscribe)/.test(line)))
    if (down !== null) feed(down)
    return new Response(told(mad.gibberish.aside(lines.slice(1))))
  }

  function never(signal: AbortSignal | null | undefined): Promise<never> {
    return new Promise((_, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      mad.onCut(() => reject(new TypeError('cut')))
    })
  }

  function told(text: string): string {
    mad.told(text)
    return text
  }

  function odd(text: string): Response {
    const status = dice.pick(statuses)
    const body = [204, 205, 304].includes(status) ? null : told(text)
    return new Response(body, { status, headers: { 'content-type': dice.pick(types) } })
  }

  function opened(first: string | null, signal: AbortSignal | null | undefined): Response {
    let own: typeof stream = null
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        own = controller
      },
    })
    stream = own
    const end = () => attempt(() => own?.error(new Error('cut')))
    signal?.addEventListener('abort', end)
    mad.onCut(end)
    if (first !== null) feed(first)
    const type = dice.chance(0.05) ? dice.pick(types) : 'text/event-stream'
    return new Response(body, { headers: { 'content-type': type } })
  }

  function feed(batch: string): void {
    const event = batch.replaceAll(/^/gm, 'data: ')
    const text = told(`${dice.chance(0.2) ? mutator.text(event) : event}\n\n`)
    const bytes = new TextEncoder().encode(text)
    const at = dice.below(bytes.length)
    attempt(() => {
      stream?.enqueue(bytes.slice(0, at))
      stream?.enqueue(bytes.slice(at))
      if (dice.chance(0.03)) stream?.close()
    })
  }
}

/** A stream that is over cannot be fed. */
function attempt(run: () => void): void {
  try {
    run()
  } catch {
    // It is over.
  }
}
