/** Bytes, or what happens to the socket behind them: half-close, close once all is written, reset; or what is done then. */
export type Parcel = Buffer | 'end' | 'cut' | 'reset' | (() => void)

/** Why nothing leaves the queue. `full` is pressure from ahead; the others also stop the source at once. */
export type Hold = 'stall' | 'rule' | 'buffer' | 'full'

/** One direction of a connection: a FIFO in which every parcel takes the network's time. */
export interface DelayQueue {
  push(parcel: Parcel): void
  hold(reason: Hold): void
  release(reason: Hold): void
  isHeld(reason: Hold): boolean
  /** Nothing is delivered before that time (`performance.now()`). */
  reserve(until: number): void
  /** The network got faster: what is under way need not take longer than what is sent now. */
  hurry(): void
  close(): void
}

export interface DelayQueueOptions {
  delayMs: () => number
  /** 0 is unlimited. */
  bytesPerSecond: () => number
  deliver: (parcel: Parcel) => void
  /** Starts and stops reading from the socket that feeds the queue, so that memory stays bounded. */
  flow: (on: boolean) => void
}

/** Wide enough that latency does not limit throughput (80 MB/s at 50 ms). */
const wideLimit = 4 * 1024 * 1024
/** While the receiver is slow the queue must not hide it from the sender. */
const narrowLimit = 64 * 1024
/** A throttled chunk is cut into pieces of so much time, to trickle rather than jerk. */
const trickleMs = 20

export function createDelayQueue({ delayMs, bytesPerSecond, deliver, flow }: DelayQueueOptions): DelayQueue {
  let items: { parcel: Parcel; due: number }[] = []
  let first = 0
  let queuedBytes = 0
  let lastDue = 0
  let lineFree = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let flowing = true
  let closed = false
  const holds = new Set<Hold>()

  function push(parcel: Parcel): void {
    const rate = bytesPerSecond()
    if (rate === 0 || !Buffer.isBuffer(parcel)) {
      place(parcel, performance.now())
      return
    }
    const step = Math.max(1, Math.floor((rate * trickleMs) / 1000))
    for (let at = 0; at < parcel.length; at += step) {
      const piece = parcel.subarray(at, at + step)
      lineFree = Math.max(lineFree, performance.now()) + (piece.length * 1000) / rate
      place(piece, lineFree)
    }
  }

  function place(parcel: Parcel, leaves: number): void {
    if (closed) return
    const due = Math.max(lastDue, leaves + delayMs())
    lastDue = due
    if (first === items.length && holds.size === 0 && due <= performance.now()) {
      deliver(parcel)
      return
    }
    items.push({ parcel, due })
    queuedBytes += size(parcel)
    arm()
    regulate()
  }

  function arm(): void {
    const head = items[first]
    if (timer !== undefined || !head || holds.size > 0) return
    timer = setTimeout(
      () => {
        timer = undefined
        flush()
      },
      Math.ceil(head.due - performance.now()),
    )
  }

  function flush(): void {
    // One reading of the clock for the whole batch; a timer that fired early finds nothing due and is set again.
    const now = performance.now()
    for (let head = items[first]; head && head.due <= now && holds.size === 0; head = items[first]) {
      first += 1
      queuedBytes -= size(head.parcel)
      deliver(head.parcel)
    }
    if (first > 1024 || first === items.length) {
      items = items.slice(first)
      first = 0
    }
    arm()
    regulate()
  }

  function regulate(): void {
    const narrow = holds.has('full') || bytesPerSecond() > 0
    const stopped = holds.has('stall') || holds.has('rule') || holds.has('buffer')
    const on = !closed && !stopped && queuedBytes < (narrow ? narrowLimit : wideLimit)
    if (on === flowing || closed) return
    flowing = on
    flow(on)
  }

  function disarm(): void {
    clearTimeout(timer)
    timer = undefined
  }

  return {
    push,
    hold(reason) {
      if (closed) return
      holds.add(reason)
      disarm()
      regulate()
    },
    release(reason) {
      if (holds.delete(reason) && !closed) flush()
    },
    isHeld: (reason) => holds.has(reason),
    reserve(until) {
      lastDue = Math.max(lastDue, until)
    },
    hurry() {
      if (closed) return
      const latest = performance.now() + delayMs()
      lineFree = 0
      lastDue = Math.min(lastDue, latest)
      for (const item of items) item.due = Math.min(item.due, latest)
      disarm()
      flush()
    },
    close() {
      closed = true
      disarm()
      items = []
      first = 0
      queuedBytes = 0
    },
  }
}

export function setHold(queue: DelayQueue, reason: Hold, on: boolean): void {
  if (on) queue.hold(reason)
  else queue.release(reason)
}

function size(parcel: Parcel): number {
  return Buffer.isBuffer(parcel) ? parcel.length : 0
}
