import { HoldfastError, type UpFrame } from '@holdfast/protocol'
import { expect, test } from 'vitest'
import type { Answer } from '../../packages/server/src/broker/broker.ts'
import type { MaybePromise } from '../../packages/server/src/broker/maybe-promise.ts'
import type { Context } from '../../packages/server/src/context.ts'
import { type Source, Upstream } from '../../packages/server/src/sessions/upstream.ts'

type InTurn = (frame: UpFrame) => MaybePromise<Answer | null>

class Subject extends Upstream {
  readonly inTurn: InTurn
  readonly wasRead: number[] = []

  constructor(context: Context, inTurn: InTurn) {
    super(context)
    this.inTurn = inTurn
  }

  protected override atOnce([kind]: UpFrame): boolean {
    if (kind === 'bye') throw new TypeError('broken')
    return kind === 'ping'
  }

  protected override asked(frame: UpFrame): undefined {
    this.wasRead.push(Number(frame[1]))
  }
}

/** An upstream whose frames are publishes, and what becomes of them. */
function createSubject(inTurn: InTurn) {
  const context = { report: (code: string) => reported.push(code) } as unknown as Context
  const reported: string[] = []
  const answered: number[] = []
  const ended = { is: false }
  const source: Source = { link: 1, ended: () => ended.is, answer: (answer) => answered.push(Number(answer[1])) }
  const upstream = new Subject(context, inTurn)
  const take = async (first: number, count = 1) =>
    upstream.take(
      Array.from({ length: count }, (_, i) => JSON.stringify(['publish', first + i, 't', 0])).join('\n'),
      source,
    )
  return { upstream, source, answered, reported, ended, take }
}

const receipt = (frame: Parameters<InTurn>[0]) => ['receipt', frame[1] as number] as ['receipt', number]

test('a batch whose frames wait for nothing has been answered when it was taken', async () => {
  const { upstream, source, answered } = createSubject(receipt)
  const lines = Array.from({ length: 1_000 }, (_, i) => `["publish",${i + 1},"t",0]`)
  expect(upstream.take(lines.join('\n'), source)).toBeUndefined()
  expect(answered).toEqual(Array.from({ length: 1_000 }, (_, i) => i + 1))
  expect(upstream.waiting).toBe(0)
  await upstream.idle()
})

test('a frame that has to be waited for holds back what is behind it, in its batch and in later ones', async () => {
  let goOn = () => {}
  const { upstream, answered, take } = createSubject((frame) =>
    frame[1] === 2 ? new Promise((resolve) => (goOn = () => resolve(receipt(frame)))) : receipt(frame),
  )
  const batches = [take(1, 3), take(4), take(5)]
  expect(answered).toEqual([1])
  expect(upstream.waiting).toBeGreaterThan(0)
  goOn()
  await upstream.idle()
  expect(answered).toEqual([1, 2, 3, 4, 5])
  expect(upstream.waiting).toBe(0)
  await Promise.all(batches)
})

test('a frame is dealt with before the next one is read; behind one that has to be waited for all are read at once', async () => {
  let goOn = () => {}
  const readAt: number[] = []
  const { upstream, take } = createSubject((frame) => {
    readAt.push(upstream.wasRead.length)
    return frame[1] === 2 ? new Promise((resolve) => (goOn = () => resolve(receipt(frame)))) : receipt(frame)
  })
  const dealt = take(1, 4)
  expect(upstream.wasRead).toEqual([1, 2, 3, 4])
  goOn()
  await dealt
  expect(readAt).toEqual([1, 2, 4, 4])
})

test('what is taken while a frame is dealt with comes after the batch of that frame', async () => {
  const later: Promise<void>[] = []
  const { answered, take } = createSubject((frame) => {
    if (frame[1] === 1) later.push(take(4))
    return receipt(frame)
  })
  await take(1, 3)
  await Promise.all(later)
  expect(answered).toEqual([1, 2, 3, 4])
})

test.each(['at once', 'later'])('a frame that fails %s ends its batch alone', async (when) => {
  const { answered, reported, take } = createSubject((frame) => {
    if (frame[1] !== 2) return receipt(frame)
    if (when === 'later') return Promise.reject(new Error('broken'))
    throw new Error('broken')
  })
  const [failing, next] = [take(1, 3), take(4)]
  await expect(failing).rejects.toMatchObject({ code: 'internal-error' })
  await next
  expect(answered).toEqual([1, 4])
  expect(reported).toEqual(['internal-error'])
})

test('the next batch is not begun before the link of one that failed has been ended', async () => {
  const { upstream, source, answered, ended, take } = createSubject((frame) =>
    frame[1] === 1 ? Promise.reject(new HoldfastError('jump', 'left out')) : receipt(frame),
  )
  const failing = (upstream.take('["publish",1,"t",0]', source) as Promise<void>).catch(() => {
    ended.is = true
  })
  await Promise.all([failing, take(2)])
  expect(answered).toEqual([])
})

test('what is no frame ends its batch when what stands before it has been dealt with', async () => {
  let goOn = () => {}
  const { upstream, source, answered } = createSubject((frame) =>
    frame[1] === 1 ? new Promise((resolve) => (goOn = () => resolve(receipt(frame)))) : receipt(frame),
  )
  const dealt = upstream.take('["publish",1,"t",0]\n["publish",2,"t",0]\nnonsense\n["publish",3,"t",0]', source)
  goOn()
  await expect(dealt).rejects.toMatchObject({ code: 'malformed' })
  expect(answered).toEqual([1, 2])
  expect(() => upstream.take('nonsense', source)).toThrow('malformed')
})

test('signs of life, and what is no frame, wait for nobody', async () => {
  let goOn = () => {}
  const { upstream, source, take } = createSubject(
    (frame) => new Promise((resolve) => (goOn = () => resolve(receipt(frame)))),
  )
  const dealt = take(1)
  const { waiting } = upstream
  expect(upstream.take('["ping",1]', source)).toBeUndefined()
  expect(() => upstream.take('["ping",1]\nnonsense', source)).toThrow('malformed')
  expect(upstream.waiting).toBe(waiting)
  goOn()
  await dealt
})

test('where a frame cannot be read for a failure of ours, its batch ends alone', async () => {
  const { upstream, source, answered, reported, take } = createSubject(receipt)
  expect(() => upstream.take('["publish",1,"t",0]\n["bye"]\n["publish",2,"t",0]', source)).toThrow('failed')
  await take(2)
  expect(answered).toEqual([1, 2])
  expect(reported).toEqual(['internal-error'])
})

test('a batch whose source has ended is not gone on with', async () => {
  const { answered, ended, take } = createSubject((frame) => {
    ended.is = frame[1] === 2
    return receipt(frame)
  })
  await take(1, 3)
  expect(answered).toEqual([1, 2])
})
