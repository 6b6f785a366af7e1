import { fromBase64Url } from '@holdfast/protocol'
import type { Dice } from '../dice.ts'
import type { Mad } from './mad.ts'

type Handler = ((event: never) => void) | null

/** The class of WebSockets whose far end is a mad server. */
export function madSocket(dice: Dice, mad: Mad) {
  return class {
    onopen: Handler = null
    onmessage: Handler = null
    onerror: Handler = null
    onclose: Handler = null
    readyState = 0
    bufferedAmount = 0

    constructor(_url: string, protocols: string[]) {
      mad.attempt()
      if (dice.chance(0.02)) throw new TypeError('no WebSocket today')
      mad.onCut(() => this.#end(1006, ''))
      queueMicrotask(() => this.#begin(protocols[1] === undefined ? null : fromBase64Url(protocols[1])))
    }

    send(text: string): void {
      mad.heard(text)
      const answer = mad.gibberish.down(text.split('\n'))
      if (answer !== null) queueMicrotask(() => this.#tell(answer))
    }

    close(): void {
      this.readyState = 3
    }

    #begin(hello: string | null): void {
      if (this.readyState !== 0) return
      if (dice.chance(0.05))
        return this.#end(dice.pick([1006, 4004, 4301]), dice.pick(['', 'later 10', 'origin-forbidden']))
      this.readyState = 1
      if (dice.chance(0.95)) this.onopen?.({} as never)
      if (hello !== null) this.send(hello)
      if (dice.chance(0.1)) queueMicrotask(() => this.#end(...mad.close()))
    }

    #tell(text: string): void {
      const data: unknown = dice.chance(0.02)
        ? dice.pick([new ArrayBuffer(3), null, undefined, 7, new Uint8Array(2)])
        : text
      mad.told(String(data))
      if (this.readyState === 1) this.onmessage?.({ data } as never)
    }

    #end(code: number, reason: string): void {
      if (this.readyState === 3) return
      this.readyState = 3
      mad.told(`${code} ${reason}`)
      if (dice.chance(0.3)) this.onerror?.({} as never)
      this.onclose?.({ code, reason } as never)
    }
  }
}
