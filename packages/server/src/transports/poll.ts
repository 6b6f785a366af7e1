import { closeCodes, inboxTopic, parseCursor, parseUp } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import type { Fault } from '../faults.ts'
import { closeLine, fault } from '../faults.ts'
import type { Transport } from '../links/link.ts'
import { Link } from '../links/link.ts'
import { heartbeatLine } from '../links/outbox.ts'
import type { Asked } from '../links/subscriptions.ts'
import type { Session } from '../sessions/session.ts'
import type { Batch, Line } from '../topics/wire.ts'
import type { Exchange } from './exchange.ts'
import { refuse, textType } from './exchange.ts'
import type { HttpParts } from './exchanges.ts'
import { splitSession } from './send.ts'

/** `POST BASE/poll`: a hello, answered at once, or the cursors of all topics, answered when there is something. */
export function createPoll(
  context: Context,
  { admission, sessions, topics }: HttpParts,
): (exchange: Exchange) => Promise<void> {
  const { limits } = context.settings

  return async (exchange) => {
    const text = await exchange.body(limits.batchBytes)
    if (text.startsWith('["session"')) await goOn(exchange, text)
    else await begin(exchange, text)
  }

  async function begin(exchange: Exchange, line: string): Promise<void> {
    const { session, number, topics: wanted, welcome, asked } = await admission.admit(line, exchange, 'poll')
    const link = attach(session, number)
    link.lives = asked
    link.send(welcome)
    link.subscribe(wanted, asked)
    link.wait(exchange)
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
    const link = there instanceof PollLink ? there : attach(session, number)
    session.heard(number)
    if (link.closed) return refuse(context, exchange, { code: 'superseded', message: 'a newer link took over' })
    if (!link.wait(exchange)) return
    link.rest()
    // Another node may have had the frame that says so.
    link.keep(new Set(wanted.map(([topic]) => topic)))
    const before = link.lives
    const now = new Map<string, Asked>()
    for (const [topic, from] of wanted) {
      const known = link.granted(topic) === true
      const live = (known ? undefined : before.get(topic)) ?? asked.get(topic)
      if (from === 'live' && !known) now.set(topic, live)
      link.listen(topic, from, live, known && parseCursor(from) !== null)
    }
    link.lives = now
  }

  function attach(session: Session, number: number): PollLink {
    const link = new PollLink(context, session, number)
    session.attach(link)
    return link
  }
}

/** A link goes on between its polls. */
class PollLink extends Link<Exchange> {
  /** `live` is the head when it was first read, though authorization may outlast a poll. */
  lives: ReadonlyMap<string, Asked> = new Map()
  #held: Line[] = []
  #size = 0

  get transport(): Transport {
    return 'poll'
  }

  override get acknowledged(): boolean {
    return false
  }

  override get away(): boolean {
    return this.far === null
  }

  protected override get buffered(): number {
    return this.#size
  }

  /** The answer to this one is what comes next; false if it was answered at once. */
  wait(exchange: Exchange): boolean {
    // A client that polls anew has given the former poll up.
    if (this.far) this.answer(200, [heartbeatLine], [])
    this.far = exchange
    exchange.onGone(() => {
      if (this.far !== exchange) return
      this.far = null
      this.rest()
    })
    if (this.#held.length === 0) return true
    this.answer(200, this.release(), [])
    return false
  }

  protected override write(batch: Batch): void {
    this.#held.push(...batch.lines)
    this.#size += batch.size
    if (this.far) this.answer(200, this.release(), [])
  }

  protected override close(why: Fault): void {
    if (this.far) this.answer(closeCodes[why.code].status, this.release(), [closeLine(why)])
  }

  override destroy(): void {
    this.far?.destroy()
    this.far = null
  }

  // Until the next poll names its cursors nothing more is to be written.
  private answer(status: number, lines: readonly Line[], more: readonly string[]): void {
    const exchange = this.far
    this.far = null
    exchange?.answer(status, textType, [...lines.map(({ text }) => text), ...more].join('\n'))
    this.rest()
  }

  private release(): readonly Line[] {
    const lines = this.#held
    this.#held = []
    this.#size = 0
    return lines
  }
}
