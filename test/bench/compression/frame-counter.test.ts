import { expect, test } from 'vitest'
import { clientFrame, deflate } from '../../compression/raw-socket.ts'
import { createFrameCounter } from './frame-counter.ts'

// As a server sends it: without the mask.
function frame(text: string, compressed: boolean): Buffer {
  const payload = compressed ? deflate(text) : Buffer.from(text)
  const masked = clientFrame(payload, compressed)
  const head = Buffer.from(masked.subarray(0, masked.length - payload.length - 4))
  head[1] = (head[1] as number) & 0x7f
  return Buffer.concat([head, payload])
}

test('counts each message once, however its frames are cut', () => {
  const all = Buffer.concat([
    frame('{"n":1}\n{"n":2}', false),
    frame('{"n":3}', true),
    frame('["heartbeat"]', false),
    frame(`{"n":4,"text":"${'x'.repeat(70_000)}"}`, false),
    frame(`{"n":5,"text":"${'x'.repeat(300)}"}`, false),
  ])
  for (const size of [7, 1_001, 65_536, all.length]) {
    const counter = createFrameCounter('"n":')
    let count = 0
    // The same memory for each chunk, as the clients have it.
    const buffer = Buffer.alloc(size)
    for (let at = 0; at < all.length; at += size) {
      const length = all.copy(buffer, 0, at, Math.min(at + size, all.length))
      count += counter(buffer.subarray(0, length))
    }
    expect([size, count]).toEqual([size, 5])
  }
})
