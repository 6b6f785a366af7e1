import { expect, test } from 'vitest'
import { drawSession } from '../server/support.ts'
import { createWorld, request } from '../server/world.ts'

const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`

test.each([`["ping",1,${deep}]`, `["ack",[["a","k.1",${deep}]]]`, `["subscribe",1,"a","live",${deep}]`])(
  'what is nested too deeply to be passed on to another node makes the broker look no worse: %.20s',
  async (frame) => {
    const { hub: create, errors } = createWorld()
    const hub = create()
    const { hello, line } = drawSession()
    await request(hub, '/poll', hello()).answer
    const { status } = await request(hub, '/send', `${line(2)}\n${frame}`).answer
    expect([status, errors]).toEqual([200, []])
    await hub.close({ drainMs: 0 })
  },
)
