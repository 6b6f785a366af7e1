import type { ConnectionState } from '@holdfast/client'

/** What a transport is called where people read it. */
export function transportName(transport: string | null): string {
  const names: Record<string, string> = { websocket: 'WebSocket', sse: 'SSE + POST', poll: 'Long polling' }
  return transport === null ? 'none' : (names[transport] ?? transport)
}

const reasons: Record<string, string> = {
  refused: 'Something on the way refused it.',
  swallowed: 'Its handshake was never answered: something on the way swallows it.',
  silent: 'It opened, but nothing came through it.',
  connections: 'Other tabs hold the connections that the browser has for this server.',
  cut: 'It was cut off soon after it opened.',
  remembered: 'It did not work on this network before; it is tried again in the background.',
  'websocket-missing': 'This environment has no WebSocket.',
  trying: 'It is being tried right now, beside the present one.',
}

/** Why a better transport is not in use. */
export function reasonWords({ reason, transport, phase }: ConnectionState): string {
  if (reason) return reasons[reason] ?? `The reason is “${reason}”.`
  if (transport === 'websocket') return 'There is none: this is the best one.'
  return phase === 'online' ? 'It is being found out.' : '–'
}

/** One sentence for the whole state. */
export function headline(state: ConnectionState): string {
  switch (state.phase) {
    case 'idle':
      return 'Not opened yet.'
    case 'connecting':
      return 'Connecting: the first transport that proves itself wins.'
    case 'online':
      return onlineWords(state)
    case 'reconnecting':
      return state.retryAt === null
        ? 'Reconnecting: looking for a way through, right now.'
        : 'No way through at the moment; it tries again by itself.'
    case 'offline':
      return 'This device says that it is offline. What you send waits here.'
    case 'closed':
      return 'Closed on purpose.'
    case 'failed':
      return 'Ended by the server; trying again would not help.'
  }
}

function onlineWords({ transport, state }: ConnectionState): string {
  const name = transportName(transport)
  if (state.endsWith('suspect')) return `On ${name}, but something went unanswered: another link is raced beside it.`
  if (transport === 'websocket') return 'Online on WebSocket, the best transport there is.'
  if (state.endsWith('upgrading')) return `Online on ${name}; a better transport is being tried beside it.`
  if (state.endsWith('trial')) return `Online on ${name}; a better transport works, and has to hold for a moment.`
  return `Online on ${name}. Nothing is missing; it climbs back by itself.`
}

/** What each state of the machine means; the machine may have states that this page does not know. */
export const stateWords: Readonly<Record<string, string>> = {
  idle: 'Nothing has been opened yet.',
  'connecting.headStart': 'The preferred transport has a short head start before the next one begins beside it.',
  'connecting.hedging': 'Several transports race; the first that proves itself carries the session.',
  'online.arrived': 'A link has just proved itself: on to where it belongs.',
  'online.settled': 'Connected on the best transport. Nothing to improve.',
  'online.lesser': 'Connected, but not on the best transport; a better one is tried again in the background.',
  'online.upgrading': 'A better transport is tried beside the present one, which goes on carrying everything.',
  'online.trial':
    'A better transport works, but was lost quickly before: it must hold for a moment before it takes over.',
  'online.suspect': 'Something went unanswered. The link is kept, while another one is raced beside it.',
  switching: 'The link is gone: on with what is already being tried, or with a new race.',
  waiting: 'Nothing works at the moment. A pause of random length, then the next attempt.',
  offline: 'The device says that it has no network. As soon as it has, the machine goes on.',
  parked: 'The page is put away. Its session is kept, and resumed when the page comes back.',
  closing: 'What was still to be sent is sent; then the session says goodbye.',
  closed: 'Closed on purpose. Nothing is left behind.',
  failed: 'The server said stop. Trying again would not help.',
}

/** What keeps the person informed while a time runs. */
export function countdown(until: number | null, now: number): string {
  if (until === null) return '–'
  const seconds = (until - now) / 1000
  return seconds <= 0 ? 'now' : `in ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`
}
