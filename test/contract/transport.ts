import { createServer, type Server } from 'node:http'
import type { Link, Loss, Transport } from '@holdfast/client'
import {
  closeAction,
  type DownFrame,
  type Frame,
  HoldfastError,
  parseDown,
  type TopicList,
  type UpFrame,
  version,
} from '@holdfast/protocol'
import type { Hub, HubOptions } from '@holdfast/server'
import { afterEach, describe, expect, test } from 'vitest'
import { listen } from '../support/listen.ts'

export interface TransportUnderTest {
  readonly transport: Transport
  readonly hub: Hub
  /** Where the hub is. */
  readonly url: string
  /** Cuts all that is open, as a lost network does. */
  cut(): void
  /** What is open at the hub's side: sockets and requests. */
  open(): number
  close(): Promise<void>
}

export interface ContractOptions {
  /** Whether something else than a hub can stand at the other end. */
  readonly foreign?: boolean
}

/** What every transport has to do, whatever it is made of. */
export function transportContract(
  name: string,
  create: (options: HubOptions) => Promise<TransportUnderTest>,
  { foreign = true }: ContractOptions = {},
): void {
  let subject: TransportUnderTest
  const probes: Probe[] = []
  const servers: Server[] = []

  async function begin(options: HubOptions = {}): Promise<void> {
    subject = await create({ authorize: () => true, ...options })
  }

  function open(how: ProbeOptions = {}): Probe {
    const probe = createProbe(subject.transport, { url: subject.url, ...how })
    probes.push(probe)
    return probe
  }

  /** Whatever could still come from before has come when this has made its round trip. */
  async function otherRoundTrip(): Promise<void> {
    const other = open({ session: 'other' })
    await other.kind('welcome')
    await other.send(['ping', 1])
    await other.kind('pong')
    other.link.close()
  }

  describe(`${name}:`, () => {
    afterEach(async () => {
      for (const probe of probes.splice(0)) probe.link.close()
      for (const server of servers.splice(0)) {
        server.closeAllConnections()
        await new Promise((resolve) => server.close(resolve))
      }
      await subject.close()
    })

    test('the welcome comes first, and comes once', async () => {
      await begin()
      const probe = open({ topics: [['a', 'live']] })
      await probe.kind('subscribed')
      expect(probe.calls.slice(0, 2)).toEqual(['opened', 'batch'])
      expect(probe.frames[0]).toMatchObject([
        'welcome',
        version,
        { session: probe.session, received: 0, heartbeatMs: 5_000 },
      ])
      expect(probe.of('welcome')).toHaveLength(1)
      expect(probe.losses).toEqual([])
    })

    test('frames go both ways in order, none missing, none twice', async () => {
      await begin()
      const up: unknown[] = []
      subject.hub.topic('up').subscribe((n) => up.push(n))
      const probe = open({ topics: [['down', 'live']] })
      await probe.kind('subscribed')
      for (let n = 1; n <= 300; n += 10) {
        await probe.send(...count(10, n).map((i): UpFrame => ['publish', i, 'up', i]))
        await Promise.all(count(10, n).map((i) => subject.hub.topic('down').publish(i)))
      }
      await probe.kind('receipt', 300)
      await probe.kind('entry', 300)
      expect(up).toEqual(count(300))
      expect(probe.of('receipt').map(([, n]) => n)).toEqual(count(300))
      expect(probe.of('entry').map(([, , , , data]) => data)).toEqual(count(300))
    })

    test('a pong comes down', async () => {
      await begin()
      const probe = open()
      await probe.kind('welcome')
      await probe.send(['ping', 7])
      expect(await probe.kind('pong')).toEqual(['pong', 7])
    })

    test('large messages and batches, of any characters', async () => {
      await begin()
      const text = '\u2028é😀"\\\u0000'.repeat(4_000)
      const probe = open({ topics: [['big', 'live']] })
      await probe.kind('subscribed')
      await probe.send(['publish', 1, 'big', text], ['publish', 2, 'big', 'x'.repeat(200_000)])
      await probe.kind('receipt', 2)
      await Promise.all(count(8).map((n) => subject.hub.topic('big').publish(`${n}${text}`)))
      await probe.kind('entry', 10)
      expect(probe.of('entry').map(([, , , , data]) => data)).toEqual([
        text,
        'x'.repeat(200_000),
        ...count(8).map((n) => `${n}${text}`),
      ])
    })

    test('a hello longer than a header takes arrives whole', async () => {
      await begin()
      const topics = count(300).map((n) => [`topic-${n}`, 'live'] as const)
      const probe = open({ topics })
      await probe.kind('subscribed', 300)
      expect(
        probe
          .of('subscribed')
          .map(([, topic]) => topic)
          .sort(),
      ).toEqual(topics.map(([topic]) => topic).sort())
    })

    test('says when it can take no more, and when it can again', async () => {
      await begin()
      const probe = open()
      await probe.kind('welcome')
      await probe.writable()
      const text = 'x'.repeat(120_000)
      let last = 0
      while (probe.link.writable && last < 1_000) {
        probe.link.send(count(4, last + 1).map((n) => JSON.stringify(['publish', n, 'up', text])))
        last += 4
      }
      expect(probe.link.writable).toBe(false)
      await probe.writable()
      await probe.send(['publish', last + 1, 'up', 'end'])
      await probe.kind('receipt', last + 1)
      expect(probe.of('receipt').map(([, n]) => n)).toEqual(count(last + 1))
    })

    test('after close() nothing comes and nothing is left', async () => {
      await begin()
      const probe = open({ topics: [['a', 'live']] })
      await probe.kind('subscribed')
      await probe.send(['publish', 1, 'a', 1])
      await probe.kind('entry')
      await probe.writable()
      probe.link.send(['["publish",2,"a",2]'])
      probe.link.close()
      const calls = [...probe.calls]
      await subject.hub.topic('a').publish(3)
      await otherRoundTrip()
      await expect.poll(() => subject.open()).toBe(0)
      expect(probe.calls).toEqual(calls)
      expect(probe.losses).toEqual([])
      expect(probe.timers()).toBe(0)
      expect(probe.link.writable).toBe(false)
    })

    test('close() before anything came leaves nothing', async () => {
      await begin()
      const probe = open()
      probe.link.close()
      await otherRoundTrip()
      await expect.poll(() => subject.open()).toBe(0)
      expect([probe.calls, probe.timers()]).toEqual([[], 0])
    })

    test('a cut is one loss, of the network, with nothing after it', async () => {
      await begin()
      const probe = open({ topics: [['a', 'live']] })
      await probe.kind('subscribed')
      // Between two polls there is nothing to cut.
      await expect.poll(() => subject.open()).toBe(1)
      subject.cut()
      expect(await probe.lost()).toMatchObject({ code: 'cut', action: 'retry' })
      const calls = [...probe.calls]
      await subject.hub.topic('a').publish(1)
      await otherRoundTrip()
      probe.link.close()
      expect(probe.calls).toEqual(calls)
      expect(probe.losses).toHaveLength(1)
      expect(probe.timers()).toBe(0)
    })

    test('a cut while something is on its way up is one loss', async () => {
      let asked = () => {}
      const arrived = new Promise<void>((resolve) => {
        asked = resolve
      })
      const authorize: HubOptions['authorize'] = ({ action }) => {
        if (action === 'publish') asked()
        return action === 'publish' ? new Promise(() => {}) : true
      }
      await begin({ authorize })
      const probe = open()
      await probe.kind('welcome')
      await probe.send(['publish', 1, 'a', 'x'.repeat(100_000)])
      await arrived
      subject.cut()
      expect(await probe.lost()).toMatchObject({ code: 'cut', action: 'retry' })
      await otherRoundTrip()
      expect(probe.losses).toHaveLength(1)
    })

    test("an unaccepted token is the hub's no", async () => {
      await begin({ authenticate: ({ token }) => (token === 'good' ? 'ada' : Promise.reject(new Error('no'))) })
      const probe = open({ token: 'bad' })
      expect(await probe.lost()).toMatchObject({ code: 'unauthenticated', action: 'authenticate' })
      expect(probe.frames).toEqual([])
      const good = open({ token: 'good' })
      await good.kind('welcome')
      expect(probe.losses).toHaveLength(1)
      expect(subject.hub.stats().refusals).toEqual({ unauthenticated: 1 })
    })

    test('a wrong secret, another version and an unknown session each have their code and action', async () => {
      await begin()
      await open().kind('welcome')
      const cases = [
        [{ secret: 'wrong', link: 2 }, 'wrong-secret', 'stop'],
        [{ version: 2 }, 'version-unsupported', 'stop'],
        [{ session: 'unknown', mode: 'resume' }, 'session-lost', 'renew'],
      ] as const
      for (const [how, code, action] of cases) {
        const probe = open(how)
        expect(await probe.lost()).toMatchObject({ code, action })
        expect(probe.frames).toEqual([])
      }
      expect(subject.hub.stats().refusals).toEqual({ 'wrong-secret': 1, 'version-unsupported': 1, 'session-lost': 1 })
    })

    test('the successor of a session that is lost begins in the same handshake, and goes on from the same cursors', async () => {
      await begin()
      const first = await subject.hub.topic('prices').publish('one')
      await subject.hub.topic('prices').publish('two')
      const topics = [
        ['$inbox', 'lost.7'],
        ['prices', first.cursor],
      ] as const
      const probe = open({ mode: 'resume', successor: 'next', link: 2, topics })
      expect((await probe.kind('welcome'))[2]).toMatchObject({ session: id('next'), received: 0 })
      await probe.send(['publish', 1, 'prices', 'three'])
      await probe.kind('receipt')
      await probe.kind('entry', 2)
      expect(probe.of('entry').map(([, topic, , , data]) => [topic, data])).toEqual([
        ['prices', 'two'],
        ['prices', 'three'],
      ])
      expect(probe.of('entry')[1]?.[5]).toBe(`${id('next')}.1`)
      expect(probe.of('gap')).toEqual([])
      expect(probe.of('subscribed').map(([, topic, , options]) => [topic, options?.from])).toEqual([
        ['$inbox', 'start'],
        ['prices', first.cursor],
      ])
      expect(subject.hub.stats().refusals).toEqual({})
      // Known by now, it is resumed, and needs none.
      const known = open({ session: 'next', mode: 'resume', successor: 'other', link: 3 })
      expect((await known.kind('welcome'))[2]).toMatchObject({ session: id('next'), received: 1 })
      await known.send(['bye'])
      expect(await known.ended()).toEqual(['session-closed', 'renew'])
      const after = open({ session: 'next', mode: 'resume', successor: 'third', link: 4 })
      expect((await after.kind('welcome'))[2]).toMatchObject({ session: id('third'), received: 0 })
      // Nobody's successor is somebody else's session.
      const thief = open({ mode: 'resume', secret: 'wrong', successor: 'third', link: 4 })
      expect(await thief.lost()).toMatchObject({ code: 'wrong-secret', action: 'stop' })
    })

    test('a refusal with a delay says so', async () => {
      await begin({
        authenticate() {
          throw Object.assign(new HoldfastError('later', 'full'), { delayMs: 1_234 })
        },
      })
      expect(await open().lost()).toMatchObject({ code: 'later', action: 'retry', delayMs: 1_234 })
    })

    test("the hub's word in the midst of it: disconnected, and shutting down", async () => {
      await begin({ authenticate: ({ token }) => token ?? 'nobody' })
      const ada = open({ token: 'ada' })
      const bob = open({ token: 'bob', session: 'bob' })
      await ada.kind('welcome')
      await bob.kind('welcome')
      await ada.send(['ping', 1])
      await bob.send(['ping', 1])
      await ada.kind('pong')
      await bob.kind('pong')
      await subject.hub.disconnect('ada')
      expect(await ada.ended()).toEqual(['disconnected', 'stop'])
      await subject.hub.close({ drainMs: 200 })
      expect(await bob.ended()).toEqual(['shutting-down', 'elsewhere'])
    })

    test('an unreachable hub is a loss of the network', async () => {
      await begin()
      await subject.close()
      const probe = open()
      const { action, code } = await probe.lost()
      expect(action === 'retry' || code === 'shutting-down').toBe(true)
      expect(probe.timers()).toBe(0)
    })

    const strangers: [string, number, string, string][] = [
      ['404 with a page', 404, 'text/html', '<!doctype html><title>Not found</title>'],
      ['200 with a page, as a captive portal has it', 200, 'text/html', '<!doctype html><title>Log in</title>'],
      ['200 with JSON', 200, 'application/json', '{"ok":true}'],
      ['200 with nothing', 200, 'text/plain', ''],
      ['502', 502, 'text/plain', 'Bad gateway'],
      ['403 with a JSON array', 403, 'application/json', '["no"]'],
    ]
    test.each(foreign ? strangers : [])('a stranger that answers %s is a loss of the network', async (...stranger) => {
      await begin()
      const [, status, type, body] = stranger
      const server = createServer((request, response) => {
        request.resume()
        response.writeHead(status, { 'content-type': type }).end(body)
      })
      servers.push(server)
      const probe = open({ url: `http://127.0.0.1:${await listen(server)}/realtime` })
      const loss = await probe.lost()
      expect(loss.action).toBe('retry')
      expect(['refused', 'not-holdfast']).toContain(loss.code)
      expect(probe.frames).toEqual([])
      await otherRoundTrip()
      expect(probe.losses).toHaveLength(1)
    })
  })
}

