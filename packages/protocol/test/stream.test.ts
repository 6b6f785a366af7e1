import { Stream } from '@holdfast/protocol'
import {
  filter,
  firstValueFrom,
  map,
  mergeMap,
  type Observer,
  of,
  Subject,
  share,
  take,
  throwError,
  toArray,
} from 'rxjs'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

let source: Subject<number>
let stream: Stream<number>
let reported: unknown[]
let open: number

beforeEach(() => {
  vi.useFakeTimers()
  source = new Subject()
  reported = []
  open = 0
  stream = new Stream(
    (error) => reported.push(error),
    (subscriber) => {
      open++
      const subscription = source.subscribe(subscriber)
      return () => {
        open--
        subscription.unsubscribe()
      }
    },
  )
})
afterEach(() => {
  // RxJS throws what nobody handles in a timer.
  expect(vi.getTimerCount()).toBe(0)
  vi.useRealTimers()
})

const fail = (error: unknown) => () => {
  throw error
}

describe('what a listener throws is reported, and harms neither it nor another:', () => {
  const listeners: [string, Partial<Observer<number>> | ((value: number) => void)][] = [
    ['a function', fail('oops')],
    ['an observer', { next: fail('oops') }],
  ]
  test.each(listeners)('%s', (_, listener) => {
    const other: number[] = []
    stream.subscribe(listener)
    stream.subscribe((n) => other.push(n))
    source.next(1)
    source.next(2)
    expect([other, reported, open]).toEqual([[1, 2], ['oops', 'oops'], 2])
  })

  test('a method of an object keeps its `this`', () => {
    class Counter implements Partial<Observer<number>> {
      sum = 0
      next(n: number) {
        this.sum += n
      }
    }
    const counter = new Counter()
    stream.subscribe(counter)
    source.next(3)
    expect([counter.sum, reported]).toEqual([3, []])
  })

  test('an error handler and a complete handler', () => {
    stream.subscribe({ error: fail('in error') })
    stream.subscribe({ complete: fail('in complete') })
    source.error('the end')
    expect(reported).toEqual(['in error', 'the end'])
    source = new Subject()
    stream.subscribe(null, null, fail('in complete'))
    source.complete()
    expect(reported).toEqual(['in error', 'the end', 'in complete'])
  })

  test('a listener behind operators', () => {
    const other: string[] = []
    const piped = stream.pipe(
      filter((n) => n > 1),
      map((n) => `${n}`),
    )
    piped.subscribe(fail('behind a pipe'))
    piped.subscribe((text) => other.push(text))
    for (const n of [1, 2, 3]) source.next(n)
    expect([other, reported]).toEqual([
      ['2', '3'],
      ['behind a pipe', 'behind a pipe'],
    ])
  })

  test('a listener behind operators that RxJS builds in another way', () => {
    const other: number[] = []
    const piped = stream.pipe(
      mergeMap((n) => of(n, n)),
      share(),
    )
    piped.subscribe(fail('behind share'))
    piped.subscribe((n) => other.push(n))
    source.next(1)
    expect([other, reported]).toEqual([
      [1, 1],
      ['behind share', 'behind share'],
    ])
  })

  test('what an operator throws ends its own pipe alone', () => {
    const errors: unknown[] = []
    const other: number[] = []
    stream.pipe(map(fail('in map'))).subscribe({ error: (error) => errors.push(error) })
    stream.pipe(map(fail('in map, unhandled'))).subscribe(() => {})
    stream.subscribe((n) => other.push(n))
    source.next(1)
    source.next(2)
    expect([errors, reported, other, open]).toEqual([['in map'], ['in map, unhandled'], [1, 2], 1])
  })
})

test('an error that nobody handles is reported', () => {
  stream.subscribe(() => {})
  stream.pipe(mergeMap(() => throwError(() => 'inner'))).subscribe()
  source.next(1)
  source.error('outer')
  expect(reported).toEqual(['inner', 'outer'])
})

test('it is an Observable otherwise: it ends, and lets go', async () => {
  const two = firstValueFrom(stream.pipe(take(2), toArray()))
  const subscription = stream.subscribe()
  for (const n of [1, 2, 3]) source.next(n)
  expect(await two).toEqual([1, 2])
  expect(open).toBe(1)
  subscription.unsubscribe()
  expect([open, source.observed]).toEqual([0, false])
})
