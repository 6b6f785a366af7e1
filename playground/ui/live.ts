import { type Connection, type ConnectionState, defineTopic, type } from '@holdfast/client'
import {
  connectionStore,
  type FoldOptions,
  type Loss,
  type StateAt,
  type TopicContext,
  type TopicStore,
  topicStore,
} from '@holdfast/store'

/** By how much somebody counted on. */
export const clicks = defineTopic('clicks', { schema: type<number>() })
/** What somebody said; whoever says it draws the id. */
export const lines = defineTopic('lines', { schema: type<Line>() })

export interface Line {
  readonly id: string
  readonly text: string
}

/** A line as it is shown: there, on its way, or in place of those that are missing. */
export interface Row extends Line {
  readonly kind: 'said' | 'pending' | 'missing'
}

export const counting: FoldOptions<number, number> = {
  initial: 0,
  message: (count, by) => count + by,
  optimistic: true,
}

/** How many lines are shown, the newest first. */
export const newest = 30

export const telling: FoldOptions<readonly Row[], Line> = {
  initial: [],
  message: (rows, line) => [{ ...line, kind: 'said' } as const, ...rows].slice(0, newest),
  optimistic: (rows, line) => [{ ...line, kind: 'pending' }, ...rows],
  gap: (rows, { to }) => [{ id: to, text: 'Some lines are missing here.', kind: 'missing' }, ...rows],
}

/** All that a UI is given. */
export interface Live {
  readonly counter: TopicStore<number, number>
  readonly feed: TopicStore<readonly Row[], Line>
  readonly link: ReturnType<typeof connectionStore<ConnectionState>>
}

/** What a page that was rendered on a server begins with. */
export interface Served {
  readonly counter?: StateAt<number> | undefined
  readonly feed?: StateAt<readonly Row[]> | undefined
}

/** Made once a page, outside of all components: whatever mounts and unmounts, there is one connection. */
export const createLive = (connection: Connection, served: Served = {}): Live => ({
  counter: topicStore(connection.topic(clicks(), { from: 'snapshot' }), { ...counting, hydrate: served.counter }),
  feed: topicStore(connection.topic(lines(), { from: { last: newest } }), { ...telling, hydrate: served.feed }),
  link: connectionStore(connection),
})

/** Handles a form: its text is shown at once, and sent as soon as there is a connection. What fails is in the feed's error. */
export const say =
  ({ feed }: Live) =>
  (event: { preventDefault(): void; readonly currentTarget: unknown }): void => {
    event.preventDefault()
    const form = event.currentTarget as HTMLFormElement
    feed.publish({ id: crypto.randomUUID(), text: String(new FormData(form).get('text')) })
    form.reset()
  }

/** What a store tells. */
export interface Seen<S> {
  readonly context: TopicContext<S>
}

/** The count; a dash before it is known. */
export const countOf = ({ context }: Seen<number>): number | string => (context.cursor === null ? '–' : context.data)

export const parityOf = (count: number | string): string =>
  typeof count === 'string' ? 'unknown' : count % 2 === 0 ? 'even' : 'odd'

export const rowsOf = ({ context }: Seen<readonly Row[]>): readonly Row[] => context.data

/** That it was live, and is not. A page that was just served is none of this. */
export const isOld = ({ context }: Seen<unknown>): boolean => context.staleSince !== null

export const errorOf = ({ context }: Seen<unknown>): string => context.error?.message ?? ''

/** For people: a blip is no loss. */
export const badgeOf = ({ context }: { readonly context: ConnectionState & Loss }): string =>
  context.lost ? 'connection lost' : (context.transport ?? 'connecting')
