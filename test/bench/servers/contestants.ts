import type { Contestant } from './contestant.ts'

/** By name; each is loaded alone, so that none has another's modules in its memory. */
export const contestants = {
  'ws encoded': () => import('./ws.ts').then(({ createWs }) => createWs('encoded')),
  'ws send': () => import('./ws.ts').then(({ createWs }) => createWs('plain')),
  'ws corked': () => import('./ws.ts').then(({ createWs }) => createWs('corked')),
  'SSE write': () => import('./sse.ts').then(({ createSse }) => createSse('write')),
  'SSE socket': () => import('./sse.ts').then(({ createSse }) => createSse('socket')),
  'Socket.IO': () => import('./socketio.ts').then(({ createSocketIo }) => createSocketIo()),
  SockJS: () => import('./sockjs.ts').then(({ createSockJs }) => createSockJs()),
  'Holdfast ws': () => import('./holdfast.ts').then(({ createHoldfast }) => createHoldfast()),
  'Holdfast SSE': () => import('./holdfast.ts').then(({ createHoldfast }) => createHoldfast()),
  // So that a client that is late for a moment is not told a gap.
  'Holdfast, long history': () =>
    import('./holdfast.ts').then(({ createHoldfast }) =>
      createHoldfast({ history: { count: 500_000, bytes: 2 ** 28 } }),
    ),
} satisfies Record<string, () => Promise<Contestant>>

export type ContestantName = keyof typeof contestants
