import type { Hub } from '@holdfast/server'
import { presenceStore } from '@holdfast/store'
import { type Fish, type Place, pool, poolSize, steer, type User } from './topics.ts'

const { width, height } = poolSize
const [stepMs, stride, reach, mostFish] = [1000 / 30, 5, 20, 20]

/** The pool is the server's: players say where they want to swim, and nothing else. Without players it stands still. */
export function serveGame(hub: Hub<User>): () => void {
  hub.topics(pool, { conflate: true, presence: ({ id }) => id })
  hub.topics(steer, { history: { count: 100 } })
  const food = Array.from({ length: 24 }, anywhere)
  let fish: Fish[] = []
  const timer = setInterval(() => fish.length > 0 && step(), stepMs)

  // A player is a session: who is cut off for a moment swims on.
  presenceStore<string>(hub.presence(pool()), { everyMs: 0 }).subscribe(({ context }) => {
    const hatch = (id: string, name: string) => ({ id, name, score: 0, dx: 1, dy: 0, ...anywhere() })
    const players = context.data.here.slice(0, mostFish)
    fish = players.map(({ id, info }) => fish.find((one) => one.id === id) ?? hatch(id, info))
  })
  hub.topic(steer()).events$.subscribe((event) => {
    const mine = event.type === 'message' && fish.find(({ id }) => id === event.session?.id)
    if (mine) Object.assign(mine, event.data)
  })
  return () => clearInterval(timer)

  function step(): void {
    for (const one of fish) {
      one.x = (one.x + one.dx * stride + width) % width
      one.y = (one.y + one.dy * stride + height) % height
      const eaten = food.find(({ x, y }) => Math.hypot(x - one.x, y - one.y) < reach)
      if (eaten) one.score++
      Object.assign(eaten ?? {}, anywhere())
    }
    hub.topic(pool()).next({ fish, food })
  }
}

const anywhere = (): Place => ({ x: Math.floor(Math.random() * width), y: Math.floor(Math.random() * height) })
