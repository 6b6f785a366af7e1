import { decodePayload, formatCursor, HoldfastError, parseCursor, type WireFrom } from '@holdfast/protocol'
import type { Page, Reads } from './reads.ts'
import { gapEvent, type Listener, messageEvent, positionOf, type WireTopic } from './wire-topic.ts'

/**
 * Lets a listener in on a topic whose position is known: at once where it starts there, else after it has read what came
 * before, joined by offset. While it reads, what arrives on the wire is not for it: it reads on until it is level.
 */
export function join(topic: WireTopic, listener: Listener, reads: Reads): void {
  const { position } = topic
  if (!position) return
  const start = parseCursor(listener.from)
  if (start && start.epoch === position.epoch && start.offset >= position.offset) {
    listener.after = start
    listener.joined = true
  } else if (listener.from === 'live') {
    if (topic.from === 'live') listener.joined = true
    else findHead(topic, listener, reads)
  } else readOn(topic, listener, reads, listener.from)
}

/** The wire subscription may still be behind: the head is where an empty read of `live` stands. */
function findHead(topic: WireTopic, listener: Listener, reads: Reads): void {
  reads.read(topic.name, 'live', 0, (page) => {
    if (!topic.listeners.includes(listener)) return
    if (page[0] === 'unread') return refuse(page, listener)
    listener.after = positionOf(page[2])
    listener.joined = true
  })
}

function readOn(topic: WireTopic, listener: Listener, reads: Reads, from: WireFrom): void {
  const to = topic.position?.offset ?? 0
  reads.read(topic.name, from, to, (page) => {
    if (!topic.listeners.includes(listener)) return
    if (page[0] === 'unread') return refuse(page, listener)
    const [, , start, entries, done] = page
    if (parseCursor(from) && start !== from) {
      const reason = positionOf(start).epoch === positionOf(from).epoch ? 'trimmed' : 'epoch'
      listener.emit(gapEvent(from, start, reason))
    }
    let at = positionOf(start)
    for (const [cursor, time, data, id, encoding] of entries) {
      at = positionOf(cursor)
      listener.emit(messageEvent(cursor, at, time, decodePayload(data, encoding), id))
    }
    if (done && at.offset < to) at = { epoch: at.epoch, offset: to }
    const { position } = topic
    const isLevel = position && (at.epoch !== position.epoch || at.offset >= position.offset)
    if (isLevel) {
      listener.after = at
      listener.joined = true
    } else readOn(topic, listener, reads, formatCursor(at.epoch, at.offset))
  })
}

const refuse = ([, , code, message]: Extract<Page, ['unread', ...unknown[]]>, listener: Listener) =>
  listener.fail(new HoldfastError(code, message, { outcome: 'rejected' }))
