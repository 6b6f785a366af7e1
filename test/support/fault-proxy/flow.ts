import type { Case } from './case.ts'
import type { Direction } from './rules.ts'

/** One direction of an exchange, where its bytes meet the rules. */
export interface Flow {
  /** @param head how many of the bytes are the head @param isLast whether the message is complete with them */
  take(bytes: Buffer, head: number, isLast: boolean): void
  /** The rules have changed, or time has made another one hold. */
  review(): void
  /** Nothing more will come. */
  end(): void
  /** From here on all is thrown away. */
  readonly dropped: boolean
}

export interface FlowOptions {
  exchange: Case
  direction: Direction
  random: () => number
  pass: (bytes: Buffer) => void
  cut: (how: 'reset' | 'end') => void
  /** A rule has met it for the first time. */
  onMet: (action: 'drop' | 'corrupt' | 'buffer') => void
  /** More is held back than may be; or no longer. */
  onFull: (full: boolean) => void
}

const holdLimit = 1024 * 1024

export function createFlow({ exchange, direction, random, pass, cut, onMet, onFull }: FlowOptions): Flow {
  let dropped = false
  let corrupted = false
  let isCut = false
  let complete = false
  let held: Buffer[] = []
  let heldBytes = 0

  function take(bytes: Buffer, head: number, isLast: boolean): void {
    complete ||= isLast
    if (head > 0) {
      put(bytes.subarray(0, head), true)
      exchange.passed[direction] = 0
    }
    let at = head
    while (at < bytes.length && !isCut) {
      review()
      if (isCut) return
      const next = at + Math.min(exchange.bytesLeft(direction), bytes.length - at)
      put(bytes.subarray(at, next), false)
      exchange.passed[direction] += next - at
      at = next
    }
    review()
  }

  function put(bytes: Buffer, isHead: boolean): void {
    cutIfSaid()
    if (isCut) return
    dropIfSaid()
    if (dropped) return
    const whole = !isHead && exchange.find('corrupt', direction) ? damaged(bytes) : bytes
    if (isHeldBack()) holdBack(whole)
    else pass(whole)
  }

  function damaged(bytes: Buffer): Buffer {
    if (!corrupted) onMet('corrupt')
    corrupted = true
    const copy = Buffer.from(bytes)
    const at = Math.floor(random() * copy.length)
    copy[at] = (copy[at] ?? 0) ^ 0x80
    return copy
  }

  const isHeldBack = () => direction === 'down' && !complete && exchange.find('buffer', direction) !== undefined

  function holdBack(bytes: Buffer): void {
    if (held.length === 0) onMet('buffer')
    held.push(bytes)
    heldBytes += bytes.length
    if (heldBytes > holdLimit) onFull(true)
  }

  function letGo(): void {
    if (held.length === 0) return
    const bytes = held
    if (heldBytes > holdLimit) onFull(false)
    held = []
    heldBytes = 0
    for (const piece of bytes) pass(piece)
  }

  function cutIfSaid(): void {
    const rule = isCut ? undefined : exchange.find('cut', direction)
    if (!rule) return
    isCut = true
    cut(rule.how ?? 'reset')
  }

  function dropIfSaid(): void {
    if (dropped || !exchange.find('drop', direction)) return
    dropped = true
    onMet('drop')
  }

  function review(): void {
    if (!isHeldBack()) letGo()
    // What has not come yet is met when it comes.
    if (exchange.passed[direction] < 0) return
    cutIfSaid()
    dropIfSaid()
  }

  return {
    take,
    review,
    end() {
      complete = true
      letGo()
    },
    get dropped() {
      return dropped
    },
  }
}
