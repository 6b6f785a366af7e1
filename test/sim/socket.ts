import type { SocketEvents } from '@holdfast/server'
import type { WebSocketLike } from '../../packages/client/src/transports/websocket.ts'
import type { Access } from './access.ts'
import type { Computer } from './computer.ts'
import type { Tap } from './tap.ts'
import type { Time } from './time.ts'

interface SocketParts {
  readonly time: Time
  readonly access: Access
  readonly computer: Computer
  readonly tap: Tap
  readonly address: string
}

const headBytes = 300

/** A WebSocket of the simulated network, and the hub's end of it. */
export function openSocket(
  { time, access, computer, tap, address }: SocketParts,
  url: string,
  protocols: readonly string[],
): WebSocketLike {
  const { websocket: mode } = access.weather
  const connection = access.open('websocket')
  const { node, up, down, id } = connection
  const name = `websocket#${id}`
  let events: SocketEvents | null = null
  let received: string[] | null = null
  tap.url(url)

  const socket = {
    readyState: 0,
    onopen: null as WebSocketLike['onopen'],
    onmessage: null as WebSocketLike['onmessage'],
    onerror: null as WebSocketLike['onerror'],
    onclose: null as WebSocketLike['onclose'],
    get bufferedAmount() {
      return up.buffered
    },
    send(text: string) {
      if (socket.readyState !== 1) return
      tap.up(name, text)
      up.send(text.length, () => toHub(text))
    },
    close() {
      if (socket.readyState === 3) return
      socket.readyState = 3
      connection.leave()
    },
  }
  connection.client = (code) => close(code, '')

  if (!node || mode === 'refuse') {
    connection.up.send(headBytes, () => connection.down.send(1, () => connection.cut('client')))
  } else if (mode !== 'swallow') {
    up.send(headBytes + protocols.join().length, () => node.computer.arrive(accept))
  }
  return socket

  function toHub(text: string): void {
    node?.computer.arrive(() => {
      if (received) received.push(text)
      else events?.message(text)
    })
  }

  function toClient(run: () => void): () => void {
    return () => computer.arrive(() => socket.readyState < 3 && run())
  }

  function close(code: number, reason: string): void {
    if (socket.readyState === 3) return
    socket.readyState = 3
    socket.onerror?.({} as never)
    socket.onclose?.({ code, reason } as never)
  }

  function accept(): void {
    node?.hub.accept({
      headers: { host: 'sim' },
      address,
      protocols,
      open(given) {
        if (connection.client === null) return null
        events = given
        connection.server = () => given.gone()
        connection.drained = () => given.drained()
        down.send(
          1,
          toClient(() => {
            socket.readyState = 1
            socket.onopen?.({} as never)
            if (mode === 'cut') connection.cut('both')
          }),
        )
        if (mode === 'mute') time.schedule(access.down.latencyMs * 2 + 1, () => connection.deaden('down'))
        if (mode === 'flap') time.schedule(access.down.latencyMs * 4 + 300, () => connection.cut('both'))
        return {
          write({ text }) {
            tap.written(name, down.buffered)
            down.send(
              text.length,
              toClient(() => {
                tap.down(name, text)
                socket.onmessage?.({ data: text } as never)
              }),
            )
          },
          close(code, reason) {
            down.send(
              1,
              toClient(() => {
                tap.note(`${name} is closed by the hub: ${code} ${reason}`)
                close(code, reason)
                connection.leave()
              }),
            )
            // What ws does where no answer to its close frame comes.
            time.schedule(30_000, () => connection.server && connection.cut('both'))
          },
          destroy() {
            events = null
            given.gone()
            connection.abandon()
          },
          pause() {
            received ??= []
          },
          resume() {
            const waiting = received ?? []
            received = null
            for (const text of waiting) toHub(text)
          },
          get buffered() {
            return down.buffered
          },
        }
      },
    })
  }
}
