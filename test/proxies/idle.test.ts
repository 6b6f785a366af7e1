import { afterAll, describe, test } from 'vitest'
import { online, state } from '../support/world.ts'
import { isMissing, recipe } from './recipes.ts'
import { createWorld, type World } from './world.ts'

const transports = ['websocket', 'sse', 'poll'] as const
const patiently = { interval: 5, timeout: 5_000 }
const figures: string[] = []
afterAll(() => console.log(figures.join('\n')))

// In real time, for the time-out is another program's, and therefore side by side.
describe.concurrent.each(['nginx', 'haproxy'] as const)('%s ends what is quiet for 10 s', (program) => {
  const each = recipe('Quiet connections are ended after 10 s', program)

  test.skipIf(isMissing(each))(
    'heartbeats keep every link, and without them no message is lost',
    async ({ expect, onTestFinished }) => {
      const [beating, silent] = await Promise.all([createWorld(each), createWorld(each, { heartbeatMs: 60_000 })])
      onTestFinished(async () => void (await Promise.all([beating.close(), silent.close()])))
      const kept = await openAll(beating)
      // Later than those: when these are cut, those could have been.
      const cut = await openAll(silent)

      await Promise.all(
        cut.map(async ({ connection, transport, heard }) => {
          await state(connection, ({ phase }) => phase === 'reconnecting')
          const begun = performance.now()
          await silent.hubs[0].topic(transport).publish('while away')
          await expect.poll(() => heard, patiently).toEqual(['while away'])
          figures.push(
            `${program}, ${transport}: cut, and heard again after ${Math.round(performance.now() - begun)} ms`,
          )
        }),
      )
      for (const { connection, transport, heard, phases } of kept) {
        await beating.hubs[0].topic(transport).publish('still here')
        await expect.poll(() => heard, patiently).toEqual(['still here'])
        await connection.topic('up').publish(1)
        expect(phases).toEqual(['idle', 'connecting', 'online'])
      }
      expect(beating.hellos.length).toBe(transports.length)
    },
  )
})

/** A client on each transport, settled and listening. */
const openAll = (world: World) =>
  Promise.all(
    transports.map(async (transport) => {
      const connection = world.connect({ transports: [transport] })
      const heard: unknown[] = []
      const phases: string[] = []
      connection.topic(transport, { from: 'start' }).subscribe((message) => heard.push(message))
      connection.state$.subscribe(({ phase }) => phases.at(-1) === phase || phases.push(phase))
      await online(connection)
      return { connection, transport, heard, phases }
    }),
  )
