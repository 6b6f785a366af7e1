import { closeCodes, parseDown } from '@holdfast/protocol'
import { rejectCodes } from './conversation.ts'
import { createDice, type Dice } from './dice.ts'

/** One input, and what came of it. */
export interface Trial {
  readonly n: number
  /** The next input need not wait for this one. */
  concurrent: boolean
  readonly dice: Dice
  /** What went in, to be shown if it did harm. */
  readonly sent: string[]
  /** What must not be. */
  readonly harm: string[]
  /** What was answered, by code. */
  readonly answers: Map<string, number>
  count(code: string): void
  /** A line of the hub's. */
  line(line: string): void
  /** A WebSocket was closed by the hub. */
  closed(code: number, reason: string): void
  /** An HTTP answer that is complete, other than a stream. */
  answered(status: number, body: string): void
}

// What no input may cause.
const ours = new Set(['internal-error', 'broker-failed'])

export function createTrial(seed: number, n: number): Trial {
  const answers = new Map<string, number>()
  const harm: string[] = []
  const count = (code: string) => void answers.set(code, (answers.get(code) ?? 0) + 1)

  /** A code of closes with the number or status that belongs to it. */
  function close(code: string, has: { close?: number; status?: number }): void {
    const known = Object.hasOwn(closeCodes, code) ? closeCodes[code as keyof typeof closeCodes] : undefined
    count(code)
    if (!known || ours.has(code)) harm.push(`undocumented: closed with ${code}`)
    else if ((has.close ?? known.close) !== known.close || (has.status ?? known.status) !== known.status) {
      harm.push(`undocumented: ${code} with ${JSON.stringify(has)}`)
    }
  }

  function line(text: string, status?: number): boolean {
    let frame: ReturnType<typeof parseDown>
    try {
      frame = parseDown(text)
    } catch (error) {
      harm.push(`undocumented: ${error} in ${text.slice(0, 200)}`)
      return false
    }
    if (frame[0] === 'close') {
      close(frame[2], { close: frame[1], ...(status !== undefined && { status }) })
      return true
    }
    count(frame[0])
    if (frame[0] === 'reject' || frame[0] === 'refused' || frame[0] === 'unread') {
      count(frame[2])
      if (!rejectCodes.has(frame[2]) || ours.has(frame[2])) harm.push(`undocumented: ${frame[0]} with ${frame[2]}`)
    }
    return false
  }

  return {
    n,
    concurrent: false,
    dice: createDice(seed, n),
    sent: [],
    harm,
    answers,
    count,
    line: (text) => void line(text),
    closed(code, reason) {
      const [name = '', delay, ...more] = reason.split(' ')
      close(name, { close: code })
      if (more.length > 0 || !(Number(delay ?? 0) >= 0)) harm.push(`undocumented: the close reason ${reason}`)
    },
    answered(status, body) {
      count(`${status}`)
      if (body.startsWith('[')) {
        const ended = body.split('\n').map((each) => line(each, status))
        if (!ended.includes(true) && status !== 200) harm.push(`undocumented: status ${status} without a close frame`)
        return
      }
      let told: { code?: unknown; cursor?: unknown } | null = null
      try {
        told = JSON.parse(body)
      } catch {
        // Reported below.
      }
      if (status === 201 && typeof told?.cursor === 'string') return
      if (status >= 400 && typeof told?.code === 'string' && rejectCodes.has(told.code)) return count(told.code)
      harm.push(`undocumented: status ${status} with ${JSON.stringify(body.slice(0, 200))}`)
    },
  }
}
