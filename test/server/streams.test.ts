import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, expect, test } from 'vitest'
import { drawSession, openSse, openStream, type Served, serve } from './support.ts'

let served: Served
afterEach(() => served.close())

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('an open stream keeps neither its request nor its response', async () => {
  const seen: WeakRef<object>[] = []
  served = await serve({}, (app) =>
    app.use((request, response, next) => {
      seen.push(new WeakRef(request), new WeakRef(response))
      next()
    }),
  )
  const session = await openSse(served.base, drawSession().hello([['chat', 'live']]))
  await session.frames.kind('subscribed')
  const plain = await openStream(`${served.base}/topics/chat`)
  await expect
    .poll(() => {
      collect()
      return seen.filter((each) => each.deref()).length
    })
    .toBe(0)
  expect(seen).toHaveLength(4)
  // They go on, and end with the hub.
  await served.hub.topic('chat').publish(1)
  expect((await session.frames.kind('entry')).slice(4)).toEqual([1])
  await served.hub.close()
  expect((await session.frames.kind('close'))[2]).toBe('shutting-down')
  await plain.closed
})

test('a stream goes through what another middleware makes of its response', async () => {
  const written: string[] = []
  served = await serve({}, (app) =>
    app.use((_, response, next) => {
      const write = response.write.bind(response) as (chunk: Uint8Array) => boolean
      response.write = (chunk: Uint8Array) => {
        written.push(Buffer.from(chunk).toString())
        return write(chunk)
      }
      next()
    }),
  )
  const { frames } = await openSse(served.base, drawSession().hello([['chat', 'live']]))
  await frames.kind('subscribed')
  expect(written.join('')).toContain('"subscribed"')
})
