import type { Hub } from '@holdfast/server'
import { createConversation } from '../conversation.ts'
import type { Trial } from '../trial.ts'
import type { Tools } from './entrance.ts'
import { exchange } from './exchange.ts'

/** The POSTs of a session: hellos, upstream batches and polls. */
export async function posts(hub: Hub, trial: Trial, { mutator, headers, end }: Tools): Promise<void> {
  const { dice } = trial
  const conversation = createConversation(dice)
  const post = (path: string, body: string, waits = false) =>
    exchange(hub, trial, { method: 'POST', path, headers: headers(), body, waits })
  const opening = dice.pick(['/sse', '/poll'])
  const what = dice.roll()
  if (what < 0.3) {
    const { gone } = await post(opening, mutator.batch([conversation.hello()]))
    end(gone)
    return
  }
  const { gone } = await post(opening, conversation.hello(dice.chance(0.9) ? 1 : 2))
  if (what < 0.8)
    await post('/send', mutator.batch([conversation.session(), ...conversation.frames(1 + dice.below(4))]))
  else await poll()
  if (dice.chance(0.3)) await post('/send', [conversation.session(), ...conversation.frames(2)].join('\n'))
  end(gone)

  async function poll(): Promise<void> {
    const good = [conversation.session(), conversation.poll()]
    const waiting = await post('/poll', mutator.batch(good), true)
    if (dice.chance(0.3)) await post('/poll', good.join('\n'), true)
    end(waiting.gone)
  }
}
