import type { Faults, PostFault, WebSocketFault } from './faults.ts'
import { isUpgrade, type RequestHead } from './http-head.ts'
import type { LogEvent } from './record.ts'

/** What is to happen to one request; settled when its head arrives. */
export type Plan =
  | { kind: 'forward' | 'swallow' | 'silence' | 'cut-tunnel' | 'mute' | 'lose-response' }
  | { kind: 'delay'; delayMs: number }
  | { kind: 'limit'; maxBytes: number }
  | { kind: 'answer'; status: number; connection: 'close' | 'keep-alive'; event: LogEvent }

export function planRequest(
  head: RequestHead,
  faults: Faults,
  isUpstreamPost: (request: { path: string }) => boolean,
): Plan {
  if (isUpgrade(head)) return planUpgrade(faults.websocket)
  return head.method === 'POST' && isUpstreamPost(head) ? planPost(faults.post) : { kind: 'forward' }
}

function planUpgrade(fault: WebSocketFault): Plan {
  if (typeof fault === 'object') {
    return 'refuse' in fault ? refuse(fault.refuse) : { kind: 'delay', delayMs: fault.delayMs }
  }
  switch (fault) {
    case 'pass':
      return { kind: 'forward' }
    case 'refuse':
      return refuse(403)
    case 'cut':
      return { kind: 'cut-tunnel' }
    case 'silent':
      return { kind: 'silence' }
    case 'swallow':
    case 'mute':
      return { kind: fault }
  }
}

function planPost(fault: PostFault): Plan {
  if (typeof fault === 'object') {
    return 'fail' in fault ? fail(fault.fail) : { kind: 'limit', maxBytes: fault.maxBytes }
  }
  switch (fault) {
    case 'pass':
      return { kind: 'forward' }
    case 'fail':
      return fail(502)
    case 'swallow':
    case 'lose-response':
      return { kind: fault }
  }
}

function refuse(status: number): Plan {
  return { kind: 'answer', status, connection: 'close', event: 'refused' }
}

function fail(status: number): Plan {
  return { kind: 'answer', status, connection: 'keep-alive', event: 'failed' }
}
