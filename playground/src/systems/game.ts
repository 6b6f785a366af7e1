import type { Connection } from '@holdfast/client'
import { topicStore } from '@holdfast/store'
import { h, setText } from '../dom.ts'
import { drawPool } from './game-pool.ts'
import { type Heading, type Pool, pool, poolSize, steer } from './topics.ts'
import { reasonWords, showFreshness } from './view.ts'

const headings: Readonly<Record<string, Heading>> = {
  ArrowLeft: { dx: -1, dy: 0 },
  ArrowUp: { dx: 0, dy: -1 },
  ArrowDown: { dx: 0, dy: 1 },
  ArrowRight: { dx: 1, dy: 0 },
}

/** A pool in which everybody is a fish. */
export function showGame(connection: Connection, root: HTMLElement): void {
  const initial: Pool = { fish: [], food: [] }
  const store = topicStore(connection.topic(pool(), { from: 'start' }), { initial, message: (_, now) => now })
  const steering = connection.topic(steer())
  const keys = { tabindex: 0, autofocus: true, 'aria-label': 'Pool: swim with the arrow keys' }
  const canvas = h('canvas', { ...poolSize, role: 'img', ...keys })
  const pad = h('div', { class: 'pad' })
  const problem = h('p', { class: 'problem', role: 'alert' })
  root.append(canvas, pad, problem)
  showFreshness(root, store)

  for (const [key, heading] of Object.entries(headings)) {
    const button = h('button', { type: 'button', class: key, 'aria-label': `Swim ${key.slice(5).toLowerCase()}` })
    const swim = () => steering.publish(heading).catch((error) => setText(problem, reasonWords(error)))
    button.addEventListener('click', swim)
    canvas.addEventListener('keydown', (event) => event.key === key && !event.repeat && swim())
    pad.append(button)
  }
  canvas.addEventListener('keydown', (event) => event.key in headings && event.preventDefault())
  requestAnimationFrame(function draw() {
    // What is known now, whenever the screen takes another picture.
    if (canvas.offsetParent) drawPool(canvas, store.get().context.data, connection.session)
    requestAnimationFrame(draw)
  })
}
