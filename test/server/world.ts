import { type DownFrame, offerHello, parseDown } from '@holdfast/protocol'
import {
  type Broker,
  createHub,
  type Exchange,
  type HubOptions,
  type SocketEvents,
  type SocketLike,
  type StreamEvents,
} from '@holdfast/server'
import { createFakeClock, settled } from './clock.ts'

/** Hubs without sockets, on a clock that stands until it is moved. */
export function createWorld() {
  const time = createFakeClock()
  const { clock, pass } = time
  const hub = (options: HubOptions<any> = {}) => {
    const made = createHub({ authorize: () => true, clock, ...options })
    made.errors$.subscribe((error) => errors.push(error.code))
    return made
  }
  const errors: string[] = []
  return { clock, pass, hub, errors, time }
}

type Hub = ReturnType<ReturnType<typeof createWorld>['hub']>

/** A WebSocket whose far end is the test. `stuck`: nothing that is written leaves; `weight`: bytes of a character on the wire. */
export function connectSocket(hub: Hub, hello: string) {
  const frames: DownFrame[] = []
  const ended = { code: 0, reason: '', destroyed: false }
  const state = { frames, ...ended, stuck: false, weight: 1, buffered: 0, messages: 0, paused: false }
  let events: SocketEvents | null = null
  const socket: SocketLike = {
    write({ text }) {
      state.messages++
      if (state.stuck) state.buffered += text.length * state.weight
      for (const line of text.split('\n')) frames.push(parseDown(line))
    },
    close(code, reason) {
      Object.assign(state, { code, reason })
    },
    destroy() {
      state.destroyed = true
      events?.gone()
    },
    pause: () => void Object.assign(state, { paused: true }),
    resume: () => void Object.assign(state, { paused: false }),
    get buffered() {
      return state.buffered
    },
  }
  hub.accept({
    headers: { host: 'x' },
    address: '127.0.0.1',
    protocols: offerHello(hello).protocols,
    open(given) {
      events = given
      return socket
    },
  })
  return Object.assign(state, {
    async send(...lines: unknown[]) {
      events?.message(lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'))
      await settled()
    },
    drained() {
      state.buffered = 0
      events?.drained()
    },
    gone: () => events?.gone(),
    of: <K extends DownFrame[0]>(kind: K) =>
      frames.filter((frame) => frame[0] === kind) as Extract<DownFrame, [K, ...any]>[],
  })
}

/** One POST to a hub; `answer` resolves with status and frames. */
export function request(hub: Hub, path: string, body: string) {
  const frames: DownFrame[] = []
  const take = (text: string) => {
    for (const line of text.split('\n')) if (line !== '') frames.push(parseDown(line.replace(/^data: /, '')))
  }
  let gone: () => void = () => {}
  const state = { frames, ended: false, status: 0 }
  const answer = new Promise<typeof state>((resolve) => {
    const exchange: Exchange = {
      method: 'POST',
      path,
      headers: { host: 'x' },
      address: undefined,
      query: () => undefined,
      body: async () => body,
      answer(status, _, text) {
        if (state.ended) return
        Object.assign(state, { status, ended: true })
        take(text)
        resolve(state)
        gone()
      },
      stream(status, _, events: StreamEvents) {
        state.status = status
        const end = () => {
          if (state.ended) return
          state.ended = true
          events.gone()
          gone()
        }
        resolve(state)
        return { write: ({ text }) => take(text), buffered: 0, end, destroy: end }
      },
      onGone(listener) {
        const before = gone
        gone = () => {
          before()
          listener()
        }
      },
      destroy: () => gone(),
    }
    void hub.exchange(exchange)
  })
  return Object.assign(state, { answer, gone: () => gone() })
}

/** The same broker, answering later, and failing when told to. */
export function slowBroker(broker: Broker): Broker & { fail: (operation: string) => unknown } {
  const control = { fail: (_operation: string): unknown => null }
  const wrap = <T extends object>(target: T, names: readonly string[]): T =>
    Object.assign(
      { ...target },
      Object.fromEntries(
        names.map((name) => [
          name,
          async (...parameters: unknown[]) => {
            await settled()
            const before = control.fail(name)
            if (before instanceof Error && !('late' in before)) throw before
            const result = await (target as any)[name](...parameters)
            if (before) throw before
            await settled()
            return result
          },
        ]),
      ),
    )
  return Object.assign(control, {
    ...wrap(broker, ['send', 'listen']),
    sessions: wrap(broker.sessions, ['create', 'get', 'replace', 'touch', 'received', 'record', 'forget']),
    log: (name: string, options: Parameters<Broker['log']>[1]) =>
      wrap(broker.log(name, options), ['state', 'read', 'append', 'tail', 'trim', 'remove']),
    close: () => broker.close(),
  })
}
