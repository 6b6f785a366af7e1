/** Run by half-open.test.ts in a process of its own for each kind of traffic; prints a line of JSON for each case. */
import { setTimeout as pause } from 'node:timers/promises'
import type { FaultProxy } from '../support/fault-proxy/index.ts'
import { connectTo, createWorld, online, open, seeded, state, type World } from '../support/world.ts'

export interface Case {
  readonly dying: 'websocket' | 'sse'
  readonly muted: 'both' | 'up' | 'down'
}

/** In ms. */
export interface Figure {
  readonly median: number
  readonly max: number
  /** The greatest, without what the whole process stood still for meanwhile: on a busy machine twenty wait for each other. */
  readonly ownMax: number
}

export interface Result extends Case {
  readonly noticedMs: Figure
  readonly againMs: Figure
  /** What part of the time the machine let the process run when it wanted to. */
  readonly share: number
}

interface Moment {
  readonly wallMs: number
  readonly ownMs: number
}

type Figures = Record<'noticedMs' | 'againMs', Moment>

const tries = 20
const [traffic, seed] = process.argv.slice(2) as ['sending' | 'idle', string]

const watch = createWatch()

await main()

async function main(): Promise<void> {
  const random = seeded(Number(seed))
  const world = await createWorld(open)
  world.hub.handle('echo', () => null)
  const run = async (one: Case) => {
    const begun = watch()
    const all = await Promise.all(Array.from({ length: tries }, () => attempt(world, one, random)))
    const { ownMs, wallMs } = between(begun, watch())
    console.log(JSON.stringify({ ...one, ...summary(all), share: ownMs / wallMs } satisfies Result))
  }
  const ways = ['both', 'down', 'up'] as const
  const pair = (muted: Case['muted']) => Promise.all([run({ dying: 'websocket', muted }), run({ dying: 'sse', muted })])
  if (traffic === 'idle') await Promise.all(ways.map(pair))
  else for (const muted of ways) await pair(muted)
  await world.close()
}

async function attempt(world: World, { dying, muted }: Case, random: () => number): Promise<Figures> {
  const port = await world.proxy.open(dying)
  // Not all handshakes at once.
  await pause(random() * (traffic === 'idle' ? 5_000 : 500))
  const connection = connectTo(`${port.url}/realtime`, {
    transports: dying === 'sse' ? ['sse', 'websocket'] : ['websocket', 'sse'],
  })
  const publish = () =>
    connection
      .topic('up')
      .publish('')
      .catch(() => {})
  const publishing = traffic === 'sending' ? setInterval(publish, 400) : undefined
  try {
    await online(connection, dying)
    // Anywhere between two heartbeats.
    await pause(random() * (traffic === 'idle' ? 5_000 : 300))
    await state(connection, (now) => now.transport === dying && now.state === 'online.settled')
    mute(port, dying, muted === 'both' ? undefined : muted)
    const mutedAt = watch()
    let noticedAt = mutedAt
    let isFine = true
    const watching = connection.state$.subscribe(({ transport, state }) => {
      const wasFine = isFine
      isFine = transport === dying && state !== 'online.suspect'
      // A pong that was under way already may have taken an earlier suspicion away.
      if (wasFine && !isFine) noticedAt = watch()
    })
    await state(connection, (now) => now.phase === 'online' && now.transport !== dying)
    const againAt = watch()
    watching.unsubscribe()
    await connection.request('echo')
    return { noticedMs: between(mutedAt, noticedAt), againMs: between(noticedAt, againAt) }
  } finally {
    clearInterval(publishing)
    port.heal()
    await connection.close()
    await port.close()
  }
}

/** Nothing passes any more where the link goes, on old connections and new ones; the other transport's way is fine. */
function mute(port: FaultProxy, dying: Case['dying'], direction: 'up' | 'down' | undefined): void {
  const on = dying === 'sse' ? 'http' : 'websocket'
  port.use([{ on, ...(direction && { direction }), do: 'stall' }])
}

/** Tells both times. */
function createWatch(): () => Moment {
  const tickMs = 10
  let ownMs = 0
  let last = performance.now()
  const tick = () => {
    const now = performance.now()
    ownMs += Math.min(tickMs, now - last)
    last = now
  }
  setInterval(tick, tickMs).unref()
  return () => ({ wallMs: performance.now(), ownMs })
}

function between(from: Moment, to: Moment): Moment {
  return {
    wallMs: to.wallMs - from.wallMs,
    ownMs: to.ownMs - from.ownMs,
  }
}

function summary(all: readonly Figures[]): Record<keyof Figures, Figure> {
  const of = (figure: keyof Figures) => {
    const sorted = all.map((one) => one[figure].wallMs).sort((a, b) => a - b)
    const ownMax = Math.max(...all.map((one) => one[figure].ownMs))
    const [median, max] = [sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0]
    return { median: Math.round(median), max: Math.round(max), ownMax: Math.round(ownMax) }
  }
  return { noticedMs: of('noticedMs'), againMs: of('againMs') }
}
