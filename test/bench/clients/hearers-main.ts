/** The process of one client, as an application would have it, that hears a lot, and measures its CPU. */
import { connect } from '@holdfast/client'
import { WebSocket } from 'ws'
import { answers } from '../harness/answers.ts'
import type { Data } from '../servers/contestant.ts'

let heard = 0
let last = 0
let before = process.cpuUsage()
let enough = Number.POSITIVE_INFINITY
let resolveEnough: () => void = () => {}

const hear = ({ n }: Data) => {
  if (n !== last + 1 && last > 0) throw new Error(`${n} came after ${last}`)
  last = n
  if (++heard >= enough) resolveEnough()
}

const hearers = {
  'ws send': (port: number) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/?client=0&topics=1`)
    socket.on('message', (data) => hear(JSON.parse(data.toString())))
    return new Promise<void>((resolve) => socket.once('open', resolve))
  },
  'Holdfast, long history': (port: number) => {
    const connection = connect(`http://127.0.0.1:${port}/realtime`, { WebSocket, transports: ['websocket'] })
    const topic = connection.topic<Data>('topic-0')
    topic.subscribe(hear)
    return new Promise<void>((resolve) => topic.live$.subscribe((live) => live && resolve()))
  },
}

export type HearerName = keyof typeof hearers

answers({
  open: ({ name, port }: { name: HearerName; port: number }) => hearers[name](port),
  begin(): void {
    heard = 0
    enough = Number.POSITIVE_INFINITY
    before = process.cpuUsage()
  },
  /** When so many have come: the CPU since `begin`, in ms. */
  async end(count: number): Promise<number> {
    enough = count
    if (heard < count) await new Promise<void>((resolve) => (resolveEnough = resolve))
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  },
})
