import { connect, HoldfastError, poll, sse, type Transport, websocket } from '@holdfast/client/core'
import { memory } from '@holdfast/client/testing'
import { createHub } from '@holdfast/server'
import { createFakeClock } from '../../server/clock.ts'
import { hubFetch } from '../client/hub-fetch.ts'
import { createMad } from '../client/mad.ts'
import { madFetch } from '../client/mad-fetch.ts'
import { madSocket } from '../client/mad-socket.ts'
import { fateOf, likeNode, listeners, promises, timeoutMs } from '../client/user.ts'
import { knownCodes } from '../conversation.ts'
import type { Mutator } from '../mutate.ts'
import type { Trial } from '../trial.ts'

/** A client whose server goes mad for a while, and is a hub again after it. */
export async function client(trial: Trial, mutator: Mutator, foreign: readonly string[]): Promise<void> {
  const { dice, harm } = trial
  const { clock, pass } = likeNode(createFakeClock(Date.UTC(2025, 0, 1)))
  const hub = createHub({ clock, random: dice.roll, authorize: () => true })
  hub.handle('echo', ({ data }) => data)
  const mad = createMad(dice, mutator, foreign, (text) => trial.sent.push(text))
  let sane = false
  const connection = connect('http://hub.test', { transports: transports(), clock, random: dice.roll, page: null })
  const codes = new Set<string>()
  connection.errors$.subscribe(({ code }) => codes.add(code))
  connection.state$.subscribe(({ lastError }) => lastError && codes.add(lastError.code))
  const { deaf } = listeners(connection, 'sane')
  const fates = promises(connection)

  let spentMs = 0
  for (let steps = 1 + dice.below(3); steps > 0; steps--) {
    const ms = dice.pick([0, 50, 700, 2_500])
    await pass(ms)
    spentMs += ms
  }
  if (mad.attempts > 40 + spentMs / 20) harm.push(`storm: ${mad.attempts} attempts in ${spentMs} ms`)
  if (mad.lines > 400 + spentMs / 5) harm.push(`storm: ${mad.lines} lines in ${spentMs} ms`)
  sane = true
  mad.cut()
  await pass(100)
  await recover()
  await hub.topic('prices').publish('sane')
  const late = fateOf(connection.topic('up').publish(1))
  await pass(timeoutMs)
  for (const from of deaf()) harm.push(`the listener from ${from} hears nothing any more`)
  for (const [what, { done, failed }] of fates) {
    if (!done) harm.push(`${what} is never settled`)
    else if (failed) broke(what, failed)
  }
  if (!late.done || late.failed) harm.push(`a publish to a hub that is sane fails: ${late.failed}`)
  for (const code of codes) said(code)
  const closed = connection.close()
  await pass(2_000)
  await Promise.all([closed, hub.close({ drainMs: 0 })])
  trial.count('recovered')

  function transports(): Transport[] {
    const lost = madFetch(dice, mutator, mad)
    const found = hubFetch(hub)
    const fetch = (url: string, init: RequestInit) => (sane ? found : lost)(url, init)
    const madly = websocket(madSocket(dice, mad) as never)
    const network = memory(hub)
    const both: Transport = { ...madly, open: (...link) => (sane ? network : madly).open(...link) }
    return dice.pick([[both], [sse(fetch)], [poll(fetch)], [both, sse(fetch), poll(fetch)]])
  }

  async function recover(): Promise<void> {
    for (let second = 0; second < 60; second++) {
      const { phase, retryAt } = connection.getState()
      if (phase === 'online') return
      // What the hub itself has ruled out, the user may try.
      if (phase === 'failed' || (retryAt ?? 0) > clock.now() + 60_000) connection.reconnect()
      await pass(1_000)
    }
    harm.push(`never online again: ${JSON.stringify(connection.getState())}`)
  }

  /** A code of ours, or one that the server itself has named. */
  function said(code: unknown): void {
    if (typeof code !== 'string') harm.push(`undocumented: the client says ${JSON.stringify(code)}`)
    else trial.count(knownCodes.has(code) ? `client: ${code}` : 'client: a code of the mad server')
  }

  function broke(what: string, error: unknown): void {
    if (!(error instanceof HoldfastError)) return void harm.push(`undocumented: ${what} failed with ${error}`)
    said(error.code)
    if (error.outcome === undefined) harm.push(`undocumented: ${what} failed with ${error.code} and no outcome`)
  }
}
