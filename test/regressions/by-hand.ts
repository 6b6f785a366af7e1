import { type Connection, connect, type LinkEvents, type Transport } from '@holdfast/client/core'
import { createFakeClock } from '../server/clock.ts'

export type Way = ReturnType<typeof byHand>
export type FarEnd = Way['links'][number]

export const limits = { messageBytes: 262_144, batchBytes: 524_288, window: 1_024 }

/** A transport whose far end is the test: it says what the hub says, on every link that was opened. */
export function byHand(name: string) {
  const links: ReturnType<typeof createFarEnd>[] = []
  const transport: Transport = {
    name,
    open(request, events) {
      const far = createFarEnd(JSON.parse(request.hello)[2], events)
      links.push(far)
      return { writable: true, send: far.take, close: () => {} }
    },
  }
  return { transport, links }
}

interface FarHello {
  session: string
  link: number
  mode: string
  successor?: { session: string }
  topics: [string, string][]
}

function createFarEnd(hello: FarHello, events: LinkEvents) {
  const sent: any[][] = []
  const down = (...frames: unknown[][]) => events.batch(frames.map((frame) => JSON.stringify(frame)).join('\n'))
  const far = {
    hello,
    topics: new Map(hello.topics),
    /** Pings are not answered. */
    muted: false,
    /** How many bytes each batch had. */
    batches: [] as number[],
    take(lines: readonly string[]) {
      far.batches.push(Buffer.byteLength(lines.join('\n')))
      for (const line of lines) {
        const frame = JSON.parse(line)
        sent.push(frame)
        if (frame[0] === 'ping' && !far.muted) queueMicrotask(() => down(['pong', frame[1]]))
      }
    },
    down,
    /** Proves the link; the inbox begins, and what else is given follows. */
    welcome(...frames: unknown[][]) {
      far.welcomeTo(hello.session, ['subscribed', '$inbox', 'i.0', { from: 'start' }], ...frames)
    },
    welcomeTo(session: string | undefined, ...frames: unknown[][]) {
      down(['welcome', 1, { session, received: 0, user: 'u', heartbeatMs: 60_000, limits }], ...frames)
    },
    lose: (code = 'cut', action: 'retry' | 'renew' = 'retry') => events.lost({ code, message: code, action }),
    /** A proxy refuses this line for its size. */
    tooLarge: (line: string) => events.tooLarge(line),
    of: (kind: string) => sent.filter((frame) => frame[0] === kind),
    /** All that was acknowledged here. */
    get acknowledged(): [string, string][] {
      return far.of('ack').flatMap(([, cursors]) => cursors)
    },
  }
  return far
}

/** A connection over these transports, on a clock that stands until it is moved. */
export function start(...names: string[]) {
  const time = createFakeClock(1_000_000)
  const ways = names.map(byHand)
  const connection: Connection = connect('http://hub.test/realtime', {
    transports: ways.map(({ transport }) => transport),
    clock: time.clock,
    random: middling(),
    page: null,
    storage: null,
  })
  const close = async () => {
    const closed = connection.close()
    await time.pass(5_000)
    await closed
  }
  return { connection, ways, close, pass: time.pass }
}

/** About the middle, and yet each id that is drawn is another one. */
function middling(): () => number {
  let drawn = 0
  return () => 0.5 + (drawn++ % 15) / 256
}
