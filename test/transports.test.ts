import { createServer, type RequestListener } from 'node:http'
import type { Socket } from 'node:net'
import { poll, sse, type Transport, websocket } from '@holdfast/client'
import { memory } from '@holdfast/client/testing'
import type { UpFrame } from '@holdfast/protocol'
import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import express from 'express'
import { afterEach, describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { createProbe, type TransportUnderTest, transportContract } from './contract/transport.ts'
import { createFaultProxy, type FaultProxy } from './support/fault-proxy/index.ts'
import { listen } from './support/listen.ts'
import { shut } from './support/world.ts'

type Mount = (hub: Hub) => RequestListener

const behindExpress: Mount = (hub) => express().use('/realtime', hub.router())
const alone: Mount = (hub) => hub.handler('/realtime')

const overTheNetwork =
  (create: () => Transport, mount = behindExpress) =>
  async (options: HubOptions): Promise<TransportUnderTest & { proxy: FaultProxy }> => {
    const hub = createHub(options)
    let open = 0
    const left = () => open--
    const serve = mount(hub)
    const server = createServer((request, response) => {
      open++
      const socket = response.socket as Socket
      // A stream goes on at its connection.
      const goesOn = () => !response.writableEnded && !socket.destroyed
      response.once('close', () => (goesOn() ? socket.once('close', left) : left()))
      serve(request, response)
    })
    server.on('upgrade', (_, socket) => {
      open++
      socket.once('close', left)
    })
    hub.attach(server, '/realtime')
    const port = await listen(server)
    const proxy = await createFaultProxy({ target: { host: '127.0.0.1', port } })
    return {
      transport: create(),
      hub,
      proxy,
      url: `${proxy.url}/realtime`,
      cut: () => void proxy.cut(),
      open: () => open,
      async close() {
        await hub.close({ drainMs: 0 })
        await proxy.close()
        await shut(server)
      },
    }
  }

transportContract(
  'websocket',
  overTheNetwork(() => websocket(WebSocket)),
)
transportContract(
  'sse',
  overTheNetwork(() => sse()),
)
transportContract(
  'poll',
  overTheNetwork(() => poll()),
)
transportContract(
  'sse without Express',
  overTheNetwork(() => sse(), alone),
)
transportContract(
  'poll without Express',
  overTheNetwork(() => poll(), alone),
)
transportContract(
  'memory',
  async (options) => {
    const hub = createHub(options)
    const transport = memory(hub)
    return {
      transport,
      hub,
      url: 'http://test',
      cut: () => void transport.cut(),
      open: () => hub.stats().sessions.websocket,
      close: () => hub.close({ drainMs: 0 }),
    }
  },
  { foreign: false },
)

describe.each([
  ['sse', sse],
  ['poll', poll],
] as const)('POSTs of %s', (_, create) => {
  let network: TransportUnderTest & { proxy: FaultProxy }
  let probe: ReturnType<typeof createProbe>
  afterEach(async () => {
    probe.link.close()
    await network.close()
  })

  async function begin(fetchLike?: (url: string, init: RequestInit) => Promise<Response>): Promise<void> {
    network = await overTheNetwork(() => create(fetchLike))({ authorize: () => true })
    probe = createProbe(network.transport, { url: network.url })
    await probe.kind('welcome')
  }

  test('one that a proxy fails is sent again, and the stream goes on meanwhile', async () => {
    await begin()
    network.proxy.set({ post: 'fail' })
    await probe.send(['subscribe', 1, 'down', 'live'], ['publish', 2, 'up', 'x'], ['ping', 1])
    await network.proxy.next({ event: 'refuse' })
    await network.proxy.next({ event: 'refuse' })
    expect(probe.losses).toEqual([])
    await probe.until(() => probe.calls.includes('troubled'))
    network.proxy.set({ post: 'lose-response' })
    await network.proxy.next({ event: 'cut' })
    network.proxy.heal()
    await probe.kind('receipt', 2)
    expect((await probe.kind('receipt', 2))[2]).toMatch(/\.1$/)
    expect(probe.losses).toEqual([])
  })

  test('one that a portal answers with its page is sent again', async () => {
    let portal = true
    const page = () =>
      new Response('<!doctype html><title>Log in</title>', { headers: { 'content-type': 'text/html' } })
    await begin((url, init) => {
      if (!portal || !url.endsWith('/send')) return fetch(url, init)
      portal = false
      return Promise.resolve(page())
    })
    await probe.send(['ping', 1])
    await probe.kind('pong', 1)
    expect(probe.losses).toEqual([])
  })

  test('what a proxy finds too large is split, and what cannot be split is told', async () => {
    await begin()
    const up: unknown[] = []
    network.hub.topic('up').subscribe((text) => up.push((text as string).length))
    network.proxy.set({ post: { maxBytes: 10_000 } })
    await probe.send(...[1, 2, 3, 4, 5].map((n): UpFrame => ['publish', n, 'up', 'x'.repeat(4_000 + n)]))
    await probe.kind('receipt', 5)
    await probe.send(['publish', 6, 'up', 'x'.repeat(20_000)])
    await probe.until(() => probe.tooLarge.length > 0)
    await probe.send(['skip', 6], ['publish', 7, 'up', 'small'])
    await probe.kind('receipt', 6)
    expect(await probe.kind('reject')).toEqual(['reject', 6, 'too-large', expect.any(String)])
    expect(up).toEqual([4_001, 4_002, 4_003, 4_004, 4_005, 5])
    expect(probe.tooLarge.map((line) => line.slice(0, 20))).toEqual(['["publish",6,"up","x'])
    expect(probe.losses).toEqual([])
  })

  test('one that is never answered keeps the next ones back', async () => {
    await begin()
    network.proxy.set({ post: 'swallow' })
    await probe.send(['ping', 1])
    await network.proxy.next({ event: 'drop' })
    expect([probe.link.writable, probe.losses]).toEqual([false, []])
  })
})
