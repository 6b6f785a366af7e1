import { type HoldfastError, memoryBroker } from '@holdfast/server'
import { filter, firstValueFrom, of } from 'rxjs'
import { expect, test, vi } from 'vitest'
import type { WebSocketServer } from 'ws'
import { z } from 'zod'
import type { FaultProxy } from '../support/fault-proxy/index.ts'
import { serve, shut } from '../support/world.ts'
import { createBoth, die, socketUrl, stubBrowserSockets, until } from './both.ts'
import { load } from './snippets.ts'

// What is after a library, run; and webSocket() of RxJS beside it, under the same harm.
const socket = stubBrowserSockets()

test.concurrent('Socket.IO, after: rooms, acks, and pointers that all but the sender see', async (context) => {
  const { closing } = createBoth(context)
  const [{ joinRoom }, { serveRooms }] = await Promise.all([load('socket-io.ts'), load('socket-io.server.ts')])
  const hub = serveRooms((token: string) => token)
  const { server, port } = await serve(hub)
  closing(() => shut(server))
  closing(() => hub.close({ drainMs: 0 }))
  const said: [string[], string[]] = [[], []]
  const seen: [number[], number[]] = [[], []]
  const [ada, bob] = said.map((texts, who) => {
    const room = joinRoom(`http://127.0.0.1:${port}/realtime`, 'lobby', `${who}`, (text: string) => texts.push(text))
    closing(() => room.leave())
    room.onPointer((x: number) => seen[who]?.push(x))
    return room
  })
  await until(() => expect(hub.stats().sessions.websocket).toBe(2))
  await expect(ada.say('one')).resolves.toMatchObject({ offset: 1 })
  ada.point(1, 1)
  bob.point(2, 2)
  await until(() => expect(seen).toEqual([[2], [1]]))
  await until(() => expect(said).toEqual([['one'], ['one']]))
})

test.concurrent('Socket.IO, after: the handler says whose line it is, saves it before it tells it, and revokes', async (context) => {
  const { closing, connect } = createBoth(context)
  const [{ say }, { serveLines }] = await Promise.all([
    load('socket-io-handler.ts'),
    load('socket-io-handler.server.ts'),
  ])
  const steps: string[] = []
  const hub = serveLines(
    (token: string) => ({ id: token }),
    async (room: string, { text }: { text: string }) => {
      if (text === 'lost') throw new Error('the disk is full')
      steps.push(`saved in ${room}`)
    },
  )
  hub.errors$.subscribe()
  const { server, port } = await serve(hub)
  closing(() => shut(server))
  closing(() => hub.close({ drainMs: 0 }))
  const ada = connect({ url: `http://127.0.0.1:${port}` } as FaultProxy, { token: 'ada' })
  const lines = ada.topic<{ from: string; text: string }>('lines:lobby', { from: 'start' })
  const failed = vi.fn()
  lines.subscribe({ next: ({ from, text }) => steps.push(`${from}: ${text}`), error: failed })
  // What is not saved is not told: it would come before what follows.
  await expect(say(ada, 'lobby', 'lost')).rejects.toMatchObject({ code: 'handler-failed' })
  await expect(say(ada, 'lobby', 'one')).resolves.toMatchObject({ id: expect.any(String) })
  await until(() => expect(steps).toEqual(['saved in lobby', 'ada: one']))
  await expect(say(ada, 'lobby', 2)).rejects.toMatchObject({ code: 'bad-line', outcome: 'rejected' })
  await expect(lines.publish({ from: 'bob', text: 'two' })).rejects.toMatchObject({ code: 'forbidden' })
  await hub.revoke({ id: 'ada' }, 'lines:lobby')
  await until(() => expect(failed).toHaveBeenCalledWith(expect.objectContaining({ code: 'revoked' })))
  expect(steps).toHaveLength(2)
})

test.concurrent('SignalR, after: groups, invoke, and a stream that a cut does not end', async (context) => {
  const { newWorld, closing } = createBoth(context)
  const [{ openBoard }, { serveBoard }] = await Promise.all([load('signalr.ts'), load('signalr.server.ts')])
  const { hub, url, proxy } = await newWorld()
  serveBoard(hub)
  const shown: string[] = []
  const board = openBoard(
    url,
    () => 'token',
    (text: string) => shown.push(text),
  )
  closing(() => board.close())
  await expect(board.rename(' Ada ')).resolves.toBe('Ada')
  const counted: number[] = []
  await board.count(1_000, (n: number) => counted.push(n))
  await die(proxy, () => hub.topic('lobby').publish('said meanwhile'))
  await board.say('said after')
  await until(() => expect(counted.at(-1)).toBe(1_000))
  expect(counted).toHaveLength(1_000)
  await until(() => expect(shown).toEqual(['said meanwhile', 'said after']))
})

