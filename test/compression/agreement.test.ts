import { afterEach, beforeEach, expect, test } from 'vitest'
import { drawSession, type Served, serve } from '../server/support.ts'
import { dialRaw } from './raw-socket.ts'

let served: Served
beforeEach(async () => {
  served = await serve()
})
afterEach(() => served.close())

/** What was agreed to, of a link that was served. */
async function agreed(offered: string | null): Promise<string[] | null> {
  const socket = await dialRaw(served.base, drawSession().hello(), offered)
  expect(socket.status).toBe(101)
  await socket.frames.kind('welcome')
  socket.end()
  return socket.agreed?.split('; ').sort() ?? null
}

const chromium = 'permessage-deflate; client_max_window_bits'
const firefox = 'permessage-deflate'
const alone = ['client_no_context_takeover', 'permessage-deflate', 'server_no_context_takeover']

test('nothing is agreed to before a topic asks for it', async () => {
  served.hub.topics('a', { compress: false })
  expect(await agreed(chromium)).toBeNull()
  served.hub.topics('b', { compress: true })
  expect(await agreed(chromium)).not.toBeNull()
  expect(await agreed(null)).toBeNull()
})

test.each([
  [chromium, ['client_max_window_bits=10', ...alone]],
  [firefox, alone],
  ['permessage-deflate; client_max_window_bits=12', ['client_max_window_bits=10', ...alone]],
  ['permessage-deflate; client_max_window_bits=9', ['client_max_window_bits=9', ...alone]],
  ['x-webkit-deflate-frame, permessage-deflate', alone],
  // What was compressed for all would not fit into the window that is asked for.
  ['permessage-deflate; server_max_window_bits=10, permessage-deflate', alone],
])('%s: each message stands alone', async (offered, expected) => {
  served.hub.topics('a', { compress: true })
  expect(await agreed(offered)).toEqual(expected)
})

test.each([
  'permessage-deflate; server_max_window_bits=10',
  'permessage-deflate; unknown',
  'permessage-deflate; client_max_window_bits=99',
  'permessage-deflate; client_max_window_bits; client_max_window_bits',
  'x-webkit-deflate-frame',
  ';;',
  '"',
])('%s: served without, and not refused', async (offered) => {
  served.hub.topics('a', { compress: true })
  expect(await agreed(offered)).toBeNull()
})
