import { decodePayload, encodePayload } from '@holdfast/protocol'
import { describe, expect, test } from 'vitest'
import { settled } from '../server/clock.ts'
import { drawSession } from '../server/support.ts'
import { connectSocket, createWorld } from '../server/world.ts'

describe('a payload from the wire', () => {
  const lines = [
    ['["publish",1,"checked",{"toJSON":1}]', 'receipt'],
    // Neither JSON.stringify nor what the hub's user reads would have the number.
    ['["publish",1,"checked",1e999]', 'reject'],
    ...[2_000, 4_000, 6_000, 8_000].map((deep) => [
      `["publish",1,"checked",${'['.repeat(deep)}${']'.repeat(deep)}]`,
      expect.stringMatching(/receipt|reject/),
    ]),
  ]
  test.each(lines)('never makes a schema that is well look as if it failed: %.40s', async (line, answer) => {
    const { hub: create, errors } = createWorld()
    const hub = create()
    hub.topics('checked', { schema: { '~standard': { version: 1, vendor: 'x', validate: (value) => ({ value }) } } })
    const socket = connectSocket(hub, drawSession().hello())
    await settled()
    await socket.send(line)
    expect([socket.of('receipt'), socket.of('reject')].flat().map(([kind]) => kind)).toEqual([answer])
    expect([errors, hub.stats().refusals['bad-data']]).toEqual([[], undefined])
    await hub.close({ drainMs: 0 })
  })

  test('may have a property toJSON that is no function', () => {
    const { json, encoding } = encodePayload({ toJSON: 1 })
    expect(decodePayload(JSON.parse(json), encoding)).toEqual({ toJSON: 1 })
  })
})
