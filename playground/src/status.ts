import type { Connection, ConnectionState } from '@holdfast/client'
import { combineLatest, distinctUntilChanged, interval, map, startWith } from 'rxjs'
import { byId, h, setText } from './dom.ts'
import { createSparkline } from './sparkline.ts'
import { countdown, headline, reasonWords, transportName } from './words.ts'

/** The whole ConnectionState, in words that a person understands. */
export function showStatus(connection: Connection): void {
  const lead = h('p', { class: 'lead', role: 'status' })
  const fields = {
    Transport: h('dd'),
    State: h('dd'),
    Attempt: h('dd'),
    'Next try': h('dd'),
    'Round trip': h('dd'),
    'Waiting to be sent': h('dd'),
    'Why not a better one': h('dd', { class: 'prose' }),
    'Last error': h('dd', { class: 'prose' }),
  }
  const rtt = h('span')
  const sparkline = createSparkline('Round-trip times of the last two minutes')
  fields['Round trip'].append(rtt, sparkline.element)
  const list = h('dl', { class: 'facts' })
  for (const [term, value] of Object.entries(fields)) list.append(h('div', {}, h('dt', {}, term), value))
  byId('status').append(lead, list)

  const retry = byId<HTMLButtonElement>('retry')
  retry.addEventListener('click', () => connection.reconnect())

  combineLatest([connection.state$, interval(200).pipe(startWith(0))]).subscribe(([state]) => {
    const now = Date.now()
    setText(lead, headline(state))
    setText(fields.Transport, transportName(state.transport))
    setText(fields.State, state.phase)
    setText(fields['Why not a better one'], reasonWords(state))
    setText(fields.Attempt, state.attempt === 0 ? 'none, steady' : String(state.attempt))
    setText(fields['Next try'], nextTry(state, now))
    setText(rtt, state.rttMs === null ? '–' : `${formatMs(state.rttMs)} ms`)
    setText(fields['Waiting to be sent'], state.pending === 0 ? 'nothing' : String(state.pending))
    setText(fields['Last error'], errorWords(state, now))
    retry.disabled = state.phase === 'closed'
  })

  connection.state$
    .pipe(
      map(({ rttMs }) => rttMs),
      distinctUntilChanged(),
    )
    .subscribe((rttMs) => rttMs !== null && sparkline.add(rttMs))
}

function nextTry({ retryAt, state, transport }: ConnectionState, now: number): string {
  if (state === 'online.upgrading' || state === 'online.trial') return 'under way'
  if (retryAt === null && transport !== null && transport !== 'websocket') return 'in the background'
  return countdown(retryAt, now)
}

function errorWords({ lastError }: ConnectionState, now: number): string {
  if (!lastError) return 'none'
  return `${lastError.code}: ${lastError.message} (${Math.max(0, Math.round((now - lastError.at) / 1000))} s ago)`
}

function formatMs(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value))
}
