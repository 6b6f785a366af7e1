import { expect, test } from 'vitest'
import { Chain, Chained } from '../../packages/server/src/chain.ts'
import { seeded } from '../support/seeded.ts'

const orderOf = (chain: Chain<Chained>) => {
  const order: Chained[] = []
  for (let one = chain.first; one; one = one.newer) order.push(one)
  return order
}

const placesOf = (all: readonly Chained[], some: readonly Chained[]) => some.map((one) => all.indexOf(one))

test('the order is that in which they were put last, whatever was taken out, and how often', () => {
  const seed = 23
  const random = seeded(seed)
  const things = Array.from({ length: 8 }, () => new Chained())
  const chain = new Chain<Chained>()
  let expected: Chained[] = []
  for (let n = 0; n < 2_000; n++) {
    const one = things[Math.floor(random() * things.length)] as Chained
    expected = expected.filter((each) => each !== one)
    if (random() < 0.5) {
      chain.put(one)
      expected.push(one)
    } else chain.drop(one)
    expect(placesOf(things, orderOf(chain)), `seed ${seed}, step ${n}`).toEqual(placesOf(things, expected))
  }
})

test('who goes along it misses none that stays, whichever are taken out meanwhile', () => {
  const seed = 29
  const random = seeded(seed)
  for (let n = 0; n < 500; n++) {
    const things = Array.from({ length: 10 }, () => new Chained())
    const chain = new Chain<Chained>()
    for (const one of things) chain.put(one)
    const dropped = new Set<Chained>()
    const seen: Chained[] = []
    for (let one = chain.first; one; one = one.newer) {
      seen.push(one)
      for (const other of things) {
        if (random() > 0.2) continue
        chain.drop(other)
        dropped.add(other)
      }
    }
    const stayed = things.filter((one) => !dropped.has(one))
    expect(placesOf(seen, stayed), `seed ${seed}, walk ${n}`).not.toContain(-1)
    expect(placesOf(things, orderOf(chain)), `seed ${seed}, walk ${n}`).toEqual(placesOf(things, stayed))
  }
})
