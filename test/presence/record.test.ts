import { describe, expect, test } from 'vitest'
import { amend, type Wish } from '../../packages/server/src/presence/record.ts'

const here = { info: 'x' } as const
const wishes = (given: Record<string, Wish>) => new Map(Object.entries(given))
const at = (now: number, most = 10) => ({ by: 'a', now, most })
const member = (since: number) => ({ info: 'x', since })

describe('a record', () => {
  test('begins with all at once, and above any that came before it', () => {
    const { state, changes } = amend(null, wishes({ s: here, t: here, u: 'out' }), at(50))
    expect(state.members).toEqual({ s: member(50), t: member(50) })
    expect(changes).toEqual([{ ...state, by: 'a' }])
    const later = amend(null, wishes({}), at(60))
    expect(later.state.v).toBeGreaterThan(state.v)
    expect(later.changes).toEqual([{ v: 60, members: {}, by: 'a' }])
  })

  test('rises with each change, faster than its clock or behind it', () => {
    const found = { v: 100, members: { s: member(1), t: member(2) } }
    const { state, changes } = amend(found, wishes({ s: 'out', u: here, x: here }), at(50))
    expect(changes.map(({ v }) => v)).toEqual([101, 102, 103])
    expect(changes.map((change) => ('id' in change ? `${change.here ? '+' : '-'}${change.id}` : ''))).toEqual([
      '-s',
      '+u',
      '+x',
    ])
    expect(state).toEqual({ v: 103, members: { t: member(2), u: member(50), x: member(50) } })
    expect(amend(state, wishes({ u: 'out' }), at(5_000)).state.v).toBe(5_000)
    expect(found.members).toEqual({ s: member(1), t: member(2) })
  })

  test('is left alone by what is so already', () => {
    const found = { v: 100, members: { s: member(1) } }
    expect(amend(found, wishes({ s: { info: 'other' }, t: 'out' }), at(500))).toEqual({
      state: found,
      changes: [],
      crowded: [],
    })
  })

  test('has room for so many, and those who leave make room first', () => {
    const found = { v: 1, members: { s: member(1), t: member(1) } }
    const { state, crowded } = amend(found, wishes({ u: here, x: here, s: 'out' }), at(9, 2))
    expect(Object.keys(state.members)).toEqual(['t', 'u'])
    expect(crowded).toEqual(['x'])
  })
})
