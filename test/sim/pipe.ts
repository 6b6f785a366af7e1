import type { Dice } from './dice.ts'
import type { Task, Time } from './time.ts'

/** One direction of a client's way to the hubs. */
export interface Path {
  latencyMs: number
  jitterMs: number
  /** 0: no limit. */
  bytesPerMs: number
  /** Nothing leaves for the moment; what waits goes on later, as TCP does it. */
  held: boolean
  readonly pipes: Set<Pipe>
}

export const createPath = (): Path => ({ latencyMs: 1, jitterMs: 0, bytesPerMs: 0, held: false, pipes: new Set() })

export function hold(path: Path, held: boolean): void {
  path.held = held
  if (!held) for (const pipe of [...path.pipes]) pipe.pump()
}

/** One direction of one connection: bytes arrive once, in order, or never. */
export interface Pipe {
  /** Bytes that its sender sees waiting. */
  readonly buffered: number
  send(size: number, arrive: () => void): void
  pump(): void
  /** Nothing arrives any more, and nobody is told. */
  kill(): void
}

// What a kernel takes before a sender sees that the network does not.
const kernelBytes = 8 * 1024

export function createPipe(time: Time, dice: Dice, path: Path, drained: () => void = () => {}): Pipe {
  const queue: { size: number; arrive: () => void }[] = []
  let waiting = 0
  let lastArrival = 0
  let moving: Task | null = null
  let dead = false

  const buffered = () => Math.max(0, waiting - kernelBytes)

  function depart(): void {
    const { size, arrive } = queue.shift() as (typeof queue)[number]
    const full = buffered() > 0
    waiting -= size
    const at = Math.max(lastArrival, time.now + path.latencyMs + dice.next() * path.jitterMs)
    lastArrival = at
    time.schedule(at - time.now, () => dead || arrive())
    if (full && buffered() === 0) drained()
  }

  const pipe: Pipe = {
    get buffered() {
      return buffered()
    },
    send(size, arrive) {
      queue.push({ size, arrive })
      waiting += size
      pipe.pump()
    },
    pump() {
      while (!dead && !path.held && !moving && queue.length > 0) {
        const ms = path.bytesPerMs > 0 ? (queue[0]?.size ?? 0) / path.bytesPerMs : 0
        if (ms === 0) depart()
        else
          moving = time.schedule(ms, () => {
            moving = null
            depart()
            pipe.pump()
          })
      }
    },
    kill() {
      dead = true
      path.pipes.delete(pipe)
    },
  }
  path.pipes.add(pipe)
  return pipe
}
