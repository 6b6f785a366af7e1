import { createServer } from 'node:http'
import { connect } from 'node:net'
import { createHub } from '@holdfast/server'
import express from 'express'
import { listen } from '../../support/listen.ts'
import { connectTo, online, shut } from '../../support/world.ts'
import { honest } from '../honest.ts'
import type { Mutator } from '../mutate.ts'
import type { Trial } from '../trial.ts'
import { readAnswers } from './answers.ts'
import { createRawInput } from './bytes.ts'

// An answer that is still to come when this side has ended comes at once; beyond this a connection is left open.
const patienceMs = 10_000

/** The hub behind Express, ws and real sockets, and an honest client beside what comes in as bytes. */
export async function createRawServer() {
  const errors: string[] = []
  const hub = createHub<unknown>({
    limits: { sessions: 50_000 },
    authenticate: ({ token }) => (token === honest.token ? 'honest' : null),
    authorize: ({ user, topic }) => topic !== honest.topic || user === 'honest',
  })
  hub.topics('chat', { compress: true })
  hub.errors$.subscribe(({ code, cause }) => errors.push(`the hub reported ${code}: ${cause}`))
  const app = express()
  // What is none of the hub's is answered in silence.
  app.set('env', 'test')
  app.use('/rt', hub.router())
  const server = createServer(app)
  hub.attach(server, '/rt')
  const port = await listen(server)
  const client = connectTo(`http://127.0.0.1:${port}/rt`, { token: honest.token, transports: ['websocket'] })
  await online(client)
  let n = 0

  return {
    errors,
    /** Writes one input, ends, and waits until the server has let go as well. */
    async take(trial: Trial, mutator: Mutator): Promise<void> {
      const { pieces, end } = createRawInput(trial.dice, mutator)
      trial.sent.push(`over TCP, ended by ${end}`, ...pieces.map((piece) => JSON.stringify(piece.toString('latin1'))))
      const written: Buffer[] = []
      const closed = await new Promise<boolean>((resolve) => {
        const socket = connect(port, '127.0.0.1')
        const patience = setTimeout(() => {
          resolve(false)
          socket.destroy()
        }, patienceMs)
        socket.on('data', (data: Buffer) => written.push(data))
        socket.on('error', () => {})
        socket.on('close', () => {
          clearTimeout(patience)
          resolve(true)
        })
        const [first, second] = pieces
        socket.write(first ?? '', () => {
          if (second) socket.write(second)
          if (end === 'fin') socket.end()
          else setImmediate(() => socket.resetAndDestroy())
        })
      })
      if (!closed) trial.harm.push('hangs: the server leaves the connection open')
      readAnswers(trial, Buffer.concat(written))
    },
    /** The honest client still works. */
    async check(): Promise<string[]> {
      const mine = ++n
      const heard: unknown[] = []
      const subscription = client.topic(honest.topic, { from: { last: 1 } }).subscribe((data) => heard.push(data))
      const wrong: string[] = []
      await client
        .topic(honest.topic)
        .publish(mine, { timeoutMs: patienceMs })
        .catch((error) => wrong.push(`the honest client: ${error}`))
      for (let waited = 0; heard.at(-1) !== mine && waited < patienceMs; waited += 5) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      if (heard.at(-1) !== mine) wrong.push(`the honest client heard ${JSON.stringify(heard)}, not ${mine}`)
      subscription.unsubscribe()
      return [...wrong, ...errors.splice(0)]
    },
    async close(): Promise<string[]> {
      const until = Date.now() + patienceMs
      // Sessions that are away, and those that poll, go with time, of which a hub on a clock that is moved shows more.
      const left = () => {
        const { sessions, streams, bytesBuffered } = hub.stats()
        return { websocket: sessions.websocket, sse: sessions.sse, streams, bytesBuffered }
      }
      const alone = JSON.stringify({ websocket: 1, sse: 0, streams: 0, bytesBuffered: 0 })
      while (JSON.stringify(left()) !== alone && Date.now() < until)
        await new Promise((resolve) => setTimeout(resolve, 20))
      const wrong = JSON.stringify(left()) === alone ? [] : [`left behind: ${JSON.stringify(left())}`]
      await client.close()
      await hub.close({ drainMs: 0 })
      await shut(server)
      return [...wrong, ...errors.splice(0)]
    },
  }
}
