import { expect, test } from 'vitest'
import {
  countOf,
  find,
  noSubscriptions,
  put,
  remove,
  type Subscription,
  Wish,
} from '../../packages/server/src/links/subscriptions.ts'
import { seeded } from '../support/seeded.ts'

test('whether few or many, each topic has what was put last', () => {
  const seed = 11
  const random = seeded(seed)
  const expected = new Map<string, Subscription>()
  let all = noSubscriptions
  for (let n = 0; n < 2_000; n++) {
    // More and more of them, and fewer again.
    const topic = `t${Math.floor(random() * 24)}`
    if (random() < (n % 400 < 200 ? 0.8 : 0.2)) {
      const wish = new Wish(topic, false)
      all = put(all, wish)
      expected.set(topic, wish)
    } else {
      all = remove(all, topic)
      expected.delete(topic)
    }
    expect([countOf(all), find(all, topic)], `seed ${seed}, step ${n}`).toEqual([expected.size, expected.get(topic)])
    expect(new Set(all.values()), `seed ${seed}, step ${n}`).toEqual(new Set(expected.values()))
  }
})
