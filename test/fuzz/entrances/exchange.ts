import { HoldfastError } from '@holdfast/protocol'
import type { Exchange, Hub } from '@holdfast/server'
import { settled } from '../../server/clock.ts'
import type { Trial } from '../trial.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly query?: Record<string, string>
  /** Whether it may wait for its answer. */
  readonly waits?: boolean
}

/** Hands one HTTP request to the hub's seam, and its answer to the trial. */
export async function exchange(hub: Hub, trial: Trial, asked: Asked) {
  const { method, path, headers, body = '', query = {}, waits = false } = asked
  const listeners: (() => void)[] = []
  let begun = false
  let over = false
  const gone = () => {
    if (over) return
    over = true
    for (const listener of listeners) listener()
  }
  const seam: Exchange = {
    method,
    path,
    headers,
    address: undefined,
    query: (name) => query[name],
    async body(limit) {
      if (Buffer.byteLength(body) > limit) throw new HoldfastError('too-large', 'larger than it may be')
      return body
    },
    answer(status, _, text) {
      if (begun || over) return
      begun = true
      trial.answered(status, text)
      gone()
    },
    stream(status, _, events) {
      if (begun || over) return null
      begun = true
      trial.count(`${status} stream`)
      listeners.push(() => events.gone())
      return { write: ({ text }) => written(text), buffered: 0, end: gone, destroy: gone }
    },
    onGone: (listener) => void listeners.push(listener),
    destroy: gone,
  }
  trial.sent.push(`${method} ${path} ${JSON.stringify({ ...headers, ...query })}`, body)
  const served = await hub.exchange(seam)
  await settled()
  if (!served) trial.count('none of the hub')
  else if (!begun && !waits) trial.harm.push(`hangs: ${method} ${path} is not answered`)
  return { gone }

  function written(text: string): void {
    if (!text.endsWith('\n\n')) trial.harm.push(`undocumented: half an event, ${JSON.stringify(text.slice(-200))}`)
    if (path.startsWith('/topics')) return plain(text)
    for (const event of text.slice(0, -2).split('\n\n')) {
      for (const line of event.split('\n')) {
        if (line.startsWith('data: ')) trial.line(line.slice(6))
        else trial.harm.push(`undocumented: ${JSON.stringify(line.slice(0, 200))} in the stream`)
      }
    }
  }

  function plain(text: string): void {
    for (const line of text.split('\n')) {
      if (!/^(|:|id: [\w-]+\.\d+|event: (binary|gap|snapshot)|data: [^\r]*)$/.test(line)) {
        trial.harm.push(`undocumented: ${JSON.stringify(line.slice(0, 200))} in the stream of a topic`)
      }
    }
  }
}
