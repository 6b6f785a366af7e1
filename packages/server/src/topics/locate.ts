import type { Position, Start } from '@holdfast/protocol'
import { HoldfastError } from '@holdfast/protocol'
import type { LogState } from '../broker/broker.ts'
import type { MaybePromise } from '../broker/maybe-promise.ts'
import type { Feed } from './feed.ts'
import type { Taken, TakeSnapshot } from './snapshots.ts'

/** Where a subscription starts, and the snapshot that comes first. */
export interface Located extends Position {
  readonly snapshot?: Taken
}

/**
 * Where a subscription starts. `read` is the log's state when the server read the subscription, for `live`: what comes
 * while its authorization runs is not missed. Throws `bad-cursor`.
 */
export async function locate(
  feed: Feed,
  start: Start,
  read: MaybePromise<LogState | null> | undefined,
  takeSnapshot: TakeSnapshot | null,
): Promise<Located> {
  await feed.open()
  const taken = start.at === 'snapshot' ? await takeSnapshot?.() : null
  const state = await feed.state(start.at === 'last' ? start.count : 0)
  if (!state) throw new Error(`the log of '${feed.name}' is gone`)
  switch (start.at) {
    case 'cursor':
      // A position that was never reached: what is sent after it would be dropped as known.
      if (start.epoch === state.epoch && start.offset > state.head) {
        throw new HoldfastError('bad-cursor', `'${feed.name}' has not come to ${start.epoch}.${start.offset}`)
      }
      return { epoch: start.epoch, offset: start.offset }
    case 'start':
    case 'snapshot':
      return taken ? { ...taken.position, snapshot: taken } : { epoch: state.epoch, offset: state.floor }
    case 'last':
      return { epoch: state.epoch, offset: state.before }
    case 'live': {
      const then = await read
      // It had not begun: all that it has came since.
      if (!then) return { epoch: state.epoch, offset: 0 }
      return { epoch: then.epoch, offset: then.head }
    }
  }
}
