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
} satisfies Record<string, () => Promise<Contestant>>

export type ContestantName = keyof typeof contestants