export interface ProbeOptions {
  readonly url?: string
  readonly session?: string
  readonly secret?: string
  readonly link?: number
  readonly mode?: 'new' | 'resume'
  /** Its secret is the session's. */
  readonly successor?: string
  readonly token?: string
  readonly topics?: TopicList
  readonly version?: number
}

export type Probe = ReturnType<typeof createProbe>

/** A link with everything that it told, and where each topic stands. */
export function createProbe(transport: Transport, how: ProbeOptions) {
  const { url = '', link: number = 1, mode = 'new', topics = [], token } = how
  const session = id(how.session ?? 'session')
  const secret = id(how.secret ?? 'secret')
  const successor = how.successor === undefined ? undefined : { session: id(how.successor), secret }
  const calls: string[] = []
  const frames: DownFrame[] = []
  const losses: Loss[] = []
  const tooLarge: string[] = []
  const positions = new Map<string, string>(topics)
  const waiting = new Set<() => void>()
  const timers = new Set<unknown>()

  const told = (call: string) => {
    calls.push(call)
    for (const look of [...waiting]) look()
  }
  function take(frame: DownFrame): void {
    frames.push(frame)
    if (frame[0] === 'subscribed' || frame[0] === 'entry') positions.set(frame[1], frame[2])
  }

  const link: Link = transport.open(
    {
      url,
      hello: JSON.stringify([
        'hello',
        how.version ?? version,
        { session, secret, link: number, mode, successor, token, topics },
      ]),
      session: () => JSON.stringify(['session', of('welcome')[0]?.[2].session ?? session, secret, number]),
      topics: () => [...positions],
      clock: {
        now: () => Date.now(),
        setTimeout(run, ms) {
          const timer = setTimeout(() => {
            timers.delete(timer)
            run()
          }, ms)
          timers.add(timer)
          return timer
        },
        clearTimeout(timer) {
          timers.delete(timer)
          clearTimeout(timer as NodeJS.Timeout)
        },
      },
    },
    {
      opened: () => told('opened'),
      batch(text) {
        for (const line of text.split('\n')) take(parseDown(line))
        told('batch')
      },
      writable: () => told('writable'),
      troubled: () => told('troubled'),
      tooLarge(line) {
        tooLarge.push(line)
        told('tooLarge')
      },
      lost(loss) {
        losses.push(loss)
        told('lost')
      },
    },
  )

  const of = <K extends DownFrame[0]>(kind: K) => frames.filter((frame) => frame[0] === kind) as Frame<K>[]

  function until(isTrue: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (isTrue()) resolve()
        else if (losses.length > 0) reject(new Error(`lost: ${JSON.stringify(losses)} after ${calls}`))
        else return
        waiting.delete(look)
      }
      waiting.add(look)
      look()
    })
  }
  const writable = () => until(() => link.writable)

  return {
    link,
    session,
    calls,
    frames,
    losses,
    tooLarge,
    of,
    until,
    writable,
    timers: () => timers.size,
    async kind<K extends DownFrame[0]>(kind: K, least = 1): Promise<Frame<K>> {
      await until(() => of(kind).length >= least)
      return of(kind)[least - 1] as Frame<K>
    },
    async send(...up: UpFrame[]): Promise<void> {
      await writable()
      link.send(up.map((frame) => JSON.stringify(frame)))
    },
    async lost(): Promise<Loss> {
      await until(() => losses.length > 0)
      return losses[0] as Loss
    },
    /** Why it ended, by a close frame or by a loss, whichever came first. */
    async ended(): Promise<[code: string, action: string]> {
      await until(() => losses.length > 0 || of('close').length > 0)
      const [frame] = of('close')
      return frame ? [frame[2], closeAction(frame[1])] : [losses[0]?.code ?? '', losses[0]?.action ?? '']
    },
  }
}

/** 22 characters, the same for the same name. */
const id = (name: string) => name.padEnd(22, '-')

const count = (length: number, first = 1) => Array.from({ length }, (_, index) => first + index)
