import type { HoldfastError, Receipt, TopicEvent } from '@holdfast/protocol'

/** What must stay 0, and what may happen. */
export interface Harm {
  lost: number
  doubled: number
  reordered: number
  /** Answers that were not true: a receipt for another entry, or an entry that was said to be rejected. */
  falseReceipts: number
  /** Beside those that restarts explain. */
  gaps: number
}

export interface Tally extends Harm {
  /** Deliveries. */
  messages: number
  /** One for each subscriber and restart. */
  gapsByRestart: number
  /** Publishes and requests whose fate the client could not know, and said so. */
  unknown: number
}

/** Each message names its publisher and its number with it. */
export interface Mark {
  readonly who: number
  readonly n: number
}

/** What one log has shown of itself, by whomever; bounded. */
interface Epoch {
  readonly seen: Map<number, string>
  /** By receipts, for entries that nobody has seen yet. */
  readonly promised: Map<number, string>
  head: number
}

const windowSize = 2_000
const epochsKept = 2
const refusedKept = 200

/**
 * Keeps what was published beside what arrives, apart from client and hub, and counts what does not agree. It forgets what is
 * older than its windows, so that it does not grow.
 * @param onHarm hears of each, as a line to read
 */
export function createModel(onHarm: (line: string) => void) {
  const tally: Tally = {
    messages: 0,
    lost: 0,
    doubled: 0,
    reordered: 0,
    falseReceipts: 0,
    gaps: 0,
    gapsByRestart: 0,
    unknown: 0,
  }
  const logs = new Map<string, Map<string, Epoch>>()
  const newest = new Map<string, number>()
  /** Marks that were rejected or never sent. */
  const refused = new Set<string>()

  function harm(kind: keyof Harm, count: number, line: string): void {
    tally[kind] += count
    onHarm(`${kind}: ${line}`)
  }

  function epochOf(topic: string, name: string): Epoch {
    const epochs = logs.get(topic) ?? new Map<string, Epoch>()
    logs.set(topic, epochs)
    const epoch = epochs.get(name) ?? { seen: new Map(), promised: new Map(), head: 0 }
    epochs.set(name, epoch)
    trim(epochs, epochsKept)
    return epoch
  }

  /** Somebody has received it: all must agree, and each publisher's numbers rise. */
  function seen(topic: string, name: string, offset: number, { who, n }: Mark): void {
    const epoch = epochOf(topic, name)
    const mark = `${who}.${n}`
    const known = epoch.seen.get(offset)
    if (known !== undefined && known !== mark)
      harm('reordered', 1, `${topic} ${name}.${offset} is ${known} and ${mark}`)
    if (known === undefined && offset > epoch.head - windowSize) {
      epoch.seen.set(offset, mark)
      trim(epoch.seen, windowSize)
      const promised = epoch.promised.get(offset)
      epoch.promised.delete(offset)
      if (promised !== undefined && promised !== mark) {
        harm('falseReceipts', 1, `${topic} ${name}.${offset} is ${mark}, and ${promised} had the receipt`)
      }
    }
    if (offset <= epoch.head) return
    epoch.head = offset
    if (refused.has(`${topic} ${mark}`)) harm('falseReceipts', 1, `${topic} ${mark} was refused, and came`)
    const last = newest.get(`${topic} ${who}`) ?? -1
    if (n === last) harm('doubled', 1, `${topic} ${mark} again at ${name}.${offset}`)
    else if (n < last) harm('reordered', 1, `${topic} ${mark} after ${last} at ${name}.${offset}`)
    else newest.set(`${topic} ${who}`, n)
  }

  return {
    tally,

    /** What the publisher was told. */
    accepted(topic: string, { who, n }: Mark, { epoch: name, offset }: Receipt): void {
      const epoch = epochOf(topic, name)
      const mark = `${who}.${n}`
      const known = epoch.seen.get(offset)
      if (known === undefined && offset > epoch.head - windowSize) epoch.promised.set(offset, mark)
      else if (known !== undefined && known !== mark) {
        harm('falseReceipts', 1, `${topic} ${mark} had the receipt of ${name}.${offset}, which is ${known}`)
      }
    },

    failed(topic: string, { who, n }: Mark, { outcome }: HoldfastError): void {
      if (outcome === 'unknown') tally.unknown += 1
      else refused.add(`${topic} ${who}.${n}`)
      if (refused.size > refusedKept) refused.delete(refused.values().next().value as string)
    },

    answered(asked: unknown, answer: unknown): void {
      if (asked !== answer) harm('falseReceipts', 1, `asked ${asked}, answered ${JSON.stringify(answer)}`)
    },

    /** One listener on one topic, from its start. */
    subscriber(name: string, topic: string) {
      let epoch: string | null = null
      let offset = 0
      let gapTo: string | null = null
      return {
        take(event: TopicEvent<Mark>): void {
          if (event.type === 'snapshot') return
          if (event.type === 'gap') {
            const at = event.to.lastIndexOf('.')
            const to = event.to.slice(0, at)
            if (event.reason === 'epoch' && to !== gapTo) tally.gapsByRestart += 1
            else harm('gaps', 1, `${name} ${topic} ${event.from} to ${event.to}, ${event.reason}`)
            gapTo = to
            epoch = to
            offset = Number(event.to.slice(at + 1))
            return
          }
          tally.messages += 1
          const where = `${name} ${topic} ${event.cursor} after ${epoch}.${offset}`
          if (epoch !== null && event.epoch !== epoch) harm('lost', 1, `${where}: another epoch without a gap`)
          else if (event.offset === offset) harm('doubled', 1, where)
          else if (event.offset < offset) harm('reordered', 1, where)
          else if (event.offset > offset + 1) harm('lost', event.offset - offset - 1, where)
          epoch = event.epoch
          offset = event.offset
          seen(topic, event.epoch, event.offset, event.data)
        },
        /** Whether it has all that is known of the topic's present log. */
        isDone(): boolean {
          if (epoch === null) return logs.get(topic) === undefined
          const { head, promised } = epochOf(topic, epoch)
          return offset >= head && promised.size === 0
        },
        get at() {
          return `${name} ${topic} ${epoch}.${offset}`
        },
      }
    },
  }
}

/** Forgets the oldest. */
function trim(map: Map<unknown, unknown>, size: number): void {
  for (const key of map.keys()) {
    if (map.size <= size) return
    map.delete(key)
  }
}
