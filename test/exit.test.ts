import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '@holdfast/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Urls } from './support/exit.ts'
import { createFaultProxy, type FaultProxy } from './support/fault-proxy/index.ts'
import { createWorld, type World } from './support/world.ts'

let world: World
let proxies: FaultProxy[]
beforeEach(async () => {
  world = await createWorld({
    authorize: () => true,
    authenticate: ({ token }) => {
      if (token === 'bad') throw new HoldfastError('unauthenticated', 'no')
    },
  })
  proxies = []
})
afterEach(async () => {
  await Promise.all(proxies.map((proxy) => proxy.close()))
  await world.close()
})

async function behind(faults: NonNullable<Parameters<typeof createFaultProxy>[0]['faults']>): Promise<string> {
  const port = Number(new URL(world.directUrl).port)
  const proxy = await createFaultProxy({ target: { host: '127.0.0.1', port }, faults })
  proxies.push(proxy)
  return `${proxy.url}/realtime`
}

interface Report {
  states: string[]
  closedMs: number
  exitedMs: number
  left?: string[]
  responses?: number
  each?: Record<string, number>
}

/** What the process said, joined; everything it says is JSON, so a warning would show. */
async function run(...parameters: string[]): Promise<Report> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', '--conditions=@holdfast/source', 'test/support/exit.ts', ...parameters],
    { cwd: fileURLToPath(new URL('..', import.meta.url)) },
  )
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
  const timer = setTimeout(() => child.kill(), 15_000)
  await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  try {
    return Object.assign(
      {},
      ...output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )
  } catch {
    throw new Error(output)
  }
}

test('a process exits by itself once its connections are closed, whatever state each is in', async () => {
  const dead = await behind({ block: 'swallow' })
  const urls: Urls = {
    free: world.url,
    refusing: await behind({ websocket: 'refuse' }),
    swallowing: await behind({ websocket: 'swallow' }),
    dead,
    closed: 'http://127.0.0.1:1/realtime',
  }
  const { states, closedMs, exitedMs, left, each } = await run('clients', JSON.stringify(urls))
  console.log(`closed after ${closedMs} ms, exited after ${exitedMs} ms`, each)
  expect(left).toBeUndefined()
  expect(states).toEqual([
    'closed',
    'connecting.headStart',
    'connecting.hedging',
    'connecting.hedging',
    'online.settled',
    'online.settled',
    'online.settled',
    'online.lesser',
    'online.lesser',
    'online.upgrading',
    'online.trial',
    'online.suspect',
    'waiting',
    'offline',
    'parked',
    'failed',
  ])
  expect(exitedMs).toBeLessThan(1_000)
  await expect.poll(() => world.hub.stats().sessions).toEqual({ websocket: 0, sse: 0, poll: 0, away: 1 })
})

test.each(['hub-first', 'clients-first'])('a process exits by itself once its hub is closed: %s', async (order) => {
  const { states, closedMs, exitedMs, left, responses } = await run(order)
  console.log(`${order}: closed after ${closedMs} ms, exited after ${exitedMs} ms`)
  expect(left).toBeUndefined()
  expect(states).toEqual(['online.settled', 'online.settled', 'online.settled'])
  expect(responses).toBe(0)
  expect(exitedMs).toBeLessThan(1_000)
})
