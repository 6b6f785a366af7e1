import type { Connection } from '@holdfast/client'
import { showChat } from './chat.ts'
import { showCollab } from './collab.ts'
import { showFeed } from './feed.ts'
import { showGame } from './game.ts'
import { showHybrid } from './hybrid.ts'
import { showJob } from './job.ts'
import { showMetrics } from './metrics.ts'
import { showNotifications } from './notifications.ts'
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
  {
    id: 'feed',
    title: 'Live feed',
    about:
      'Nearly two hundred prices a second, of which a slow line gets the newest; drawn once a frame. And the news.',
    show: showFeed,
  },
  {
    id: 'notifications',
    title: 'Notifications',
    about:
      'For one user on all their pages: what is unread stays so over a reload, and what was read is so everywhere.',
    show: showNotifications,
  },
  {
    id: 'metrics',
    title: 'Metrics',
    about: 'This server, live: the last minute of what you choose. What is not chosen is not sent.',
    overview: true,
    show: showMetrics,
  },
  {
    id: 'collab',
    title: 'Document',
    about: 'Several write at once, also offline: what they wrote becomes one text. Undo takes back your own alone.',
    show: showCollab,
  },
  {
    id: 'game',
    title: 'Game',
    about:
      'You are a fish: eat. Arrow keys, after a click on the water. The server alone moves everybody, 30 times a second; you say where you want to go.',
    show: showGame,
  },
  {
    id: 'job',
    title: 'Job',
    about: 'Work that takes the server a while. Reload in the middle: the bar goes on.',
    show: showJob,
  },
  {
    id: 'hybrid',
    title: 'Hybrid',
    about: 'A document and notifications over one connection: write @ and the name of one who is here, and a space.',
    show: showHybrid,
  },
]
