import type { Server } from 'node:http'

/** Something that is measured: a server that takes subscribers, and sends to them. */
export interface Contestant {
  readonly server: Server
  /** Sends, in one turn, each message to all subscribers of its topic. */
  broadcast(messages: readonly Message[]): void
}

export interface Message {
  /** Which of the topics, from 0. */
  readonly topic: number
  readonly data: Data
}

export interface Data {
  readonly n: number
  readonly text: string
}

/** In each message once, and nowhere else on the wire. */
export const marker = '#END'

const messageBytes = 128

/** A message of 128 bytes of JSON. */
export function createData(n: number): Data {
  const bare = JSON.stringify({ n, text: marker }).length
  return { n, text: '.'.repeat(messageBytes - bare) + marker }
}

/** The topics of a client: with one topic everybody's; with more each client has one in a hundred of them. */
export function topicsOf(client: number, topics: number): number[] {
  const groups = groupsOf(topics)
  return Array.from({ length: topics / groups }, (_, i) => (client % groups) + i * groups)
}

/** Topics of one group share no client, so that a message to each of them reaches every client once. */
export const groupsOf = (topics: number): number => Math.min(100, topics)

/** Subscribers by topic, in arrays. */
export function createMembers<T>(): {
  readonly of: readonly (readonly T[])[]
  /** @param url has `client` and `topics` in its query */
  join(url: string | undefined, member: T): () => void
} {
  const of: T[][] = []
  return {
    of,
    join(url, member) {
      const query = new URLSearchParams(url?.split('?')[1])
      const topics = topicsOf(Number(query.get('client') ?? 0), Number(query.get('topics') ?? 1))
      for (const topic of topics) {
        of[topic] ??= []
        of[topic].push(member)
      }
      return () => {
        for (const topic of topics) of[topic]?.splice(of[topic].indexOf(member), 1)
      }
    },
  }
}
