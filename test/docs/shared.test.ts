import { expect, test } from 'vitest'
import * as Y from 'yjs'
import type { FaultProxy } from '../support/fault-proxy/index.ts'
import { createBoth, die, socketUrl, stubBrowserSockets, until } from './both.ts'
import { relay } from './old-world.ts'
import { load } from './snippets.ts'

// What several share: the same harm to the old code of docs/migrate.md, and to the new code.
const socket = stubBrowserSockets()

test.concurrent('chat, before: what is said by and to a dead connection is lost, and nobody can leave', async (context) => {
  const { oldWorld } = createBoth(context)
  const { joinRoom } = await load('chat.old.ts')
  const { proxy } = await oldWorld((_, all) => relay(all, (text) => JSON.parse(text).type === 'message'))
  const ports = [await proxy.open('ada'), await proxy.open('bob')] as const
  const heard: [string[], string[]] = [[], []]
  const [ada, bob] = ports.map((port, who) =>
    joinRoom(socketUrl(port), 'lobby', port.name, ({ text }: { text: string }) => heard[who]?.push(text)),
  )
  for (const port of ports) await socket(port, 1)
  await die(ports[0], async () => {
    ada.say('one')
    bob.say('two')
    await until(() => expect(heard[1]).toEqual(['two']))
  })
  await socket(ports[0], 2)
  ada.say('three')
  for (const texts of heard) await until(() => expect(texts.at(-1)).toBe('three'))
  expect(heard).toEqual([['three'], ['two', 'three']])
  ada.leave()
  await socket(ports[0], 3)
})

test.concurrent('chat, after: all is said and heard once, in one order, and who leaves has left', async (context) => {
  const { newWorld, connect } = createBoth(context)
  const [{ joinRoom }, { serveChat }] = await Promise.all([load('chat.ts'), load('chat.server.ts')])
  const { hub, proxy } = await newWorld()
  serveChat(hub)
  const ports = [await proxy.open('ada'), await proxy.open('bob')] as const
  const [ada, bob] = ports.map((port) => joinRoom(connect(port), 'lobby'))
  const say = (room: typeof ada, text: string) => room.publish({ id: text, name: '', text })
  const texts = (room: typeof ada) => room.get().context.confirmed.map(({ text }: { text: string }) => text)
  for (const room of [ada, bob]) await until(() => expect(room.get().context.status).toBe('live'))
  let one: Promise<unknown> | undefined
  await die(ports[0], async () => {
    one = say(ada, 'one')
    await say(bob, 'two')
  })
  await one
  await say(ada, 'three')
  for (const room of [ada, bob]) await until(() => expect(texts(room)).toEqual(['two', 'one', 'three']))
  ada.stop()
  await say(bob, 'four')
  await until(() => expect(texts(bob)).toContain('four'))
  expect(texts(ada)).not.toContain('four')
})

/** Ada's and Bob's copies: both write while Ada is away, and go on when she is back. Then Carl comes. */
async function write(
  share: (port: FaultProxy, doc: Y.Doc) => unknown,
  proxy: FaultProxy,
  back: (port: FaultProxy) => Promise<unknown>,
) {
  const [ada, bob, carl] = ['ada', 'bob', 'carl'].map(() => new Y.Doc()) as [Y.Doc, Y.Doc, Y.Doc]
  const adasPort = await proxy.open('ada')
  const bobsPort = await proxy.open('bob')
  await Promise.all([share(adasPort, ada), share(bobsPort, bob)])
  ada.getText().insert(0, 'a')
  await until(() => expect(bob.getText().toString()).toBe('a'))
  const returned = back(adasPort)
  adasPort.set({ block: 'refuse' })
  ada.getText().insert(0, 'A')
  bob.getText().insert(0, 'B')
  adasPort.heal()
  await returned
  ada.getText().insert(0, 'x')
  bob.getText().insert(0, 'y')
  await share(await proxy.open('carl'), carl)
  bob.getText().insert(0, 'z')
  return { ada, bob, carl }
}

const waits = (doc: Y.Doc) => until(() => expect(doc.store.pendingStructs).not.toBeNull())

