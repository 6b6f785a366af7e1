import { formatCursor, HoldfastError, parseCursor } from '@holdfast/protocol'
import type { Reads } from './reads.ts'
import {
  covers,
  gapEvent,
  type Listener,
  messageEvent,
  positionOf,
  snapshotEvent,
  type WireTopic,
} from './wire-topic.ts'

/**
 * Lets a listener in on a topic whose position is known: at once where it starts there, else after it has read what came
 * before, joined by offset. While it reads, what arrives on the wire is not for it: it reads on until it is level.
 * @param level up to where there is nothing more after `from`
 */
export function join(topic: WireTopic, listener: Listener, reads: Reads, from = listener.from, level = 0): void {
  const { position } = topic
  if (!position) return
  const start = parseCursor(from)
  listener.after = start
  listener.joined = start
    ? covers({ ...start, offset: Math.max(start.offset, level) }, position)
    : from === 'live' && topic.from === 'live'
  if (listener.joined) return
  // Of 'live' the page has no entries, and says where the head is: the wire subscription may still be behind it.
  const wanted = () => topic.listeners.includes(listener)
  reads.read(topic.name, from, position.offset, wanted, (page) => {
    const { to } = listener
    if (page[0] === 'unread') return to.error(new HoldfastError(page[2], page[3], { outcome: 'rejected' }))
    const [, , begin, entries, done, ...state] = page
    let at = positionOf(begin)
    // Before the listener has any of it: a page that cannot be understood is asked for again.
    const events = entries.map((entry) => messageEvent(entry, positionOf(entry[0])))
    const snapshot = state.length > 0 && snapshotEvent(begin, state[0], state[1])
    if (start && begin !== from)
      to.next(gapEvent(from, begin, at.epoch === start.epoch ? 'trimmed' : 'epoch', snapshot !== false))
    if (snapshot) to.next(snapshot)
    for (const event of events) {
      at = positionOf(event.cursor)
      to.next(event)
    }
    const isLevel = at.epoch === position.epoch
    // The log has begun anew, and the wire is about to say so: what comes there after this is for the listener.
    if (!isLevel && topic.position?.epoch === position.epoch) {
      listener.after = at
      listener.joined = true
      return
    }
    // Compaction may have left nothing up to where the wire was; what the listener has had ends before.
    join(topic, listener, reads, formatCursor(at.epoch, at.offset), done && isLevel ? position.offset : 0)
  })
}
