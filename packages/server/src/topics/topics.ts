import { HoldfastError, presenceOf, topicNameFault } from '@holdfast/protocol'
import type { LogState } from '../broker/broker.ts'
import { isPromise, type MaybePromise } from '../broker/maybe-promise.ts'
import type { Context } from '../context.ts'
import type { Declarations, Declared } from './declarations.ts'
import { Feed } from './feed.ts'

/** The topics that this node knows. One begins with its first authorised use. */
export interface Topics {
  readonly size: number
  /** Throws `bad-topic`, `topic-limit`. */
  feed(topic: string): Feed
  /** Where the topic's log stands, without beginning it. */
  peek(topic: string, last?: number): MaybePromise<LogState | null>
  declared(topic: string): Declared
  /** The names of those that somebody reads here. */
  watched(): Iterable<string>
  /** Lets go of what nobody has read for a session's lifetime. */
  sweep(now: number): void
  close(): void
}

/** `begun`: one more is to be looked after. */
export function createTopics(context: Context, declarations: Declarations, begun: () => void): Topics {
  const { settings, broker } = context
  const feeds = new Map<string, Feed>()
  let closed = false

  const sweep = (now: number) => {
    for (const [name, feed] of feeds) {
      if (feed.isFollowed || now - feed.quietSince < settings.sessionTtlMs) continue
      feed.close()
      feeds.delete(name)
    }
  }

  return {
    get size() {
      return feeds.size
    },
    feed(topic) {
      const known = feeds.get(topic)
      if (known) return known
      if (closed) throw new HoldfastError('closed', 'the hub is closed', { outcome: 'not-sent' })
      const fault = topicNameFault(topic, true)
      if (fault) throw new HoldfastError('bad-topic', fault)
      const of = presenceOf(topic)
      if (of !== null && !declarations.find(of).presence) {
        throw new HoldfastError('bad-topic', `'${of}' is a topic without presence`)
      }
      if (feeds.size >= settings.limits.topics) sweep(context.uptime())
      if (feeds.size >= settings.limits.topics) {
        throw new HoldfastError('topic-limit', `there are ${settings.limits.topics} topics already`)
      }
      const declared = declarations.find(topic)
      const feed = new Feed(topic, broker.log(topic, declared.log), declared, context)
      feeds.set(topic, feed)
      begun()
      return feed
    },
    peek(topic, last) {
      const known = feeds.get(topic)
      // The log of an inbox, for one, must not be looked at as if it were a topic's: it would take on that topic's limits.
      if (topicNameFault(topic, true)) return null
      const state = known ? known.state(last) : broker.log(topic, declarations.find(topic).log).state(last)
      // Whoever asked may still wait for its turn when this fails, or be gone.
      if (isPromise(state)) state.catch(() => {})
      return state
    },
    declared: (topic) => declarations.find(topic),
    *watched() {
      for (const [name, { isFollowed }] of feeds) if (isFollowed) yield name
    },
    sweep,
    close() {
      closed = true
      for (const feed of feeds.values()) feed.close()
      feeds.clear()
    },
  }
}
