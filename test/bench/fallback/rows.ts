import type { Faults } from '../../support/fault-proxy/index.ts'
import { connecting, connectingAgain, cutInMidSession, slowButFine } from './tries.ts'
import type { World } from './world.ts'

export interface Goal {
  /** As `run` names it. */
  readonly figure: string
  /** Said behind the row's name, where the row has several figures. */
  readonly what?: string
  /** In ms, at 50 and at 0 ms of latency each way; null: it is measured by the bare WebSocket beside it. */
  readonly goal: { readonly 50: number; readonly 0: number } | null
  /** Transports that are opened one after the other on the way, each as dear as the bare one. */
  readonly opens: number
}

export interface Row {
  readonly name: string
  readonly goals: readonly Goal[]
  run(world: World, latencyMs: number): Promise<Readonly<Record<string, number>>>
}

type WebSocketFault = Faults['websocket']

const firstMessage = (at50: number, at0: number, opens: number): Goal => ({
  figure: 'firstMessage',
  goal: { 50: at50, 0: at0 },
  opens,
})

const faulty = (name: string, websocket: WebSocketFault, goal: Goal): Row => ({
  name,
  goals: [goal],
  run: (world, latencyMs) => connecting(world, { latencyMs, websocket }, 'sse'),
})

const seenBefore = (name: string, websocket: WebSocketFault): Row => ({
  name: `${name}, seen before`,
  goals: [firstMessage(215, 8, 1)],
  run: (world, latencyMs) => connectingAgain(world, { latencyMs, websocket }, 'sse'),
})

/** The goals are those of the table that Holdfast was designed to. */
export const rows: readonly Row[] = [
  {
    name: 'healthy',
    goals: [{ figure: 'firstMessage', goal: null, opens: 1 }],
    run: (world, latencyMs) => connecting(world, { latencyMs }, 'websocket'),
  },
  faulty('refused: 403', { refuse: 403 }, firstMessage(420, 12, 2)),
  faulty('refused: 404', { refuse: 404 }, firstMessage(420, 12, 2)),
  faulty('refused: 502', { refuse: 502 }, firstMessage(420, 12, 2)),
  faulty('swallowed', 'swallow', firstMessage(420, 220, 1)),
  faulty('accepted (101), then cut', 'cut', firstMessage(420, 20, 2)),
  faulty('accepted (101), then silent', 'silent', firstMessage(420, 220, 1)),
  seenBefore('refused: 403', { refuse: 403 }),
  seenBefore('swallowed', 'swallow'),
  seenBefore('accepted (101), then cut', 'cut'),
  seenBefore('accepted (101), then silent', 'silent'),
  {
    name: 'refused, and the stream is buffered',
    goals: [firstMessage(1_500, 1_000, 2)],
    run: (world, latencyMs) => connecting(world, { latencyMs, websocket: 'refuse', stream: 'buffer' }, 'poll'),
  },
  {
    name: 'cut in mid-session, then swallowed',
    goals: [{ figure: 'nextMessage', goal: { 50: 600, 0: 400 }, opens: 1 }],
    run: cutInMidSession,
  },
  {
    name: 'slow but fine (1 s handshake)',
    goals: [
      { ...firstMessage(420, 220, 1), what: 'data' },
      // The table says 1.2 s, of which the ideal handshake takes 1,204 ms: rounded to tenths of a second.
      { figure: 'onWebSocket', what: 'on WebSocket', goal: { 50: 1_249, 0: 1_049 }, opens: 1 },
    ],
    run: slowButFine,
  },
]
