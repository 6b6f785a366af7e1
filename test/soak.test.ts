import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { HoldfastError, type MessageEvent } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import { createModel, type Mark } from './soak/model.ts'
import { createThirds } from './soak/thirds.ts'

test('a short soak with few clients brings nothing to harm', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31)
  const options = ['--minutes', '0.2', '--clients', '10', '--seed', String(seed)]
  const file = fileURLToPath(new URL('soak/run.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', '--conditions=@holdfast/source', file, ...options], {
    timeout: 110_000,
  })
  const [output, notes, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')])
  const line = output.trim().split('\n').at(-1) ?? ''
  console.log(line)
  expect(code, `seed ${seed}\n${notes}`).toBe(0)
  const result = JSON.parse(line)
  expect(result).toMatchObject({ lost: 0, doubled: 0, reordered: 0, falseReceipts: 0, gaps: 0, stuck: 0 })
  expect(result.messages).toBeGreaterThan(100)
  expect(result.restarts).toBeGreaterThan(0)
  // At most one for each subscriber and restart.
  expect(result.gapsByRestart).toBeGreaterThan(0)
  expect(result.gapsByRestart).toBeLessThanOrEqual(10 * result.restarts)
}, 120_000)

const at = (offset: number, n: number, epoch = 'a'): MessageEvent<Mark> => ({
  type: 'message',
  data: { who: 1, n },
  cursor: `${epoch}.${offset}`,
  epoch,
  offset,
  time: 0,
})
const gap = (from: string, to: string, reason: 'epoch' | 'trimmed') => ({ type: 'gap', from, to, reason }) as const
const mark = (n: number): Mark => ({ who: 1, n })
const receipt = (offset: number) => ({ cursor: `a.${offset}`, epoch: 'a', offset }) as const

type Model = ReturnType<typeof createModel>
const take = (model: Model, ...events: Parameters<ReturnType<Model['subscriber']>['take']>[0][]) => {
  const { take } = model.subscriber('one', 'room')
  for (const event of events) take(event)
}

test.each<[name: string, harm: object, act: (model: Model) => void]>([
  ['a hole', { lost: 2 }, (model) => take(model, at(1, 0), at(4, 3))],
  ['a silent restart', { lost: 1 }, (model) => take(model, at(1, 0), at(1, 1, 'b'))],
  ['an entry again', { doubled: 1 }, (model) => take(model, at(1, 0), at(1, 0))],
  ['an older entry', { reordered: 1 }, (model) => take(model, at(1, 0), at(2, 1), at(1, 0))],
  ['a message appended twice', { doubled: 1 }, (model) => take(model, at(1, 0), at(2, 0))],
  ['messages appended out of order', { reordered: 1 }, (model) => take(model, at(1, 1), at(2, 0))],
  [
    'two who see different things',
    { reordered: 1 },
    (model) => {
      take(model, at(1, 0))
      take(model, at(1, 1))
    },
  ],
  [
    'a receipt for what another message is',
    { falseReceipts: 1 },
    (model) => {
      model.accepted('room', mark(0), receipt(1))
      take(model, at(1, 1))
    },
  ],
  [
    'the same, told later',
    { falseReceipts: 1 },
    (model) => {
      take(model, at(1, 1))
      model.accepted('room', mark(0), receipt(1))
    },
  ],
  [
    'what was rejected, and comes',
    { falseReceipts: 1 },
    (model) => {
      model.failed('room', mark(0), new HoldfastError('x', 'x', { outcome: 'rejected' }))
      take(model, at(1, 0))
    },
  ],
  ['another answer', { falseReceipts: 1 }, (model) => model.answered('a', 'b')],
  ['a gap of a trimmed log', { gaps: 1 }, (model) => take(model, at(1, 0), gap('a.1', 'a.5', 'trimmed'), at(6, 5))],
  ['a restart told twice', { gapsByRestart: 1, gaps: 1 }, (model) => take(model, at(1, 0), ...restart, ...restart)],
])('the model sees %s', (_, harm, act) => {
  const lines: string[] = []
  const model = createModel((line) => lines.push(line))
  act(model)
  expect(model.tally).toMatchObject(harm)
  expect(lines).toHaveLength(1)
})

const restart = [gap('a.1', 'b.0', 'epoch')]

test('the model has nothing against what may be', () => {
  const model = createModel((line) => expect.unreachable(line))
  model.accepted('room', mark(0), receipt(1))
  take(model, at(1, 0), at(2, 1), gap('a.2', 'b.0', 'epoch'), at(1, 2, 'b'))
  model.failed('room', mark(3), new HoldfastError('x', 'x', { outcome: 'unknown' }))
  take(model, at(1, 0), at(2, 1))
  expect(model.tally).toMatchObject({ messages: 5, gapsByRestart: 1, unknown: 1 })
})

test('a receipt that nobody has seen the entry of is not done', () => {
  const model = createModel(() => {})
  const subscriber = model.subscriber('one', 'room')
  subscriber.take(at(1, 0))
  expect(subscriber.isDone()).toBe(true)
  model.accepted('room', mark(1), receipt(2))
  expect(subscriber.isDone()).toBe(false)
  subscriber.take(at(2, 1))
  expect(subscriber.isDone()).toBe(true)
})

test('memory that grows in the last third is seen', () => {
  const grow = createThirds(30)
  const flat = createThirds(30)
  for (let ms = 0; ms < 30; ms++) {
    grow.add(ms, 100 + ms)
    flat.add(ms, 100 + (ms % 3))
  }
  expect(grow.result()).toMatchObject({ isFlat: true, ratio: 1.09 })
  expect(flat.result().isFlat).toBe(true)
  for (let ms = 20; ms < 30; ms++) grow.add(ms, 200)
  expect(grow.result().isFlat).toBe(false)
})
