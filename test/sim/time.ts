/** Something that is to happen; `run` is null once it is cancelled. */
export interface Task {
  readonly at: number
  readonly order: number
  run: (() => void) | null
}

/** Time that passes only as things happen. */
export interface Time {
  /** ms since 1970. */
  readonly now: number
  schedule(ms: number, run: () => void): Task
  /** Runs what is due until then, each with the promises it brings; stops early when `enough` says so. */
  pass(until: number, enough?: () => boolean): Promise<void>
}

// More than this in one instant is a loop that no time will end.
const mostAtOnce = 20_000

export function createTime(start: number): Time {
  const heap: Task[] = []
  let now = start
  let order = 0
  let standing = 0

  return {
    get now() {
      return now
    },
    schedule(ms, run) {
      const task = { at: now + Math.max(0, ms), order: order++, run }
      push(heap, task)
      return task
    },
    async pass(until, enough) {
      await settled()
      for (let task = heap[0]; task && task.at <= until && !enough?.(); task = heap[0]) {
        pop(heap)
        if (!task.run) continue
        standing = task.at > now ? 0 : standing + 1
        if (standing > mostAtOnce) throw new Error(`time stands still: ${task.run}`)
        now = task.at
        task.run()
        await settled()
      }
      if (!enough?.()) now = Math.max(now, until)
    },
  }
}

/** Lets everything that waits for promises alone go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const before = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

function push(heap: Task[], task: Task): void {
  let at = heap.length
  while (at > 0) {
    const above = (at - 1) >> 1
    if (before(heap[above] as Task, task)) break
    heap[at] = heap[above] as Task
    at = above
  }
  heap[at] = task
}

function pop(heap: Task[]): void {
  const last = heap.pop() as Task
  const { length } = heap
  if (length === 0) return
  let at = 0
  for (;;) {
    let below = 2 * at + 1
    if (below >= length) break
    if (below + 1 < length && before(heap[below + 1] as Task, heap[below] as Task)) below++
    if (before(last, heap[below] as Task)) break
    heap[at] = heap[below] as Task
    at = below
  }
  heap[at] = last
}
