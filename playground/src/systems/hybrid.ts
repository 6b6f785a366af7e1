import type { Connection } from '@holdfast/client'
import { h } from '../dom.ts'
import { showCollab } from './collab.ts'
import { showNotifications } from './notifications.ts'
import type { Me } from './topics.ts'

/** Two systems, one connection: their topics travel together, and one session has them all. */
export function showHybrid(connection: Connection, root: HTMLElement, me: Me): void {
  const plan = h('section', { class: 'body', 'aria-label': 'Plan' })
  const told = h('section', { class: 'body', 'aria-label': 'Notifications' })
  root.append(plan, told)
  showCollab(connection, plan, me, 'plan')
  showNotifications(connection, told, me)
}
