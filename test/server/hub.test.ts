import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { HoldfastError } from '@holdfast/protocol'
import { createHub, type HubOptions } from '@holdfast/server'
import { filter } from 'rxjs'
import { describe, expect, test, vi } from 'vitest'
import { settled } from './clock.ts'
import { dial, drawSession, openSse, openStream, post, serve } from './support.ts'
import { connectSocket, createWorld } from './world.ts'

describe('closing', () => {
  test('tells everyone to go elsewhere, and leaves no timer, socket or listener', async () => {
    const served = await serve()
    const socket = dial(served.base, drawSession().hello([['a', 'live']]))
    const stream = await openSse(served.base, drawSession().hello())
    const plain = await openStream(`${served.base}/topics/a`)
    const { hello, line } = drawSession()
    await post(`${served.base}/poll`, hello())
    const poll = post(`${served.base}/poll`, `${line()}\n["poll",[]]`)
    await socket.frames.kind('subscribed')
    let completed = false
    served.hub.topic('a').subscribe({ complete: () => (completed = true) })
    await settled()
    const closing = served.hub.close()
    expect(served.hub.close()).toBe(closing)
    await closing
    expect(await socket.closed).toEqual({ code: 4100, reason: 'shutting-down' })
    expect((await stream.frames.kind('close'))[2]).toBe('shutting-down')
    await stream.closed
    await plain.closed
    expect((await poll).status).toBe(503)
    expect((await post(`${served.base}/sse`, drawSession().hello())).frames[0]?.[2]).toBe('shutting-down')
    expect(served.server.listenerCount('upgrade')).toBe(0)
    expect(completed).toBe(true)
    await served.close()
  })

  test('a process exits by itself afterwards', async () => {
    const script = `
      import { createServer } from 'node:http'
      import express from 'express'
      import { WebSocket } from 'ws'
      import { createHub } from '@holdfast/server'
      const hub = createHub({ authorize: () => true })
      const app = express().use('/rt', hub.router())
      const server = createServer(app)
      hub.attach(server, '/rt')
      await new Promise((resolve) => server.listen(0, resolve))
      const socket = new WebSocket('ws://127.0.0.1:' + server.address().port + '/rt', ['holdfast.1', Buffer.from(${JSON.stringify(drawSession().hello())}).toString('base64url')])
      await new Promise((resolve) => socket.once('message', resolve))
      server.close()
      await hub.close()
      console.log('closed')
      process.on('exit', () => console.log('left', Date.now() - at))
      const at = Date.now()
    `
    const top = fileURLToPath(new URL('../..', import.meta.url))
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', '--conditions=@holdfast/source', '--input-type=module', '-e', script],
      { cwd: top },
    )
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
    await new Promise((resolve) => child.once('close', resolve))
    expect(output).toMatch(/^closed\nleft \d{1,3}\n$/)
  })
})

