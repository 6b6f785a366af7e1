import { expect, test } from 'vitest'
import { createOutbox, type Maker, type OutgoingKind } from '../src/outbox.ts'

const plenty = 1_000_000

function begin(limits: Partial<Parameters<typeof createOutbox>[0]> = {}) {
  const outbox = createOutbox({ maxCount: 5_000, maxBytes: 1e9, overflow: 'reject', ...limits }, () => 0)
  const outcomes: unknown[] = []
  function add(kind: OutgoingKind, rest: string) {
    const maker: Maker = {
      sent: null,
      unwatch: null,
      done: (value) => outcomes.push([rest, value]),
      failed: ({ code, outcome }) => outcomes.push([rest, code, outcome]),
    }
    const entry = outbox.add(kind, rest, 100, kind.endsWith('subscribe') ? undefined : maker)
    return (code: string, message: string) => outbox.abandon(entry, code, message)
  }
  const take = (room = plenty) => outbox.take(room).map((line) => JSON.parse(line) as unknown[])
  return { outbox, outcomes, add, take }
}

test('numbers are given at hand-over, and what was given up before takes none', () => {
  const { outbox, outcomes, add, take } = begin()
  add('publish', '1')
  add('publish', '2')('aborted', 'gone')
  add('publish', '3')
  expect(outbox.pending).toBe(2)
  expect(take()).toEqual([
    ['publish', 1, 1],
    ['publish', 2, 3],
  ])
  expect(outcomes).toEqual([['2', 'aborted', 'not-sent']])
  expect(outbox.hasLines()).toBe(false)
})

test('a new link gets again what is unanswered, and skips for what must not happen again', () => {
  const { outbox, outcomes, add, take } = begin()
  add('subscribe', '1')
  add('publish', '2')
  add('publish', '3')
  const abandon = add('publish', '4')
  add('publish', '5')
  take()
  outbox.receipt(['receipt', 3, 'e.1'])
  abandon('timeout', 'late')
  add('unsubscribe', '6')
  add('publish', '7')
  outbox.resendAll()
  expect(take(250)).toEqual([
    ['skip', 1],
    ['publish', 2, 2],
  ])
  expect(take()).toEqual([
    ['skip', 4],
    ['publish', 5, 5],
    ['publish', 6, 7],
  ])
  expect(take()).toEqual([])
  expect(outcomes).toEqual([
    ['3', { cursor: 'e.1', epoch: 'e', offset: 1 }],
    ['4', 'timeout', 'unknown'],
  ])
})

test('no more than a window is unanswered, counted from the oldest', () => {
  const { outbox, add, take } = begin()
  for (let n = 1; n <= 3_000; n++) add('publish', `${n}`)
  expect(take()).toHaveLength(1_024)
  for (let n = 2; n <= 1_024; n++) outbox.receipt(['receipt', n, 'e.1'])
  expect(outbox.hasLines()).toBe(false)
  outbox.receipt(['receipt', 1, 'e.1'])
  expect(take()).toHaveLength(1_024)
})

test('however many were answered before, each keeps its number', () => {
  const { outbox, outcomes, add, take } = begin()
  const abandons = Array.from({ length: 4_000 }, (_, i) => add('publish', `${i + 1}`))
  for (let n = 1; n <= 3_500; n++) {
    if (!outbox.hasLines()) throw new Error(`${n} is not sent`)
    expect(take(100)).toEqual([['publish', n, n]])
    // Of each pair the second is answered first.
    if (n % 2 === 0) for (const one of [n, n - 1]) outbox.receipt(['receipt', one, `e.${one}`])
  }
  expect(outcomes).toHaveLength(3_500)
  abandons[3_998]?.('aborted', 'gone')
  outbox.resendAll()
  expect(take()).toHaveLength(499)
  outbox.reject(['reject', 3_999, 'forbidden', 'no'])
  outbox.receipt(['receipt', 1, 'e.1'])
  expect(outcomes.slice(3_500)).toEqual([
    ['3999', 'aborted', 'not-sent'],
    ['4000', 'forbidden', 'rejected'],
  ])
})

test('a request is answered once, before or after its receipt, and one that was given up is forgotten', () => {
  const { outbox, outcomes, add, take } = begin()
  add('request', '1')
  add('request', '2')
  const abandon = add('request', '3')
  take()
  outbox.answered(1, false, 'early')
  outbox.receipt(['receipt', 1])
  outbox.receipt(['receipt', 2])
  outbox.receipt(['receipt', 3])
  abandon('timeout', 'late')
  outbox.answered(2, true, ['handler-failed', 'no'])
  outbox.answered(3, false, 'too late')
  outbox.failAsked('inbox-gap', 'lost')
  expect(outcomes).toEqual([
    ['1', 'early'],
    ['3', 'timeout', 'unknown'],
    ['2', 'handler-failed', 'rejected'],
  ])
  expect(outbox.pending).toBe(0)
})

test('a lost session leaves what was handed over unknown, and begins to count again', () => {
  const { outbox, outcomes, add, take } = begin()
  add('publish', '1')
  add('request', '2')
  take()
  outbox.receipt(['receipt', 2])
  add('publish', '3')
  outbox.renew()
  expect(outcomes).toEqual([
    ['1', 'session-lost', 'unknown'],
    ['2', 'session-lost', 'unknown'],
  ])
  outbox.resendAll()
  expect(take()).toEqual([['publish', 1, 3]])
})

test.each([
  ['reject', ['3', 'queue-full', 'not-sent'], [1, 2]],
  ['drop-oldest', ['1', 'queue-full', 'not-sent'], [2, 3]],
] as const)('at a limit: %s', (overflow, dropped, left) => {
  const { outbox, outcomes, add, take } = begin({ maxCount: 2, overflow })
  for (const n of [1, 2, 3]) add('publish', `${n}`)
  expect(outcomes).toEqual([dropped])
  expect(outbox.pending).toBe(2)
  expect(take().map(([, , what]) => what)).toEqual(left)
})

test('what is too large for the path is replaced by a line that uses up its number, and the hub says what it came to', () => {
  const { outbox, outcomes, add } = begin()
  add('publish', '1')
  const [line = ''] = outbox.take(plenty)
  expect(outbox.tooLarge(line)).toBe('["skip",1]')
  expect(outbox.tooLarge('["read",1,"topic","start",5]')).toBeUndefined()
  expect(outcomes).toEqual([])
  outbox.reject(['reject', 1, 'too-large', 'the way takes no message of its size'])
  expect(outcomes).toEqual([['1', 'too-large', 'rejected']])
})
