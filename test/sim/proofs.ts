import type { ConnectionState } from '@holdfast/client/core'
import type { Report } from './harm.ts'
import type { Truth } from './truth.ts'

const transportOf: Record<string, string> = { websocket: 'websocket', stream: 'sse', poll: 'poll' }

/**
 * Checks the state that a connection shows: it is online on what has brought a welcome and on nothing else, always on
 * something, and a new link is no reason to forget how often it was tried.
 */
export function createProofs(name: string, truth: Truth, report: Report) {
  const welcomes: Record<string, number> = {}
  const onlines: Record<string, number> = {}
  let before: ConnectionState | null = null
  let last: string | null = null

  return {
    down(link: string, text: string): void {
      const kind = transportOf[link.split('#')[0] ?? '']
      if (kind && text.includes('["welcome"')) welcomes[kind] = (welcomes[kind] ?? 0) + 1
    },
    state(state: ConnectionState): void {
      const { phase, transport, attempt } = state
      const was = before
      before = state
      if (phase !== 'online') return
      if (!transport) report('untruths', `${name} is online, on nothing`)
      else if (was?.phase !== 'online' || was.transport !== transport) {
        if (last && last !== transport) truth.tally.switches++
        last = transport
        onlines[transport] = (onlines[transport] ?? 0) + 1
        if ((onlines[transport] ?? 0) > (welcomes[transport] ?? 0)) {
          report('untruths', `${name} is online on ${transport}, which has not proved itself`)
        }
      }
      if (was && was.phase !== 'online' && was.attempt > 0 && attempt === 0) {
        report('untruths', `${name} forgets its ${was.attempt} attempts as soon as it is online`)
      }
    },
  }
}
