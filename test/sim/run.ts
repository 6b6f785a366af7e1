import type { ConnectionState } from '@holdfast/client/core'
import type { Connection } from './access.ts'
import { type Harms, noHarms, type Report } from './harm.ts'
import type { Scenario } from './scenario.ts'
import type { Tally } from './truth.ts'
import { createWorld, type World } from './world.ts'

export interface Outcome {
  readonly seed: number
  readonly harms: Harms
  readonly findings: readonly string[]
  readonly tally: Tally
  readonly simulatedMs: number
  /** From the end of all trouble until everyone was online. */
  readonly onlineMs: number
}

/** A dead link is noticed in 10 s, the pause before a retry is 20 s at most, and a handshake may take 10. */
const onlineWithinMs = 40_000
const drainedWithinMs = 30_000
/** The longest pause before a better transport is tried, with its jitter. */
const bestWithinMs = 400_000

/** One bad day, from its first message to the last timer. The same scenario gives the same trace. */
export async function run(scenario: Scenario, trace: ((line: string) => void) | null = null): Promise<Outcome> {
  const harms = { ...noHarms }
  const findings: string[] = []
  const report: Report = (harm, text, count = 1) => {
    harms[harm] += count
    findings.push(`${harm}: ${text}`)
  }
  const world = createWorld(scenario, report, trace)
  const { time, truth } = world
  const begin = time.now

  for (const { at, ...deed } of scenario.steps) {
    await time.pass(begin + at)
    world.perform(deed)
  }
  await time.pass(Math.max(time.now, begin + scenario.setup.badMs))
  world.heal()
  // Who slept wakes first.
  await time.pass(time.now + 10)
  const onlineMs = await recover(world, scenario, report)
  await end(world, report)
  return { seed: scenario.seed, harms, findings, tally: truth.tally, simulatedMs: time.now - begin, onlineMs }
}

async function recover(world: World, { setup }: Scenario, report: Report): Promise<number> {
  const { time, apps, servers } = world
  const healedAt = time.now

  const everyone = (test: (state: ConnectionState) => boolean) =>
    apps.every(({ connection }) => test(connection.getState()))

  const within = async (ms: number, done: () => boolean) => {
    for (const until = time.now + ms; time.now < until && !done(); ) {
      for (const app of apps) app.revive()
      await time.pass(Math.min(until, time.now + 200), done)
    }
  }
  await within(onlineWithinMs, () => everyone(({ phase }) => phase === 'online'))
  const onlineMs = time.now - healedAt
  for (const { name, connection } of apps) {
    const { phase, state } = connection.getState()
    if (phase !== 'online') report('stuck', `${name} is still in ${state}`)
  }
  world.mark()
  const isDrained = () =>
    world.settled &&
    everyone(({ pending }) => pending === 0) &&
    apps.every(({ watches, stores }) => [...watches, ...stores.values()].every(({ level }) => level)) &&
    servers.watches.every(({ level }) => level) &&
    apps.every(({ inbox }) => inbox.level)
  await within(drainedWithinMs, isDrained)
  for (const { name, connection, access } of apps) {
    const { state } = connection.getState()
    const open = [...access.connections].filter(({ client, kind }) => client && kind !== 'post')
    const isSteady = state === 'online.settled' || state === 'online.lesser'
    if (isSteady && open.length !== 1) report('leaks', `${name} is ${state}, and open are ${show(open)}`)
  }
  if (setup.climbs) {
    await within(bestWithinMs, () => everyone(({ transport, reason }) => transport !== null && reason === null))
    await time.pass(time.now + 70_000)
    for (const { name, connection, access } of apps) {
      const { transport, reason, state } = connection.getState()
      if (reason !== null) report('stuck', `${name} stays on ${transport} (${state}), because of '${reason}'`)
      if (transport !== 'websocket') continue
      const open = [...access.connections]
      if (open.length !== 1) report('leaks', `${name} is on WebSocket, and open are ${show(open)}`)
    }
  }
  return onlineMs
}

async function end({ time, apps, servers, finish }: World, report: Report): Promise<void> {
  finish()
  let closed = 0
  for (const app of apps) void app.close(0).then(() => closed++)
  await time.pass(time.now + 3_000)
  if (closed < apps.length) report('stuck', `${apps.length - closed} connections do not close`)
  for (const { name, computer, page, access } of apps) {
    const open = [...access.connections].filter(({ client }) => client)
    if (computer.timers > 0) report('leaks', `${name} has left ${computer.timers} timers`)
    if (page.listeners > 0) report('leaks', `${name} has left ${page.listeners} listeners at the page`)
    if (open.length > 0) report('leaks', `${name} has left ${show(open)}`)
  }
  let ended = false
  void servers.close().then(() => {
    ended = true
  })
  await time.pass(time.now + 3_000)
  if (!ended) report('stuck', 'a hub does not close')
  for (const { name, access } of apps) {
    const open = [...access.connections].filter(({ server }) => server)
    if (open.length > 0) report('leaks', `the hubs have left ${show(open)} of ${name}`)
  }
}

const show = (connections: readonly Connection[]) => connections.map(({ kind, id }) => `${kind}#${id}`).join(', ')
