import type { CloseCode } from '@holdfast/protocol'
import { presencePrefix } from '@holdfast/protocol'
import type { Context } from '../context.ts'
import { isCloseCode } from '../faults.ts'
import type { PlainStreams } from '../transports/plain-streams.ts'
import type { SessionHandle } from './session.ts'
import type { Sessions } from './sessions.ts'

/** Ends what was granted, on every node. */
export interface Grants {
  /** Ends a session, or all of a user. Throws where the user is anonymous. */
  disconnect(target: unknown, code?: CloseCode): Promise<void>
  /** Ends the user's subscriptions of the topic; `authorize` decides about the next. */
  revoke(user: unknown, topic: string): Promise<void>
  close(): void
}

type Word =
  | { readonly type: 'disconnect'; readonly user: string; readonly code: CloseCode }
  | { readonly type: 'revoke'; readonly user: string; readonly topic: string }

const channel = 'hub'

const mostPauseMs = 5_000

export function createGrants(context: Context, sessions: Sessions, streams: PlainStreams): Grants {
  const { broker, node, settings } = context
  let stop: (() => void) | null = null
  let closed = false

  const opened = (stopListening: () => void) => {
    if (closed) stopListening()
    else stop = stopListening
  }
  void listen()

  return {
    async disconnect(target, code = 'disconnected') {
      if (isSession(target)) return sessions.end(target.id, reasonOf(code))
      await spread({ type: 'disconnect', user: keyOf(target), code })
    },
    revoke: (user, topic) => spread({ type: 'revoke', user: keyOf(user), topic }),
    close() {
      closed = true
      stop?.()
    },
  }

  async function listen(): Promise<void> {
    for (let pauseMs = settings.brokerRetryMs; !closed; pauseMs = Math.min(2 * pauseMs, mostPauseMs)) {
      try {
        return opened(await broker.listen(channel, hear))
      } catch (error) {
        context.report('broker-failed', 'this node does not hear the others', error)
        await context.timers.pause(pauseMs)
      }
    }
  }

  async function spread(word: Word): Promise<void> {
    await broker.send(channel, JSON.stringify({ from: node, ...word }))
    await apply(word)
  }

  function hear(text: string): void {
    const { from, ...word } = JSON.parse(text) as Word & { from: string }
    if (!closed && from !== node) void apply(word as Word)
  }

  async function apply(word: Word): Promise<void> {
    if (word.type === 'revoke') {
      // Who may not hear the topic may not see who is there.
      for (const topic of [word.topic, presencePrefix + word.topic]) {
        streams.end(word.user, topic)
        for (const { links } of sessions.of(word.user)) {
          for (const link of links) link.revoke(topic)
        }
      }
      return
    }
    streams.end(word.user)
    const code = isCloseCode(word.code) ? word.code : 'disconnected'
    const endings = sessions.of(word.user).map(({ id }) => sessions.end(id, reasonOf(code)))
    for (const ending of await Promise.allSettled(endings)) {
      if (ending.status === 'rejected') context.report('broker-failed', 'a session was not ended', ending.reason)
    }
  }

  function keyOf(user: unknown): string {
    const key = settings.userId(user)
    if (key === null) throw new TypeError('an anonymous user cannot be told from others')
    return key
  }
}

const reasonOf = (code: CloseCode) => ({ code, message: 'the server ended the session' })

const isSession = (target: unknown): target is SessionHandle =>
  typeof target === 'object' && target !== null && 'send' in target && typeof target.send === 'function'
