import { expect, test } from 'vitest'
import { Recency, Recent } from '../../packages/server/src/broker/recency.ts'
import { seeded } from '../support/seeded.ts'

test('the order is that of the last renewals, and what was dropped, however often, keeps nobody', () => {
  const seed = 23
  const random = seeded(seed)
  const things = Array.from({ length: 8 }, () => new Recent())
  const recency = new Recency<Recent>()
  let expected: number[] = []
  for (let n = 0; n < 2_000; n++) {
    const which = Math.floor(random() * things.length)
    const one = things[which] as Recent
    expected = expected.filter((each) => each !== which)
    if (random() < 0.5) {
      recency.renew(one)
      expected.push(which)
    } else {
      recency.drop(one)
      expect([one.older, one.newer], `seed ${seed}, step ${n}`).toEqual([null, null])
    }
    const order: number[] = []
    for (let next = recency.oldest; next; next = next.newer) order.push(things.indexOf(next))
    expect(order, `seed ${seed}, step ${n}`).toEqual(expected)
  }
})
