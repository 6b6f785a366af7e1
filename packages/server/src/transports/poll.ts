import { closeCodes, inboxTopic, parseCursor, parseUp } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import { closeLine, fault } from '../faults.ts'
import type { Link } from '../links/link.ts'
import type { Sink } from '../links/outbox.ts'
import { heartbeatLine } from '../links/outbox.ts'
import type { Asked } from '../links/subscriptions.ts'
import type { Session } from '../sessions/session.ts'
import type { Line } from '../topics/wire.ts'
import type { Exchange } from './exchange.ts'
import { refuse, textHeaders } from './exchange.ts'
import type { HttpParts } from './exchanges.ts'
import { splitSession } from './send.ts'

/** `POST BASE/poll`: a hello, answered at once, or the cursors of all topics, answered when there is something. */
export function createPoll(
  context: Context,
  { admission, sessions, topics }: HttpParts,
): (exchange: Exchange) => Promise<void> {
  const { limits } = context.settings
  // The sinks of links that are here; a link goes on between its polls.
  const sinks = new WeakMap<Link, PollSink>()
  // `live` is the head when it was first read, though authorization may outlast a poll.
  const lives = new WeakMap<Link, Map<string, Asked>>()

  return async (exchange) => {
    const text = await exchange.body(limits.batchBytes)
    if (text.startsWith('["session"')) await goOn(exchange, text)
    else await begin(exchange, text)
  }

  async function begin(exchange: Exchange, line: string): Promise<void> {
    const { session, number, topics: wanted, welcome, asked } = await admission.admit(line, exchange, 'poll')
    const { link, sink } = attach(session, number)
    lives.set(link, new Map(asked))
    link.send(welcome)
    link.subscribe(wanted, asked)
    sink.wait(exchange)
  }

  async function goOn(exchange: Exchange, text: string): Promise<void> {
    const { frame, rest } = splitSession(text)
    const [, id, secret, number] = frame
    const poll = parseUp(rest)
    if (poll[0] !== 'poll') throw fault('malformed', `'poll' comes second, not '${poll[0]}'`)
    const wanted = poll[1]
    const asked = new Map<string, Asked>()
    for (const [topic, from] of wanted) {
      if (from === 'live' && topic !== inboxTopic && asked.size < limits.subscriptions)
        asked.set(topic, topics.peek(topic))
    }
    const session = await sessions.find(id, secret)
    const there = session.link(number)
    const { link, sink } =
      there && sinks.has(there) ? { link: there, sink: sinks.get(there) as PollSink } : attach(session, number)
    session.heard(number)
    if (link.closed) return refuse(context, exchange, { code: 'superseded', message: 'a newer link took over' })
    if (!sink.wait(exchange)) return
    link.rest()
    // Another node may have had the frame that says so.
    link.keep(new Set(wanted.map(([topic]) => topic)))
    const before = lives.get(link)
    const now = new Map<string, Asked>()
    for (const [topic, from] of wanted) {
      const known = link.granted(topic) === true
      const live = (known ? undefined : before?.get(topic)) ?? asked.get(topic)
      if (from === 'live' && !known) now.set(topic, live)
      link.listen(topic, from, live, known && parseCursor(from) !== null)
    }
    lives.set(link, now)
  }

  function attach(session: Session, number: number): { link: Link; sink: PollSink } {
    const sink = createPollSink(() => link.rest())
    const link = session.attach(number, 'poll', sink)
    sinks.set(link, sink)
    return { link, sink }
  }
}

interface PollSink extends Sink {
  /** The answer to this one is what comes next; false if it was answered at once. */
  wait(exchange: Exchange): boolean
}

/** `onAnswer`: until the next poll names its cursors nothing more is to be written. */
function createPollSink(onAnswer: () => void): PollSink {
  let waiting: Exchange | null = null
  let held: Line[] = []
  let size = 0

  const answer = (status: number, lines: readonly Line[], more: readonly string[]) => {
    const exchange = waiting
    waiting = null
    exchange?.answer(status, textHeaders, [...lines.map(({ text }) => text), ...more].join('\n'))
    onAnswer()
  }
  const release = () => {
    const lines = held
    held = []
    size = 0
    return lines
  }

  return {
    get away() {
      return waiting === null
    },
    get buffered() {
      return size
    },
    write(batch) {
      held.push(...batch.lines)
      size += batch.size
      if (waiting) answer(200, release(), [])
    },
    wait(exchange) {
      // A client that polls anew has given the former poll up.
      if (waiting) answer(200, [heartbeatLine], [])
      waiting = exchange
      exchange.onGone(() => {
        if (waiting !== exchange) return
        waiting = null
        onAnswer()
      })
      if (held.length === 0) return true
      answer(200, release(), [])
      return false
    },
    end(reason) {
      if (waiting) answer(closeCodes[reason.code].status, release(), [closeLine(reason)])
    },
    destroy() {
      waiting?.destroy()
      waiting = null
    },
  }
}
