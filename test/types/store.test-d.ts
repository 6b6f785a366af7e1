// Checked by `tsc` alone, as part of `npm run check`: what has to compile, and what must not.
import type { Connection, ConnectionState, Receipt } from '@holdfast/client'
import { defineTopic } from '@holdfast/client'
import type { Hub } from '@holdfast/server'
import { connectionStore, type Loss, type TopicContext, topicStore } from '@holdfast/store'
import { persist } from '@xstate/store/persist'
import { useSelector } from '@xstate/store-react'
import { expectTypeOf } from 'vitest'
import { z } from 'zod'

declare const connection: Connection
declare const hub: Hub

const price = z.object({ symbol: z.string(), bid: z.number() })
type Price = z.infer<typeof price>
type Prices = Record<string, Price>
const prices = defineTopic('prices:{market}', { schema: price })
const topic = connection.topic(prices({ market: 'vienna' }))
const initial: Prices = {}

export function useStores() {
  const board = topicStore(topic, { initial, message: (state, one) => ({ ...state, [one.symbol]: one }) })
  expectTypeOf(board.get().context).toEqualTypeOf<TopicContext<Prices, Price>>()
  expectTypeOf(board.get().context.pending[0]?.data).toEqualTypeOf<Price | undefined>()
  expectTypeOf(board.publish({ symbol: 'A', bid: 1 })).toEqualTypeOf<Promise<Receipt>>()
  expectTypeOf(board.select(({ data }) => data.A?.bid).get()).toEqualTypeOf<number | undefined>()
  expectTypeOf(useSelector(board, ({ context }) => context.data.A)).toEqualTypeOf<Price | undefined>()
  expectTypeOf(board.with(persist({ name: 'board' })).publish)
    .parameter(0)
    .toEqualTypeOf<Price>()

  // @ts-expect-error another payload
  board.publish({ symbol: 'A' })
  // @ts-expect-error the context has no such part
  board.select(({ prices }) => prices)
  // @ts-expect-error the data have no such part
  board.select(({ data }) => data.A?.ask)
  // @ts-expect-error the snapshot has a context, and no data
  useSelector(board, ({ data }) => data)
  // @ts-expect-error the selection is a number
  board.select(({ data }) => data.A?.bid ?? 0).subscribe((bid: string) => bid)
}

export function folds() {
  const batches = topicStore(topic, { initial: 0, messages: (count, batch) => count + batch.length })
  expectTypeOf(batches.get().context.data).toEqualTypeOf<number>()
  const onHub = topicStore(hub.topic(prices({ market: 'vienna' })), {
    initial: 0,
    message: (sum, { bid }) => sum + bid,
  })
  expectTypeOf(onHub.get().context.data).toEqualTypeOf<number>()

  // @ts-expect-error a message has no such part
  topicStore(topic, { initial: 0, message: (sum, { ask }) => sum + ask })
  // @ts-expect-error another state
  topicStore(topic, { initial: 0, message: (_, { symbol }) => symbol })
  // @ts-expect-error a state with its cursor is needed
  topicStore(topic, { initial: 0, message: (sum) => sum, snapshot: async () => 7 })
  // @ts-expect-error another state
  topicStore(topic, { initial: 0, message: (sum) => sum, hydrate: { state: 'seven', cursor: 'e.7' } })
}

export function connections() {
  const network = connectionStore(connection)
  expectTypeOf(network.select(({ lost }) => lost).get()).toEqualTypeOf<boolean>()
  expectTypeOf(network.get().context).toExtend<ConnectionState & Loss>()
  // @ts-expect-error no part of the state
  network.select(({ found }) => found)
}
