import type { Position } from '@holdfast/protocol'
import type { Wire } from '../topics/wire.ts'

/** What of one topic is on its way on a link, unacknowledged. Constant work for each entry. */
export interface Flight {
  readonly bytes: number
  /** Whether this entry has to wait: an earlier one of its key is on its way (conflated topics). */
  holds(wire: Wire): boolean
  add(wire: Wire): void
  /** The client has everything up to here; answers the bytes that this frees. */
  acknowledge(position: Position): number
}

/** `markBytes`: how far marks are apart; an acknowledgement between two of them counts as the earlier one. */
export function createFlight(conflated: boolean, markBytes: () => number): Flight {
  const keys = new Map<string, number>()
  let marks: { offset: number; sent: number }[] = []
  let epoch = ''
  let newest = 0
  let sent = 0
  let acknowledged = 0

  return {
    get bytes() {
      return sent - acknowledged
    },
    holds: ({ entry }) => conflated && keys.has(entry.key ?? ''),
    add({ entry, size }) {
      if (entry.epoch !== epoch) {
        epoch = entry.epoch
        marks = []
        keys.clear()
      }
      newest = entry.offset
      sent += size
      if (conflated) keys.set(entry.key ?? '', entry.offset)
      const mark = marks.at(-1)?.sent ?? acknowledged
      if (sent - mark >= markBytes()) marks.push({ offset: newest, sent })
    },
    acknowledge(position) {
      const before = acknowledged
      if (position.epoch !== epoch) return 0
      let passed = 0
      for (const mark of marks) {
        if (mark.offset > position.offset) break
        acknowledged = mark.sent
        passed++
      }
      if (passed > 0) marks = marks.slice(passed)
      if (position.offset >= newest) acknowledged = sent
      // In the order of their offsets, for only a key that is not there is added.
      for (const [key, offset] of keys) {
        if (offset > position.offset) break
        keys.delete(key)
      }
      return acknowledged - before
    },
  }
}
