import { subprotocol, toBase64Url, toUtf8 } from '@holdfast/protocol'
import type { Hub, SocketEvents, SocketLike } from '@holdfast/server'
import { settled } from '../../server/clock.ts'
import { createConversation, offered } from '../conversation.ts'
import type { Trial } from '../trial.ts'
import type { Tools } from './entrance.ts'

/** Messages and a hello of one WebSocket, by the hub's seam. */
export async function websocket(hub: Hub, trial: Trial, { mutator, headers, end }: Tools): Promise<void> {
  const { dice } = trial
  const conversation = createConversation(dice)
  const hello = conversation.hello()
  const badHello = dice.chance(0.25)
  const later = dice.chance(0.2)
  const socket = openSocket(hub, trial, headers(), protocols())
  await settled()
  if (later) {
    socket.message(badHello ? mutator.batch([hello]) : hello)
    await settled()
  }
  for (let messages = 1 + dice.below(2); messages > 0; messages--) {
    const frames = conversation.frames(1 + dice.below(4))
    if (dice.chance(0.01)) socket.broken(dice.pick(['malformed', 'too-large']))
    else socket.message(badHello || dice.chance(0.1) ? frames.join('\n') : mutator.batch(frames))
    if (dice.chance(0.6)) await settled()
  }
  await settled()
  end(socket.gone)

  function protocols(): readonly string[] {
    if (later) return [subprotocol]
    if (!badHello) return offered(hello)
    if (dice.chance(0.7)) return [subprotocol, toBase64Url(toUtf8(mutator.batch([hello])))]
    const [name = '', encoded = ''] = offered(hello)
    if (dice.chance(0.6)) return [name, mutator.text(encoded)]
    return dice.pick([[], [''], [encoded], [encoded, name], [mutator.text(name), encoded], [name, encoded, encoded]])
  }
}

function openSocket(hub: Hub, trial: Trial, headers: Record<string, string>, protocols: readonly string[]) {
  let events: SocketEvents | null = null
  let closed = false
  let over = false
  const gone = () => {
    if (over) return
    over = true
    events?.gone()
  }
  const socket: SocketLike = {
    write({ text }) {
      if (!closed) for (const line of text.split('\n')) trial.line(line)
    },
    close(code, reason) {
      if (closed) return
      closed = true
      trial.closed(code, reason)
      queueMicrotask(gone)
    },
    destroy: gone,
    pause() {},
    resume() {},
    buffered: 0,
  }
  trial.sent.push(`websocket, protocols ${JSON.stringify(protocols)}`)
  hub.accept({
    headers,
    address: '127.0.0.1',
    protocols,
    open(given) {
      events = given
      return socket
    },
  })
  return {
    message(text: string) {
      trial.sent.push(text)
      if (!over) events?.message(text)
    },
    broken(code: 'malformed' | 'too-large') {
      trial.sent.push(`broken: ${code}`)
      if (!over) events?.broken(code)
    },
    gone,
  }
}
