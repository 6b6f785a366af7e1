import type { Hub } from '@holdfast/server'
import type { Mutator } from '../mutate.ts'
import type { Trial } from '../trial.ts'

/** What entrances share. */
export interface Tools {
  readonly mutator: Mutator
  /** A request's headers, now and then with something odd among them. */
  headers(): Record<string, string>
  /** The peer goes: now, or long after. */
  end(gone: () => void): void
}

/** One way into the hub: has one input made, hands it in, and tells the trial what came out. */
export type Entrance = (hub: Hub, trial: Trial, tools: Tools) => Promise<void>
