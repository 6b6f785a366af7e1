/** The hubs of a soak, in a process of their own: two nodes on one memory broker. */
import type { Server } from 'node:http'
import { createHub, type Hub, memoryBroker } from '@holdfast/server'
import { serve, shut } from '../support/world.ts'
import { answerCalls } from './calls.ts'
import { countHandles, heapMiB } from './gauges.ts'

interface Node {
  readonly hub: Hub
  readonly server: Server
  readonly port: number
}

// More than what is published while somebody is away, so that only restarts make gaps.
const history = { count: 500 }
const startedKept = 5_000

let broker = memoryBroker()
let nodes: Node[] = []
let leaving: Node | null = null
/** What surfaced in `errors$`, by code. */
const errors: Record<string, number> = {}
const started = new Set<string>()
let startedTwice = 0

answerCalls({
  async start() {
    nodes = [await createNode(), await createNode()]
    return ports()
  },
  /** A node comes in another one's place, which is then told to `leave`: nothing may be lost. */
  async replace(index: number) {
    leaving = nodes[index] as Node
    nodes[index] = await createNode()
    return ports()
  },
  async leave() {
    leaving?.server.close()
    await leaving?.hub.close()
    if (leaving) await shut(leaving.server)
    leaving = null
  },
  /** All go without a word, and what they knew with them. */
  async restart() {
    const old = nodes
    for (const { server } of old) server.closeAllConnections()
    await Promise.all(old.map(close))
    broker = memoryBroker()
    nodes = [await createNode(), await createNode()]
    return ports()
  },
  heap: heapMiB,
  handles: countHandles,
  report: () => ({ startedTwice, errors }),
})

const ports = () => nodes.map(({ port }) => port)

async function createNode(): Promise<Node> {
  const hub = createHub({ broker, authorize: () => true, history })
  hub.errors$.subscribe(({ code }) => {
    errors[code] = (errors[code] ?? 0) + 1
  })
  hub.handle('echo', ({ data }) => {
    const key = String(data)
    if (started.has(key)) startedTwice += 1
    started.add(key)
    if (started.size > startedKept) started.delete(started.values().next().value as string)
    return data
  })
  return { hub, ...(await serve(hub)) }
}

async function close({ hub, server }: Node): Promise<void> {
  await hub.close({ drainMs: 0 })
  await shut(server)
}