describe('topics on the hub', () => {
  test('a listener that throws harms nobody and is told once', async () => {
    const { hub, errors } = createWorld()
    const node = hub()
    const heard: unknown[] = []
    node
      .topic('a')
      .pipe(filter(() => true))
      .subscribe(() => {
        throw new Error('mine')
      })
    node.topic('a').subscribe((data) => heard.push(data))
    await settled()
    await node.topic('a').publish(1)
    await node.topic('a').publish(2)
    await settled()
    expect(heard).toEqual([1, 2])
    expect(errors).toContain('listener-failed')
    await node.close({ drainMs: 0 })
  })

  test('have each listener hear data of its own, whatever the others do with theirs', async () => {
    const { hub } = createWorld()
    const node = hub()
    const heard: number[][] = []
    const listen = (data: unknown) => {
      const { items } = data as { items: number[] }
      heard.push([...items])
      items.push(9)
    }
    node.handle('a', ({ data }) => listen(data))
    node.topic('a').subscribe(listen)
    node.topic('a').subscribe(listen)
    const socket = connectSocket(node, drawSession().hello())
    await settled()
    const data = { items: [1] }
    await socket.send(['request', 1, 'a', data], ['publish', 2, 'a', data], ['publish', 3, 'a', data])
    await node.topic('a').publish(data)
    expect(heard).toEqual(Array.from({ length: 7 }, () => [1]))
    await node.close({ drainMs: 0 })
  })

  test('publish what is a payload, and say what is none', async () => {
    const { hub } = createWorld()
    const node = hub()
    const receipt = await node.topic('a').publish({ x: 1 })
    expect(receipt).toEqual({ cursor: `${receipt.epoch}.1`, epoch: receipt.epoch, offset: 1 })
    await expect(node.topic('a').publish(undefined)).rejects.toMatchObject({ code: 'bad-payload' })
    await expect(node.topic('$a').publish(1)).rejects.toMatchObject({ code: 'bad-topic' })
    await expect(node.topic('a').publish('x'.repeat(300_000))).rejects.toBeInstanceOf(HoldfastError)
    const heard: unknown[] = []
    node.topic('a', { from: 'start' }).events$.subscribe((event) => heard.push(event))
    await settled()
    expect(heard).toMatchObject([{ type: 'message', data: { x: 1 }, offset: 1, session: null, user: null }])
    await node.close({ drainMs: 0 })
  })
})

test('without authorize all is refused, and it is said at the start', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const { clock } = createWorld()
  const node = createHub({ clock } as HubOptions)
  expect(warn).toHaveBeenCalledOnce()
  warn.mockRestore()
  const far = connectSocket(
    node,
    drawSession().hello([
      ['a', 'live'],
      ['$inbox', 'start'],
    ]),
  )
  await settled()
  await far.send(['publish', 1, 'a', 1])
  await settled()
  expect(far.of('refused').map(([, topic, code]) => [topic, code])).toEqual([['a', 'forbidden']])
  expect(far.of('reject').map(([, n, code]) => [n, code])).toEqual([[1, 'forbidden']])
  await node.close({ drainMs: 0 })
})

test('upstream that waits is bounded: the socket is not read meanwhile', async () => {
  const { hub } = createWorld()
  const allow: ((may: boolean) => void)[] = []
  const node = hub({
    authorize: () => new Promise<boolean>((resolve) => allow.push(resolve)),
    limits: { upstreamBytes: 1_000 },
  })
  const far = connectSocket(node, drawSession().hello())
  await settled()
  for (let n = 1; n <= 3; n++) await far.send(['publish', n, 'a', 'x'.repeat(600)])
  expect(far.paused).toBe(true)
  for (let n = 1; n <= 3; n++) {
    allow.shift()?.(true)
    await settled()
  }
  expect(far.paused).toBe(false)
  expect(far.of('receipt').map(([, n]) => n)).toEqual([1, 2, 3])
  await node.close({ drainMs: 0 })
})

test('handlers that run are bounded, and so are subscriptions', async () => {
  const { hub } = createWorld()
  const node = hub({ limits: { requests: 2, subscriptions: 2 } })
  node.handle('never', () => new Promise(() => {}))
  const far = connectSocket(
    node,
    drawSession().hello([
      ['a', 'live'],
      ['b', 'live'],
      ['c', 'live'],
    ]),
  )
  await settled()
  expect(far.of('refused').map(([, topic, code]) => [topic, code])).toEqual([['c', 'subscription-limit']])
  await far.send(
    ['request', 1, 'never', 1],
    ['request', 2, 'never', 1],
    ['request', 3, 'never', 1],
    ['publish', 4, 'a', 1],
  )
  expect(far.of('reject').map(([, n, code]) => [n, code])).toEqual([[3, 'queue-full']])
  await settled()
  expect(far.of('receipt').map(([, n]) => n)).toEqual([1, 2, 4])
  await node.close({ drainMs: 0 })
})
