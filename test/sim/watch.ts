import type { GapEvent, MessageEvent, SnapshotEvent, TopicEvent } from '@holdfast/client/core'
import type { Report } from './harm.ts'
import type { Mark, Truth } from './truth.ts'

interface Position {
  readonly epoch: string
  readonly offset: number
}

export interface TopicSetup {
  readonly name: string
  /** Entries that are kept. */
  readonly count: number
  readonly conflate: boolean
  readonly snapshot: boolean
}

/** Checks what one subscriber of a topic is told against what the log has. */
export interface Watch {
  readonly topic: TopicSetup
  readonly position: Position | null
  take(event: TopicEvent<unknown>): void
  /** Where it may start: the positions that its client was told of. */
  allow(cursor: string): void
  /** It is over, and had to be complete. */
  readonly level: boolean
  finish(): void
}

export type Start = 'live' | 'start' | 'last' | 'cursor' | 'snapshot'

/** @param from a cursor, or null where the start is not known beforehand. @param start null: nobody looks where it begins */
export function createWatch(
  name: string,
  topic: TopicSetup,
  from: string | null,
  start: Start | null,
  truth: Truth,
  report: Report,
): Watch {
  let position = from ? parse(from) : null
  // Where it began, or went on after the last gap.
  let since = position
  const starts = new Set<string>()
  // Conflated topics: the newest that came, by key.
  const newest = new Map<string, number>()
  // What the gap before has announced.
  let awaited: string | null = null

  function message({ epoch, offset, data }: MessageEvent<unknown>): void {
    const at = { epoch, offset }
    const entry = truth.entries(topic.name, epoch)[offset - 1]
    if (!entry || entry.data !== JSON.stringify(data))
      report('untruths', `${name} is told ${show(at)}, which is not so`)
    const isFirst = !position
    begin({ epoch, offset: offset - 1 })
    // It begins with the oldest entry kept only where there is no snapshot.
    if (isFirst && start === 'snapshot' && !topic.conflate && offset - 1 > floor(epoch)) {
      report('lost', `${name} begins at ${show(at)}, without the snapshot that came before`)
    }
    const before = position as Position
    if (before.epoch !== epoch) {
      report('lost', `${name} has ${show(before)} and is told ${show(at)} without a gap`)
    } else if (offset <= before.offset) {
      report(offset === before.offset ? 'doubled' : 'reordered', `${name} has ${show(before)} and is told ${show(at)}`)
    } else if (offset > before.offset + 1 && !topic.conflate) {
      report('lost', `${name} has ${show(before)} and is told ${show(at)}`, offset - before.offset - 1)
    }
    newest.set((data as Mark).key ?? '', offset)
    position = at
  }

  function gap({ from: gapFrom, to, snapshot }: GapEvent): void {
    const at = parse(to)
    begin(parse(gapFrom))
    const before = position as Position
    truth.tally.gaps++
    if (gapFrom !== show(before)) report('untruths', `${name} has ${show(before)}, and a gap begins at ${gapFrom}`)
    if (isAhead(at, before)) {
      const isTrimmed = at.offset <= floor(at.epoch) && (at.epoch !== before.epoch || before.offset < floor(at.epoch))
      // Where the wire is behind, its gap leads to the snapshot for those as well who are not.
      if (!snapshot && !isTrimmed)
        report('lost', `${name}: a gap from ${gapFrom} to ${to} covers what the log still has`)
    } else report('untruths', `${name}: a gap leads from ${gapFrom} to ${to}`)
    newest.clear()
    since = at
    position = at
    if (!snapshot) return
    awaited = to
    // One step: nothing may come between.
    queueMicrotask(() => {
      if (awaited === to) report('lost', `${name} is told of a gap to ${to}, and not of the snapshot there`)
    })
  }

  function snapshot({ cursor, data }: SnapshotEvent): void {
    truth.tally.snapshots++
    const isFirst = !position && start === 'snapshot'
    if (!isFirst && cursor !== awaited)
      report('untruths', `${name} is told a snapshot of ${cursor} that nothing announced`)
    begin(parse(cursor))
    awaited = null
    if (data !== truth.stateAt(topic.name, cursor)) report('untruths', `${name} is told another state of ${cursor}`)
  }

  /** The first thing that is told says where it starts. */
  function begin(at: Position): void {
    if (position) return
    position = since = at
    if (start === 'live' && !topic.conflate && !starts.has(show(at))) {
      report('lost', `${name} starts at ${show(at)}, though it was told of ${[...starts].join(', ')} only`)
    }
  }

  const isAhead = (at: Position, than: Position) =>
    at.epoch === than.epoch
      ? at.offset > than.offset
      : truth.age(topic.name, at.epoch) > truth.age(topic.name, than.epoch) || truth.age(topic.name, at.epoch) < 0

  /** Below it the log need not reach. */
  const floor = (epoch: string) =>
    topic.conflate ? 0 : Math.max(0, truth.entries(topic.name, epoch).length - topic.count)

  const isLevel = () => {
    const head = truth.head(topic.name)
    return !head || (position?.epoch === head.epoch && position.offset === head.offset)
  }

  return {
    topic,
    get position() {
      return position
    },
    get level() {
      return isLevel()
    },
    allow: (cursor) => void starts.add(cursor),
    take(event) {
      if (awaited && event.type !== 'snapshot') report('lost', `${name} is told a ${event.type}, and not the snapshot`)
      if (event.type === 'message') message(event)
      else if (event.type === 'gap') gap(event)
      else snapshot(event)
    },
    finish() {
      const head = truth.head(topic.name)
      if (!head || !position) return
      if (!isLevel()) report('lost', `${name} ends at ${show(position)}, the log at ${show(head)}`)
      if (!topic.conflate) return
      const kept = new Map<string, number>()
      for (const { key = '', offset } of truth.entries(topic.name, head.epoch)) kept.set(key, offset)
      for (const [key, offset] of kept) {
        if (offset <= (since?.offset ?? 0) || newest.get(key) === offset) continue
        report('lost', `${name} was never told the newest of '${key}', ${offset}`)
      }
    },
  }
}

function parse(cursor: string): Position {
  const [epoch = '', offset] = cursor.split('.')
  return { epoch, offset: Number(offset) }
}

const show = ({ epoch, offset }: Position): string => `${epoch}.${offset}`
