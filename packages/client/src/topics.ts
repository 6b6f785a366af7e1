import {
  type Cursor,
  type Frame,
  HoldfastError,
  inboxTopic,
  type Position,
  type TopicEvent,
  type TopicList,
  type WireFrom,
} from '@holdfast/protocol'
import type { Subscriber, TeardownLogic } from 'rxjs'
import type { Clock } from './clock.ts'
import { join } from './join.ts'
import { createOutlet } from './outlet.ts'
import type { Reads } from './reads.ts'
import {
  covers,
  createWireTopic,
  emitAt,
  gapEvent,
  type Hearer,
  isHole,
  type Listener,
  messageEvent,
  positionOf,
  resumeFrom,
  snapshotEvent,
  type WireTopic,
} from './wire-topic.ts'

const lingerMs = 100

export type Topics = ReturnType<typeof createTopics>

/**
 * Every topic that someone listens to, by name, and where its cursor stands.
 * @param tell the link must subscribe to it, from where it stands, or no longer be subscribed
 * @param ack acknowledges the cursors soon
 */
export function createTopics(
  clock: Clock,
  reads: Reads,
  tell: (kind: 'subscribe' | 'unsubscribe', name: string, from?: WireFrom) => void,
  ack: () => void,
) {
  const topics = new Map<string, WireTopic>()
  /** Whose cursor has moved since it was acknowledged. */
  const moved = new Set<WireTopic>()
  /** Whether a topic is live may have changed. */
  const changes = createOutlet<void>()

  const subscribe = (topic: WireTopic) => tell('subscribe', topic.name, resumeFrom(topic))

  function listen(name: string, from: WireFrom, to: Hearer, handle: object = to): () => void {
    const known = topics.get(name)
    const topic = known ?? createWireTopic(name, from)
    const listener: Listener = { handle, from, to, after: null, joined: !topic.position && from === topic.from }
    clock.clearTimeout(topic.linger)
    topics.set(name, topic)
    topic.listeners = [...topic.listeners, listener]
    if (!known) subscribe(topic)
    else if (!listener.joined) join(topic, listener, reads)
    return () => leave(topic, listener)
  }

  function leave(topic: WireTopic, listener: Listener): void {
    topic.listeners = topic.listeners.filter((other) => other !== listener)
    if (topic.listeners.length > 0 || topics.get(topic.name) !== topic) return
    // A component that is mounted again in a moment finds the subscription still there.
    topic.linger = clock.setTimeout(() => {
      drop(topic)
      tell('unsubscribe', topic.name)
    }, lingerMs)
  }

  function drop(topic: WireTopic): void {
    clock.clearTimeout(topic.linger)
    topics.delete(topic.name)
    moved.delete(topic)
    changes.next()
  }

  /** Its position is known: whoever waits for that joins. */
  function begun(topic: WireTopic): void {
    for (const listener of topic.listeners) if (!listener.joined) join(topic, listener, reads)
  }

  function turnLive(topic: WireTopic): void {
    topic.live = true
    changes.next()
  }

  function mend(topic: WireTopic): void {
    if (topic.mending) return
    topic.mending = true
    subscribe(topic)
  }

  /** It has arrived, on this link too if another one had brought it. */
  function arrived(topic: WireTopic): void {
    moved.add(topic)
    // The hub keeps the next entry of a conflated topic back until this one is acknowledged.
    if (topic.conflate) ack()
  }

  /** Hands on what has moved the cursor. */
  function emit(topic: WireTopic, at: Position, event: TopicEvent<unknown>): void {
    arrived(topic)
    emitAt(topic, at, event)
  }

  return {
    listen,

    /** Whether the hub is sending to who listens by this handle, now and whenever it changes; to the end of the connection. */
    watchLive(name: string, watcher: Subscriber<boolean>, handle: object): TeardownLogic {
      let last: boolean | null = null
      const next = () => {
        const topic = topics.get(name)
        const now = topic?.live === true && topic.listeners.every((one) => one.joined || one.handle !== handle)
        if (now === last) return
        last = now
        watcher.next(now)
      }
      next()
      return changes.listen({ next, complete: () => watcher.complete() })
    },

    /** A history has been read: whoever waited for it may be level. */
    read: () => changes.next(),

    /** Nothing carries: what the hub sent last is not what there is now. */
    detached(): void {
      for (const topic of topics.values()) topic.live = false
      changes.next()
    },

    /** What the link should be subscribed to: the hello's list, and each poll's. */
    list: (): TopicList => [...topics.values()].map((topic) => [topic.name, resumeFrom(topic)]),

    /** All cursors are to be told again: word of one may have been lost between two servers. */
    tellAll(): void {
      for (const topic of topics.values()) if (topic.position) moved.add(topic)
    },

    /** The cursors that have moved since the last time. */
    takeCursors(): [string, Cursor][] {
      const cursors = [...moved].map((topic): [string, Cursor] => [topic.name, resumeFrom(topic)])
      moved.clear()
      return cursors
    },

    subscribed([, name, cursor, options]: Frame<'subscribed'>): void {
      const topic = topics.get(name)
      if (!topic) return
      topic.conflate = options?.conflate === true
      topic.mending = false
      topic.awaited = null
      const at = positionOf(cursor)
      // It answers a subscription that was made before, or a hello of before: from there something would be missing.
      if (topic.position ? !covers(topic.position, at) : (options?.from ?? topic.from) !== topic.from)
        return mend(topic)
      // The position comes with the snapshot: were the link lost between, the snapshot would be.
      if (!topic.position && options?.snapshot) {
        topic.awaited = { cursor, gap: null }
        return
      }
      if (!topic.position) {
        topic.position = at
        begun(topic)
      }
      turnLive(topic)
    },

    refused([, name, code, message]: Frame<'refused'>): void {
      const topic = topics.get(name)
      if (!topic) return
      const { listeners } = topic
      // A start that is none is the fault of those who gave it; the others go on from theirs.
      const isStart = code === 'bad-cursor' && !topic.position
      const others = listeners.filter(({ from }) => isStart && from !== topic.from)
      const [next] = others
      topic.listeners = others
      if (next) {
        topic.from = next.from
        for (const listener of others) listener.joined = listener.from === next.from
        subscribe(topic)
      } else drop(topic)
      const error = new HoldfastError(code, message, { outcome: 'rejected' })
      for (const listener of listeners) if (!others.includes(listener)) listener.to.error(error)
    },

    entry([, name, ...entry]: Frame<'entry'>): void {
      const topic = topics.get(name)
      const at = positionOf(entry[0])
      if (!topic?.position) return
      if (covers(topic.position, at)) arrived(topic)
      else if (isHole(topic, at)) mend(topic)
      else emit(topic, at, messageEvent(entry, at))
    },

    gap([, name, , to, reason, snapshot = false]: Frame<'gap'>): void {
      const topic = topics.get(name)
      const at = positionOf(to)
      if (!topic?.position || covers(topic.position, at)) return
      const gap = gapEvent(resumeFrom(topic), to, reason, snapshot)
      if (snapshot) topic.awaited = { cursor: to, gap }
      else emit(topic, at, gap)
    },

    snapshot([, name, cursor, data, encoding]: Frame<'snapshot'>): void {
      const topic = topics.get(name)
      const { awaited } = topic ?? {}
      if (!topic || awaited?.cursor !== cursor) return
      const at = positionOf(cursor)
      const event = snapshotEvent(cursor, data, encoding)
      topic.awaited = null
      if (awaited.gap) emit(topic, at, awaited.gap)
      emit(topic, at, event)
      if (awaited.gap) return
      begun(topic)
      turnLive(topic)
    },

    /** A new session has a new inbox. */
    forgetInbox(): void {
      const inbox = topics.get(inboxTopic)
      if (!inbox) return
      inbox.position = null
      moved.delete(inbox)
    },

    /** Ends every listener: with an error, or by completing. */
    end(error?: HoldfastError): void {
      for (const topic of [...topics.values()]) {
        // A connection that failed may be tried again, and the inbox is its own.
        if (error && topic.name === inboxTopic) continue
        drop(topic)
        for (const { to } of topic.listeners) error ? to.error(error) : to.complete()
      }
      if (!error) changes.end()
    },
  }
}
