import type { Connection, ConnectOptions } from '@holdfast/client'

export type Outcome = 'accepted' | 'rejected' | 'not-sent' | 'unknown'

/** What happened in a page; times in ms since 1970, so that they compare with the hub's. */
export interface Diary {
  /** What came down. */
  readonly heard: { readonly n: number; readonly at: number }[]
  readonly gaps: { readonly from: string; readonly to: string; readonly reason: string }[]
  /** What went up, by number; what its promise became, and its entry's offset. */
  readonly sent: { readonly at: number; outcome?: Outcome; offset?: number }[]
  readonly states: (Pick<ReturnType<Connection['getState']>, 'phase' | 'transport' | 'reason' | 'state'> & {
    readonly at: number
  })[]
  /** What the browser told the page: `restored` is a `pageshow` out of the back/forward cache. */
  readonly events: string[]
  /** When its timer ran, which is due every `upEveryMs`. */
  readonly ticks: number[]
}

/** What the page under test has. */
declare global {
  var holdfast: typeof import('@holdfast/client')
  var connection: Connection
  var diary: Diary
  var sending: ReturnType<typeof setInterval> | undefined
}

export interface Plan {
  readonly topics: { readonly down: string; readonly up: string }
  readonly options: Pick<ConnectOptions, 'timing' | 'transports'>
  readonly upEveryMs: number
  /** A hidden page has no timers to speak of: there, every so many messages down are followed by one up. */
  readonly downsForOneUp: number
}

/** Connects in the page, keeps sending, and writes the diary. Runs there, so it uses nothing from outside. */
export function keepDiary({ topics, options, upEveryMs, downsForOneUp }: Plan): void {
  const diary: Diary = { heard: [], gaps: [], sent: [], states: [], events: [], ticks: [] }
  const connection = globalThis.holdfast.connect('/realtime', options)
  const up = connection.topic<number>(topics.up)
  const send = () => {
    const one: Diary['sent'][number] = { at: Date.now() }
    up.publish(diary.sent.push(one) - 1).then(
      ({ offset }) => Object.assign(one, { outcome: 'accepted', offset }),
      ({ outcome }) => Object.assign(one, { outcome }),
    )
  }
  const note = (target: EventTarget, type: string, name = (_: Event): string => type) =>
    target.addEventListener(type, (event) => diary.events.push(name(event)))

  connection.state$.subscribe(({ phase, transport, reason, state }) =>
    diary.states.push({ phase, transport, reason, state, at: Date.now() }),
  )
  connection.topic<number>(topics.down, { from: 'start' }).events$.subscribe((event) => {
    if (event.type === 'gap') diary.gaps.push({ from: event.from, to: event.to, reason: event.reason })
    if (event.type !== 'message') return
    const count = diary.heard.push({ n: event.data, at: Date.now() })
    if (document.hidden && globalThis.sending && count % downsForOneUp === 0) send()
  })
  for (const type of ['offline', 'online', 'pagehide']) note(window, type)
  for (const type of ['freeze', 'resume']) note(document, type)
  note(window, 'pageshow', (event) => ((event as PageTransitionEvent).persisted ? 'restored' : 'shown'))
  note(document, 'visibilitychange', () => document.visibilityState)
  const sending = setInterval(() => {
    diary.ticks.push(Date.now())
    send()
  }, upEveryMs)
  Object.assign(globalThis, { diary, connection, sending })
}