/** Numbers of a topic, told to everybody; what clients send is for this test only to count. */
function tellAll(sockets: WebSocketServer) {
  const tell = (data: number) => {
    for (const one of sockets.clients) one.send(JSON.stringify({ do: 'message', topic: 'numbers', data }))
  }
  const asked: string[] = []
  sockets.on('connection', (one) => one.on('message', (data) => asked.push(JSON.parse(data.toString()).do)))
  return { tell, asked }
}

/** Old code that listens to `numbers`. */
async function listen({ oldWorld }: ReturnType<typeof createBoth>) {
  const { openTopics } = await load('rxjs.old.ts')
  let all = {} as ReturnType<typeof tellAll>
  const { sockets, proxy } = await oldWorld((_, made) => {
    all = tellAll(made)
  })
  const opened = openTopics(socketUrl(proxy))
  const heard: number[] = []
  const ended = vi.fn()
  opened.topic('numbers').subscribe({ next: ({ data }: { data: number }) => heard.push(data), complete: ended })
  await until(() => expect(all.asked).toEqual(['subscribe']))
  all.tell(1)
  await until(() => expect(heard).toEqual([1]))
  return { ...all, ...opened, sockets, proxy, heard, ended }
}

test.concurrent('rxjs, before: what is told between loss and retry is missing; bad JSON costs the connection', async (context) => {
  const { tell, asked, sockets, proxy, heard } = await listen(createBoth(context))
  await die(proxy, () => tell(2))
  await until(() => expect(asked).toEqual(['subscribe', 'subscribe']))
  tell(3)
  await until(() => expect(heard).toEqual([1, 3]))
  await socket(proxy, 2)
  for (const one of sockets.clients) one.send('{')
  await socket(proxy, 2, 3)
  await socket(proxy, 3)
})

test.concurrent('rxjs, before: a polite close is the end, whatever retry says', async (context) => {
  const { sockets, proxy, ended } = await listen(createBoth(context))
  for (const one of sockets.clients) one.close(1001, 'going away')
  await until(() => expect(ended).toHaveBeenCalledOnce())
  await until(() => expect(sockets.clients.size).toBe(0))
  expect(proxy.stats.connections).toBe(1)
})

test.concurrent('rxjs, before: the end of a source closes the socket under all topics', async (context) => {
  const { socket: subject, sockets, ended } = await listen(createBoth(context))
  of({ do: 'message', topic: 'others', data: 1 }).subscribe(subject)
  await until(() => expect(sockets.clients.size).toBe(0))
  expect(ended).toHaveBeenCalledOnce()
})

test.concurrent('rxjs, after: neither a cut, a polite close, the end of a source nor bad data is an end', async (context) => {
  const { newWorld, closing } = createBoth(context)
  const { openTopics } = await load('rxjs.ts')
  const options = { authorize: () => true, broker: memoryBroker() }
  const world = await newWorld(options)
  const first = world.hub
  const { connection, topic } = openTopics(world.url)
  closing(() => connection.close())
  const heard: unknown[] = []
  const ended = vi.fn()
  topic('numbers').subscribe({ next: (n: number) => heard.push(n), complete: ended })
  const refused: string[] = []
  connection.errors$.subscribe(({ code }: HoldfastError) => refused.push(code))
  const numbers: number[] = []
  connection.topic('numbers', { schema: z.number() }).subscribe((n: number) => numbers.push(n))
  await firstValueFrom(connection.topic('numbers').live$.pipe(filter(Boolean)))
  await die(world.proxy, () => first.topic('numbers').publish(1))
  await until(() => expect(heard).toEqual([1]))
  of(2).subscribe(topic('numbers'))
  await until(() => expect(heard).toEqual([1, 2]))
  const second = await world.replaceHub(options)
  await first.close()
  await second.topic('numbers').publish('three')
  await second.topic('numbers').publish(4)
  await until(() => expect(heard).toEqual([1, 2, 'three', 4]))
  expect({ numbers, refused }).toEqual({ numbers: [1, 2, 4], refused: ['bad-data'] })
  expect(ended).not.toHaveBeenCalled()
})