test.concurrent('document, before: a writer who was away once is not seen again, and who comes late sees nothing', async (context) => {
  const { oldWorld } = createBoth(context)
  const { shareDocument } = await load('document.old.ts')
  const { proxy } = await oldWorld()
  const share = async (port: FaultProxy, doc: Y.Doc) => {
    shareDocument(socketUrl(port), doc)
    await socket(port, 1)
  }
  const { ada, bob, carl } = await write(share, proxy, async (port) => {
    await socket(port, 1, 3)
    await socket(port, 2)
  })
  for (const doc of [ada, bob, carl]) await waits(doc)
  expect(ada.getText().toString()).not.toMatch(/[Byz]/)
  expect(bob.getText().toString()).not.toMatch(/[Ax]/)
  expect(carl.getText().toString()).toBe('')
})

test.concurrent('document, after: all copies become the same', async (context) => {
  const { newWorld, connect } = createBoth(context)
  const [{ shareDocument }, { keepDocument }] = await Promise.all([load('document.ts'), load('document.server.ts')])
  const { hub, proxy } = await newWorld()
  keepDocument(hub, 'plan')
  const share = (port: FaultProxy, doc: Y.Doc) => shareDocument(connect(port), 'plan', doc)
  const { ada, bob, carl } = await write(share, proxy, async () => {})
  const letters = (doc: Y.Doc) => [...doc.getText().toString()].sort().join('')
  for (const doc of [ada, bob, carl]) await until(() => expect(letters(doc)).toBe('ABaxyz'))
  expect(new Set([ada, bob, carl].map((doc) => doc.getText().toString())).size).toBe(1)
})

interface Player {
  readonly id: string
  readonly x: number
}

test.concurrent('game, before: a cut makes another player, whom nobody steers; bad input throws in the server', async (context) => {
  const { oldWorld, closing } = createBoth(context)
  const [{ play }, { serveGame }] = await Promise.all([load('game.old.ts'), load('game.old-server.ts')])
  const world = await oldWorld((_, sockets) => {
    const timer = serveGame(sockets)
    closing(() => clearInterval(timer))
  })
  const port = await world.proxy.open('ada')
  const seen: Player[] = []
  const { step } = play(socketUrl(port), (players: Player[], me: string) =>
    seen.push(...players.filter(({ id }) => id === me)),
  )
  await until(() => expect(seen.length).toBeGreaterThan(0))
  step(2, 0)
  await until(() => expect(seen.at(-1)?.x).toBe(2))
  const first = seen.at(-1)?.id
  port.cut()
  await until(() => expect(seen.at(-1)?.id).not.toBe(first))
  step(1, 0)
  const frames = seen.length
  await until(() => expect(seen.length).toBeGreaterThan(frames + 3))
  expect(seen.at(-1)?.x).toBe(0)
  const [socketOfServer] = world.sockets.clients
  expect(() => socketOfServer?.emit('message', Buffer.from('{'), false)).toThrow(SyntaxError)
})

test.concurrent('game, after: the player stays until they leave; bad input is refused', async (context) => {
  const { newWorld, connect, closing } = createBoth(context)
  const [{ play }, { serveGame }] = await Promise.all([load('game.ts'), load('game.server.ts')])
  const { hub, proxy } = await newWorld()
  const timer = serveGame(hub)
  closing(() => clearInterval(timer))
  const connection = connect(proxy)
  const seen: Player[] = []
  const { step } = play(connection, (players: Player[], me: string) =>
    seen.push(...players.filter(({ id }) => id === me)),
  )
  step(2, 0)
  await until(() => expect(seen.at(-1)?.x).toBe(2))
  proxy.cut()
  step(1, 0)
  await until(() => expect(seen.at(-1)?.x).toBe(3))
  await expect(connection.topic('steps').publish('{')).rejects.toMatchObject({ code: 'bad-data' })
  step(1, 0)
  await until(() => expect(seen.at(-1)?.x).toBe(4))
  expect(new Set(seen.map(({ id }) => id)).size).toBe(1)
  await connection.close()
  const others: Player[][] = []
  hub.topic<Player[]>('players').subscribe((players) => others.push(players))
  await until(() => expect(others.at(-1)).toEqual([]))
})
