import type { Exchange, StreamEvents } from '@holdfast/server'
import type { Access, Connection } from './access.ts'
import type { Computer } from './computer.ts'
import type { Dice } from './dice.ts'
import type { Tap } from './tap.ts'
import type { Time } from './time.ts'

interface FetchParts {
  readonly time: Time
  readonly dice: Dice
  readonly access: Access
  readonly computer: Computer
  readonly tap: Tap
  readonly address: string
}

const headBytes = 200
const smallBytes = 400
const kinds = { '/sse': 'stream', '/poll': 'poll', '/send': 'post' } as const
const badGateway = '<html>Bad gateway</html>'

/** `fetch` over the simulated network, with the hub's end of each request. */
export function createFetch(parts: FetchParts, base: string): (url: string, init: RequestInit) => Promise<Response> {
  const { access, tap } = parts
  return (url, init) =>
    new Promise((resolve, reject) => {
      tap.url(url)
      const path = url.slice(base.length) as keyof typeof kinds
      const body = init.body as string
      const kind = kinds[path]
      const mode = access.weather[kind]
      const connection = access.open(kind)
      const { node, up, down, id } = connection
      const name = `${kind}#${id}`
      const answer = createAnswer(resolve, reject)
      const toClient = (run: () => void) => () => parts.computer.arrive(() => connection.client && run())
      const over = () => {
        if (connection.client) connection.leave()
      }
      connection.client = () => answer.fail('the network failed')
      const abort = () => {
        over()
        answer.fail('aborted')
      }
      if (init.signal?.aborted) return abort()
      init.signal?.addEventListener('abort', abort)
      tap.up(name, body)

      const respond = (status: number, text: string) =>
        down.send(
          text.length,
          toClient(() => {
            if (status === 200 || text.startsWith('[')) tap.down(name, text)
            answer.whole(status, text)
            over()
          }),
        )

      if (mode === 'swallow') return
      up.send(headBytes + body.length, () => {
        if (!node || mode === 'refuse') return respond(502, badGateway)
        if (mode === 'small' && body.length > smallBytes) return respond(413, '<html>Too large</html>')
        if (mode === 'lose-request') return connection.cut('client')
        const answering: Answering = {
          whole: (status, text) => (mode === 'lose-answer' ? connection.cut('client') : respond(status, text)),
          begin(headers) {
            const type = mode === 'strange' ? 'text/html' : (headers['Content-Type'] ?? '')
            if (mode !== 'buffer')
              down.send(
                headBytes,
                toClient(() => answer.begin(type)),
              )
          },
          chunk(bytes, text) {
            tap.written(name, down.buffered)
            const arrive = toClient(() => {
              tap.down(name, text)
              answer.chunk(bytes)
            })
            if (mode !== 'buffer') down.send(bytes.length, arrive)
          },
          end: () =>
            down.send(
              1,
              toClient(() => {
                answer.end()
                over()
              }),
            ),
        }
        node.computer.arrive(() => void node.hub.exchange(createExchange(parts, connection, path, body, answering)))
        if (mode === 'twice') repeat(0)
        if (mode === 'again-late') repeat(parts.dice.between(500, 8_000))
      })

      /** What came once comes again, and the answer interests nobody. */
      function repeat(ms: number): void {
        const target = node
        parts.time.schedule(ms, () =>
          target?.computer.arrive(() => {
            tap.note(`${name} arrives once more`)
            void target.hub.exchange(createExchange(parts, null, path, body, nobody))
          }),
        )
      }
    })
}

/** Where the hub's answer goes. */
interface Answering {
  whole(status: number, text: string): void
  begin(headers: Readonly<Record<string, string>>): void
  chunk(bytes: Uint8Array, text: string): void
  end(): void
}

const nobody: Answering = { whole() {}, begin() {}, chunk() {}, end() {} }

function createExchange(
  { address }: FetchParts,
  connection: Connection | null,
  path: string,
  body: string,
  to: Answering,
): Exchange {
  const listeners: (() => void)[] = []
  let over = connection !== null && connection.client === null
  const gone = () => {
    if (over) return
    over = true
    for (const listener of listeners) listener()
  }
  if (connection) connection.server = gone

  const exchange: Exchange = {
    method: 'POST',
    path,
    headers: { host: 'sim' },
    address,
    query: () => undefined,
    body: async () => body,
    answer(status, _headers, text) {
      if (over) return
      to.whole(status, text)
      gone()
      connection?.release()
    },
    stream(_status, headers, events: StreamEvents) {
      if (over) return null
      listeners.push(() => events.gone())
      if (connection) connection.drained = () => events.drained()
      to.begin(headers)
      return {
        write: (chunk) => over || to.chunk(chunk.bytes, chunk.text),
        get buffered() {
          return connection?.down.buffered ?? 0
        },
        end() {
          if (over) return
          to.end()
          gone()
          connection?.release()
        },
        destroy: exchange.destroy,
      }
    },
    onGone: (listener) => void listeners.push(listener),
    destroy() {
      if (over) return
      gone()
      connection?.abandon()
    },
  }
  return exchange
}

/** What `fetch` answers with, as far as it is used. */
function createAnswer(resolve: (response: Response) => void, reject: (error: Error) => void) {
  const chunks: Uint8Array[] = []
  let waiting: { resolve(result: { done: boolean; value?: Uint8Array }): void; reject(error: Error): void } | null =
    null
  let ended = false
  let failure: Error | null = null

  const settle = () => {
    if (!waiting) return
    const { resolve: give, reject: refuse } = waiting
    const value = chunks.shift()
    if (!value && !ended && !failure) return
    waiting = null
    if (value) give({ done: false, value })
    else if (failure) refuse(failure)
    else give({ done: true })
  }
  const response = (status: number, text: string, type: string) =>
    ({
      ok: status < 300,
      status,
      headers: { get: () => type },
      text: async () => text,
      body: {
        getReader: () => ({
          read: () =>
            new Promise((give, refuse) => {
              waiting = { resolve: give, reject: refuse }
              settle()
            }),
        }),
      },
    }) as unknown as Response

  return {
    whole: (status: number, text: string) => resolve(response(status, text, 'text/plain')),
    begin: (type: string) => resolve(response(200, '', type)),
    chunk(bytes: Uint8Array) {
      chunks.push(bytes)
      settle()
    },
    end() {
      ended = true
      settle()
    },
    fail(message: string) {
      failure ??= new Error(message)
      reject(failure)
      settle()
    },
  }
}
