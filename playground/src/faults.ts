import type { Faults } from './lab.ts'

/** What a switch does, what in the world does the same, and what should come of it. */
export interface Choice {
  readonly label: string
  readonly value: string
  readonly change: Partial<Faults>
  readonly world: string
  readonly outcome: string
}

/** What happens to WebSocket handshakes. The first one is health. */
export const websocketChoices: readonly Choice[] = [
  {
    label: 'Normal',
    value: 'pass',
    change: { websocket: 'pass' },
    world: 'A healthy network.',
    outcome: 'The connection runs on WebSocket, or climbs back to it by itself.',
  },
  {
    label: 'Refused',
    value: 'refuse',
    change: { websocket: 'refuse' },
    world: 'A corporate proxy that answers the upgrade with 403.',
    outcome: 'SSE carries on at once; better is tried in the background.',
  },
  {
    label: 'Swallowed',
    value: 'swallow',
    change: { websocket: 'swallow' },
    world: 'A firewall that lets the handshake wait for ever.',
    outcome: 'After a head start of about 200 ms, SSE overtakes it.',
  },
  {
    label: 'Silent',
    value: 'silent',
    change: { websocket: 'silent' },
    world: 'An antivirus or captive portal that accepts, then passes nothing.',
    outcome: 'Open proves nothing here: SSE is proved, so it carries.',
  },
  {
    label: 'Cut',
    value: 'cut',
    change: { websocket: 'cut' },
    world: 'A load balancer that accepts the upgrade, then drops it.',
    outcome: 'It never counts as connected; SSE takes its place.',
  },
  {
    label: 'Slow, 1 s',
    value: 'slow',
    change: { websocket: { delayMs: 1000 } },
    world: 'A proxy that inspects each upgrade for a second.',
    outcome: 'Data flows on SSE at once, on WebSocket a second later.',
  },
]

export interface Switch {
  readonly id: string
  readonly label: string
  readonly on: Partial<Faults>
  readonly off: Partial<Faults>
  readonly isOn: (faults: Faults) => boolean
  readonly world: string
}

export const switches: readonly Switch[] = [
  {
    id: 'stream',
    label: 'Hold the stream back',
    on: { stream: 'buffer' },
    off: { stream: 'pass' },
    isOn: ({ stream }) => stream !== 'pass',
    world:
      'A proxy that buffers responses: SSE opens, but nothing arrives. With WebSocket broken, too, polling carries.',
  },
  {
    id: 'post',
    label: 'Fail upstream POSTs',
    on: { post: 'fail' },
    off: { post: 'pass' },
    isOn: ({ post }) => post !== 'pass',
    world: 'A gateway that answers 502. Off WebSocket, what you send waits; it is applied once when this is over.',
  },
  {
    id: 'block',
    label: 'Block everything',
    on: { block: 'swallow' },
    off: { block: 'none' },
    isOn: ({ block }) => block !== 'none',
    world: 'A train tunnel: nothing passes, nobody is told. Afterwards all that was missed comes, in order, once.',
  },
]
