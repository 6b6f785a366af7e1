import { expect, test } from 'vitest'
import { createData } from '../servers/contestant.ts'
import { createCounter } from './counter.ts'

test('counts each message once, wherever the network cuts', () => {
  const sent = Buffer.from(`#EN${[1, 2, 3].map((n) => JSON.stringify(createData(n))).join('#')}#E#END`)
  for (let cut = 0; cut <= sent.length; cut++)
    for (const length of [1, 2, 3, sent.length]) {
      const count = createCounter()
      const chunks = [sent.subarray(0, cut), sent.subarray(cut, cut + length), sent.subarray(cut + length)]
      expect(chunks.reduce((total, chunk) => total + count(chunk), 0)).toBe(4)
    }
})
