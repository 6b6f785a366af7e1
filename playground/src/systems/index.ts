import type { Connection } from '@holdfast/client'
import { showChat } from './chat.ts'
import type { Me } from './topics.ts'

/** One of the things that people build on a realtime connection. */
export interface System {
  /** The tab's address, and the name of the two files that are its source. */
  readonly id: string
  readonly title: string
  /** What to try, in a sentence. */
  readonly about: string
  /** Shown on the first tab too. */
  readonly overview?: boolean
  readonly show: (connection: Connection, root: HTMLElement, me: Me) => void
}

export const systems: readonly System[] = [
  {
    id: 'chat',
    title: 'Chat',
    about: 'History, who is here, and what you say at once: also offline, and then it waits.',
    overview: true,
    show: showChat,
  },
]
