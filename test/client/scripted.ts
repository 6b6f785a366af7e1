import type { Clock, Transport } from '@holdfast/client/core'

/** How a transport behaves at each opening; the last one goes on for ever. */
export interface Script {
  /** The welcome comes after so many ms; without it nothing ever comes. */
  proves?: number
  /** Lost so many ms after opening, with this code and action. */
  lost?: {
    after: number
    code?: string
    action?: 'retry' | 'stop' | 'authenticate' | 'renew' | 'elsewhere'
    delayMs?: number
  }
  /** Whether pings are answered, after how many ms, or each in turn. Default 10; null: never. */
  pong?: number | null | readonly (number | null)[]
}

const limits = { messageBytes: 1e6, batchBytes: 1e6, window: 1024 }
const welcome = (session: unknown) =>
  JSON.stringify(['welcome', 1, { session, received: 0, user: 'u', heartbeatMs: 5_000, limits }])

/** A transport that does what its script says, on the test's clock. It notes when it was opened and closed. */
export function scripted(name: string, clock: Clock, ...scripts: Script[]) {
  const opened: number[] = []
  const hellos: Record<string, unknown>[] = []
  const sent: unknown[][] = []
  let openNow = 0
  let most = 0
  let end: (code: string) => void = () => {}

  const transport: Transport = {
    name,
    open(request, events) {
      const { proves, lost, pong = 10 } = scripts[Math.min(opened.length, scripts.length - 1)] ?? {}
      opened.push(clock.now())
      const hello = JSON.parse(request.hello)[2]
      hellos.push(hello)
      most = Math.max(most, ++openNow)
      const timers: unknown[] = []
      let over = false
      let pings = 0
      const at = (ms: number, run: () => void) => timers.push(clock.setTimeout(() => over || run(), ms))
      const finish = () => {
        if (over) return false
        over = true
        openNow--
        for (const timer of timers) clock.clearTimeout(timer)
        return true
      }
      end = (code) => {
        if (finish()) events.lost({ code, message: code, action: 'retry' })
      }
      if (proves !== undefined) at(proves, () => events.batch(welcome(hello.session)))
      if (lost) {
        const { code = 'cut', action = 'retry', delayMs } = lost
        at(lost.after, () => {
          if (finish()) events.lost({ code, message: code, action, ...(delayMs !== undefined && { delayMs }) })
        })
      }
      return {
        writable: true,
        send(lines) {
          for (const line of lines) {
            const frame = JSON.parse(line)
            sent.push(frame)
            const after = typeof pong === 'object' ? (pong?.[Math.min(pings, pong.length - 1)] ?? null) : pong
            if (frame[0] !== 'ping' || after === null) continue
            pings++
            at(after, () => events.batch(JSON.stringify(['pong', frame[1]])))
          }
        },
        close: finish,
      }
    },
  }
  return {
    transport,
    opened,
    hellos,
    sent,
    get openNow() {
      return openNow
    },
    /** The most that were ever open at once. */
    get most() {
      return most
    },
    cut: () => end('cut'),
  }
}
