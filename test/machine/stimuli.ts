import { defaultTiming } from '../../packages/client/src/options.ts'
import type { Snapshot } from '../../packages/client/src/status.ts'
import { type Loss, networkLoss } from '../../packages/client/src/transports/transport.ts'
import type { delays, MachineEvent } from '../../packages/client/src/vocabulary.ts'

/** All that can move the machine: what it is told, its timers, and what it does by itself right after entering a state. */
export type Event = MachineEvent['type'] | `after ${keyof typeof delays}` | 'always'

/** One event as it may come, and how the world is when it does. */
export interface Stimulus {
  readonly type: string
  readonly name: Event
  readonly id?: string
  readonly loss?: Loss
  readonly drainMs?: number
  /** What the browser says of the network. */
  readonly offline?: boolean
  /** Since the carrier took over. */
  readonly ageMs?: number
}

const plain = [
  'connect',
  'reconnect',
  'drained',
  'link.suspect',
  'link.trusted',
  'network.hint',
  'network.offline',
  'page.hide',
  'page.show',
  'page.wake',
] as const satisfies Event[]

const cut = networkLoss('cut', 'the link was cut')
/** The one trouble that is shown as a reason while no link carries. */
const crowded = networkLoss('connections', 'other tabs hold the connections')
const spoken = (code: string, action: Loss['action']): Loss => ({ code, message: code, action })
/** What the hub itself may say; where it asks for another session or node, the machine does what it does for `later`. */
const verdicts: readonly Loss[] = [
  { ...networkLoss('later', 'the hub is full'), delayMs: 1_000 },
  spoken('unauthenticated', 'authenticate'),
  spoken('malformed', 'stop'),
]

/** A moment after it took over, after it had worked, and after it was stable. */
const ages = [10, 2_000, 2 * defaultTiming.stableMs]
const nobody = 'nobody'

/** Every kind of event that makes a difference to this snapshot, with each subject that it may have. */
export function stimuliOf(snapshot: Snapshot): Stimulus[] {
  // The shell sends nothing to a machine that has ended.
  if (snapshot.status !== 'active') return []
  const { carrier, contenders } = snapshot.context
  const trying = contenders.map(({ id }) => id)
  const unproved = contenders.filter(({ proved }) => !proved).map(({ id }) => id)

  return [
    ...plain.map((name) => stimulus(name)),
    stimulus('close', { drainMs: 100 }),
    ...[...unproved, nobody].map((id) => stimulus('try.proved', { id })),
    ...[...trying.slice(-1), nobody].map((id) => stimulus('try.troubled', { id, loss: crowded })),
    // Nobody else was asked.
    ...[...trying.filter((id) => !unproved.includes(id)), nobody].map((id) => stimulus('try.answered', { id })),
    stimulus('try.lost', { id: nobody, loss: cut }),
    ...trying.flatMap((id) => [cut, ...verdicts].map((loss) => stimulus('try.lost', { id, loss }))),
    // The browser's word counts where nothing else is being tried.
    ...trying.slice(-1).map((id) => stimulus('try.lost', { id, loss: cut, offline: true })),
    ...(carrier ? lossesOf(carrier.id) : []),
    ...timersOf(snapshot),
  ]
}

const lossesOf = (id: string): Stimulus[] => [
  ...ages.map((ageMs) => stimulus('try.lost', { id, loss: cut, ageMs })),
  ...verdicts.map((loss) => stimulus('try.lost', { id, loss })),
  stimulus('try.lost', { id, loss: cut, offline: true }),
]

/** The timers of the states that the machine is in: each may be the next to fire. */
const timersOf = ({ _nodes }: Snapshot): Stimulus[] =>
  _nodes
    .flatMap((node) => node.after)
    .map(({ delay, eventType }) => ({ type: eventType, name: `after ${delay}` as Event }))
    .flatMap((fired) => (fired.name === 'after suspicion' ? aged(fired) : [fired]))

/** A link may become suspect soon after it took over, or late; and then there may be no network at all. */
const aged = (fired: Stimulus): Stimulus[] => [
  ...ages.map((ageMs) => ({ ...fired, ageMs })),
  { ...fired, offline: true },
]

const stimulus = (name: MachineEvent['type'], more: Partial<Stimulus> = {}): Stimulus => ({ type: name, name, ...more })

/** Whether it comes by itself: time, and what the network answers. Nobody has to do anything, and no browser to say anything. */
export const comesByItself = ({ name }: { name: Event }): boolean =>
  name.startsWith('after ') || name.startsWith('try.')
