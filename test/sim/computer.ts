import type { Clock } from '@holdfast/server'
import type { Task, Time } from './time.ts'

/** A computer with a clock of its own, which may sleep, be set wrong, and die. */
export interface Computer {
  readonly clock: Required<Clock>
  readonly timers: number
  readonly asleep: boolean
  /** Something comes from outside: it waits while the computer sleeps, and is gone when it is dead. */
  arrive(run: () => void): void
  sleep(): void
  /** `paused`: the timers did not run on meanwhile, as those of most systems; else those that are due are late. */
  wake(paused: boolean): void
  /** Sets the wall clock forward or back. */
  jump(ms: number): void
  /** From now on nothing of it runs. */
  kill(): void
}

interface Timer {
  dueAt: number
  task: Task
  readonly run: () => void
}

export function createComputer(time: Time): Computer {
  const timers = new Map<number, Timer>()
  let backlog: (() => void)[] = []
  let offset = 0
  let last = 0
  let asleep = false
  let dead = false
  let sleptAt = 0

  const start = (id: number, dueAt: number, run: () => void) => {
    const task = time.schedule(dueAt - time.now, () => arrive(() => timers.delete(id) && run()))
    timers.set(id, { dueAt, task, run })
  }
  const stop = (id: unknown) => {
    const timer = timers.get(id as number)
    if (timer) timer.task.run = null
    timers.delete(id as number)
  }

  function arrive(run: () => void): void {
    if (dead) return
    if (asleep) backlog.push(run)
    else run()
  }

  return {
    clock: {
      now: () => Math.round(time.now + offset),
      setTimeout(run, ms) {
        if (!dead) start(++last, time.now + Math.max(0, ms), run)
        return last
      },
      clearTimeout: stop,
      defer: (run) => void time.schedule(0, () => arrive(run)),
    },
    get timers() {
      return timers.size
    },
    get asleep() {
      return asleep
    },
    arrive,
    sleep() {
      if (asleep) return
      asleep = true
      sleptAt = time.now
    },
    wake(paused) {
      if (!asleep) return
      asleep = false
      const waiting = backlog
      backlog = []
      for (const run of waiting) time.schedule(0, () => arrive(run))
      if (!paused) return
      const sleptMs = time.now - sleptAt
      for (const [id, { dueAt, task, run }] of [...timers]) {
        // What was due has been put into the backlog already.
        if (dueAt <= time.now) continue
        task.run = null
        start(id, dueAt + sleptMs, run)
      }
    },
    jump(ms) {
      offset += ms
    },
    kill() {
      dead = true
      for (const id of [...timers.keys()]) stop(id)
    },
  }
}
