/** The process of the server that is killed, or of the one that takes its place: `Holdfast` or `Socket.IO`, as its argument says. */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { listen } from '../../support/listen.ts'
import { answers } from '../harness/answers.ts'
import { createHoldfast } from '../servers/holdfast.ts'
import { createIo } from '../servers/socketio.ts'

/** In ms. */
export interface Load {
  /** CPU of the second that had most of it. */
  readonly busiestSecond: number
  readonly delayP99: number
  readonly delayMax: number
}

const delays = monitorEventLoopDelay({ resolution: 10 })
let busiest = 0

answers({
  /** Listens; every client that subscribes finds one message. */
  async start(port: number): Promise<number> {
    const server = process.argv[2] === 'Holdfast' ? await holdfast() : socketIo()
    const listening = await listen(server, port)
    delays.enable()
    watch()
    return listening
  },
  load: (): Load => ({
    busiestSecond: busiest,
    delayP99: delays.percentile(99) / 1e6,
    delayMax: delays.max / 1e6,
  }),
})

async function holdfast() {
  const { hub, server } = createHoldfast()
  await hub.topic('news').publish({ pid: process.pid })
  return server
}

function socketIo() {
  const { io, server } = createIo({ transports: ['polling', 'websocket'], connectionStateRecovery: {} })
  io.on('connection', (socket) => socket.emit('news', { pid: process.pid }))
  return server
}

/** Seconds that begin every tenth of one. */
function watch(): void {
  const tenths: number[] = []
  let before = process.cpuUsage()
  setInterval(() => {
    const { user, system } = process.cpuUsage(before)
    before = process.cpuUsage()
    tenths.push((user + system) / 1_000)
    if (tenths.length > 10) tenths.shift()
    busiest = Math.max(
      busiest,
      tenths.reduce((total, one) => total + one, 0),
    )
  }, 100)
}
