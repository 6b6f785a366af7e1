/** A deliberate bug, as a change of the sources that the simulation is built from. */
export interface Mutant {
  readonly name: string
  readonly says: string
  readonly changes: readonly { readonly file: string; readonly from: string; readonly to: string }[]
}

const client = (file: string, from: string, to: string) => ({ file: `packages/client/src/${file}`, from, to })
const server = (file: string, from: string, to: string) => ({ file: `packages/server/src/${file}`, from, to })
const store = (file: string, from: string, to: string) => ({ file: `packages/store/src/${file}`, from, to })

/** Each must be found: one that survives is a hole in what the simulation checks. */
export const mutants: readonly Mutant[] = [
  {
    name: 'no-deduplication',
    says: 'the client hands on entries that it has had',
    changes: [
      client(
        'topics.ts',
        'if (covers(topic.position, at)) arrived(topic)\n      else if (isHole',
        'if (!covers(topic.position, at) && isHole',
      ),
    ],
  },
  {
    name: 'off-by-one-resume',
    says: 'a topic resumes one entry after its cursor',
    changes: [
      client(
        'wire-topic.ts',
        'formatCursor(position.epoch, position.offset) : from',
        'formatCursor(position.epoch, position.offset + 1) : from',
      ),
    ],
  },
  {
    name: 'gap-swallowed',
    says: 'the client moves on over a gap and tells nobody',
    changes: [client('topics.ts', 'else emit(topic, at, gap)', 'else topic.position = at')],
  },
  {
    name: 'gap-before-its-snapshot',
    says: 'the client tells a gap, and moves on over it, before the snapshot is there',
    changes: [
      client(
        'topics.ts',
        'topic.awaited = { cursor: to, gap }\n',
        '{\n        emit(topic, at, gap)\n        topic.awaited = { cursor: to, gap: null }\n      }\n',
      ),
    ],
  },
  {
    name: 'position-before-its-snapshot',
    says: 'the client stands where a topic begins before it has the snapshot of that position',
    changes: [
      client('topics.ts', 'if (!topic.position && options?.snapshot) {', 'if (topic.mending && options?.snapshot) {'),
    ],
  },
  {
    name: 'epoch-ignored',
    says: 'offsets are compared whatever the epoch',
    changes: [
      client('wire-topic.ts', 'here !== null && here.epoch === at.epoch && at.offset', 'here !== null && at.offset'),
    ],
  },
  {
    name: 'joined-too-early',
    says: 'a late subscriber is let in after its first page, though the wire has moved on',
    changes: [
      client(
        'join.ts',
        'join(topic, listener, reads, formatCursor(at.epoch, at.offset), done && isLevel ? position.offset : 0)',
        'listener.joined = at.offset >= 0',
      ),
    ],
  },
  {
    name: 'trust-at-open',
    says: 'a link carries as soon as it is open, before its welcome',
    changes: [
      client(
        'links.ts',
        "silence = { ...silence, code: 'silent' }\n",
        `silence = { ...silence, code: 'silent' }
        if (!one.welcome) {
          const limits = { messageBytes: 262_144, batchBytes: 524_288, window: 1_024 }
          one.welcome = { received: 0, user: '', heartbeatMs: 5_000, limits }
          send({ type: 'try.proved', id })
        }
`,
      ),
    ],
  },
  {
    name: 'upgrade-breaks-first',
    says: 'the link that carries is dropped when a better one is tried',
    changes: [
      client('race.ts', 'race.round + 1),\n  retryAt: null,', 'race.round + 1),\n  retryAt: null,\n  carrier: null,'),
    ],
  },
  {
    name: 'backoff-reset-at-once',
    says: 'the backoff begins anew with every link that proves itself',
    changes: [
      client(
        'race.ts',
        '    refusals: 0,\n    probes: winner',
        '    refusals: 0,\n    attempt: 0,\n    probes: winner',
      ),
    ],
  },
  {
    name: 'old-link-left-open',
    says: 'a link that was replaced, or has lost its race, is not closed',
    changes: [client('links.ts', 'if (!wanted.includes(id)) close()', 'if (!wanted.includes(id) && !carrier) close()')],
  },
  {
    name: 'dead-link-trusted',
    says: 'pings that are not answered make no link suspect',
    changes: [client('pulse.ts', "send({ type: 'link.suspect' })", 'suspicions = 0')],
  },
  {
    name: 'handshake-for-ever',
    says: 'a handshake without an answer is never given up',
    changes: [client('links.ts', 'lost(silence), timing.handshakeMs)', 'lost(silence), timing.handshakeMs * 1e6)')],
  },
  {
    name: 'timer-left',
    says: 'the time limit of a request that was answered runs on',
    changes: [client('sender.ts', 'clock.clearTimeout(timer)', 'void timer')],
  },
  {
    name: 'unbounded-outbox',
    says: 'what waits to be sent has no limit',
    changes: [client('outbox.ts', 'while (!entry.settled && (messages', 'while (limits.maxCount < 0 && (messages')],
  },
  {
    name: 'lost-session-resent',
    says: 'what was handed over in a lost session is sent again in the new one',
    changes: [
      client(
        'outbox.ts',
        "      failHanded('session-lost', 'the session was lost')\n",
        `      for (const entry of entries) if (entry) entry.n = 0
      asked.clear()\n`,
      ),
    ],
  },
  {
    name: 'successor-resent',
    says: 'what was handed over is sent again to the session that the hub began in place of a lost one',
    changes: [
      client(
        'session.ts',
        'renew()\n      return true',
        'identity.renew()\n      topics.forgetInbox()\n      return true',
      ),
    ],
  },
  {
    name: 'unknown-called-not-sent',
    says: 'what was handed over and given up is said never to have left',
    changes: [
      client(
        'outbox.ts',
        "if (entry?.n) fail(entry, code, message, 'unknown')",
        "if (entry?.n) fail(entry, code, message, 'not-sent')",
      ),
    ],
  },
  {
    name: 'receipt-before-append',
    says: 'a publish is confirmed before the log has it',
    changes: [
      server(
        'sessions/numbered.ts',
        'return after(append(), (known) => outcome(known, undefined))',
        `return after(log.state(), (at) => {
        rescue(append, () => {})
        return { answer: ['receipt', number, \`\${at?.epoch ?? 'none'}.\${(at?.head ?? 0) + 1}\`], fresh: true }
      })`,
      ),
    ],
  },
  {
    name: 'repeated-number-applied',
    says: 'the broker appends a number that it has had',
    changes: [
      server('broker/memory-logs.ts', 'if (earlier) return earlier', "if (earlier?.status === 'jump') return earlier"),
    ],
  },
  {
    name: 'request-started-twice',
    says: 'a request that comes again starts its handler again',
    changes: [server('sessions/numbered.ts', 'if (recorded.fresh) requests.start', 'requests.start')],
  },
  {
    name: 'uncertain-called-certain',
    says: 'a failure of the broker that leaves the outcome open is told as a rejection',
    changes: [server('broker/failures.ts', "cause.certain ? 'rejected'", "cause.message ? 'rejected'")],
  },
  {
    name: 'resume-creates',
    says: 'a hello that resumes a session that is gone begins it anew',
    changes: [server('sessions/sessions.ts', "mode === 'new'", "mode !== ('never' as string)")],
  },
  {
    name: 'gap-one-short',
    says: 'the hub reads on where one entry is missing',
    changes: [server('links/reader.ts', 'this.#offset < page.floor)', 'this.#offset < page.floor - 1)')],
  },
  {
    name: 'acknowledged-for-nothing',
    says: 'what is acknowledged makes no room',
    changes: [
      server(
        'links/subscriber.ts',
        'this.#inFlight -= find(this.#subscriptions, topic)?.acknowledge(position) ?? 0',
        'find(this.#subscriptions, topic)?.acknowledge(position)',
      ),
    ],
  },
  {
    name: 'conflated-key-held',
    says: 'a key of a conflated topic is held back for ever once it was sent',
    changes: [server('links/flight.ts', 'this.#keys?.delete(key)', 'void key')],
  },
  {
    name: 'inbox-trimmed-too-far',
    says: 'one message more than was acknowledged is dropped from the inbox',
    changes: [
      server(
        'links/subscriber.ts',
        'this.owner.feed(inboxTopic).log.trim(position)',
        'this.owner.feed(inboxTopic).log.trim({ ...position, offset: position.offset + 1 })',
      ),
    ],
  },
  {
    name: 'closed-hub-keeps-connections',
    says: 'a hub that closes leaves connections open that do not close by themselves',
    changes: [server('transports/transports.ts', 'for (const one of [...open]) one.destroy()', 'void open')],
  },
  {
    name: 'own-entry-not-known',
    says: 'a store does not know its own change by the publish id, and shows it twice until the receipt is there',
    changes: [store('fold.ts', 'id !== null && event.id === id', 'id === event.cursor')],
  },
  {
    name: 'snapshot-holds-mine',
    says: 'a store shows what is pending over a snapshot that may hold it already',
    changes: [store('fold.ts', '{ ...one, doubtful: true }', '{ ...one, doubtful: false }')],
  },
  {
    name: 'store-starts-over',
    says: 'a store that goes on subscribes where its topic starts, not where it stands',
    changes: [store('join.ts', 'source.from ? source.from(cursor) : source', 'source.from ? source : source')],
  },
]
