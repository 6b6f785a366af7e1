import type { Watch } from './watch.ts'

export type Starts = ReturnType<typeof createStarts>

/**
 * Where a subscriber from `live` may start: at what a `subscribed` has said, at the start of a page of history that it
 * asked for, or where the topic's wire subscription stands already.
 */
export function createStarts() {
  const reads = new Map<string, string>()
  // By topic and link: where the link has come to.
  const stands = new Map<string, Map<string, string>>()

  return {
    begin(topic: string, watch: Watch): void {
      for (const cursor of stands.get(topic)?.values() ?? []) watch.allow(cursor)
    },
    up(text: string): void {
      for (const [, id = '', topic = ''] of text.matchAll(/^\["read",(\d+),"([^"]*)"/gm)) reads.set(id, topic)
    },
    down(link: string, text: string, watches: readonly Watch[]): void {
      const allow = (topic: string | undefined, cursor: string) => {
        for (const watch of watches) if (watch.topic.name === topic) watch.allow(cursor)
      }
      const stand = (topic: string, cursor: string) =>
        stands.set(topic, (stands.get(topic) ?? new Map()).set(link, cursor))

      for (const [, kind, topic = '', cursor = '', to = ''] of text.matchAll(placed)) {
        if (kind === 'subscribed') allow(topic, cursor)
        stand(topic, kind === 'gap' ? to : cursor)
      }
      for (const [, id = '', begin = ''] of text.matchAll(/\["page",(\d+),"([^"]*)"/g)) allow(reads.get(id), begin)
    },
  }
}

const placed = /\["(subscribed|entry|gap)","([^"]*)","([^"]*)"(?:,"([^"]*)")?/g
