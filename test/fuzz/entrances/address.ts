import type { Hub } from '@holdfast/server'
import { topicNames } from '../conversation.ts'
import { breakers } from '../edges.ts'
import type { Trial } from '../trial.ts'
import type { Tools } from './entrance.ts'
import { exchange } from './exchange.ts'

const types = [
  ...[
    'application/json',
    'application/json;charset=utf-8',
    'APPLICATION/JSON ; x=y',
    'text/plain',
    '',
    ';',
    'json',
    '*/*',
  ],
  ...[
    'multipart/form-data',
    'application/x-www-form-urlencoded',
    'application/json\0',
    'application/jsonp',
    '__proto__',
  ],
]

/** A topic's own address: GET and POST, with what stands in the URL, the headers and the body. */
export async function address(hub: Hub, trial: Trial, { mutator, headers, end }: Tools): Promise<void> {
  const { dice } = trial
  const name = encodeURIComponent(dice.pick(topicNames))
  const segment = dice.chance(0.5) ? mutator.text(name) + (dice.chance(0.2) ? dice.pick(breakers) : '') : name
  const path = dice.chance(0.95) ? `/topics/${segment}` : mutator.text(`/topics/${segment}`)
  const method = dice.chance(0.97)
    ? dice.pick(['GET', 'POST'])
    : dice.pick(['PUT', 'HEAD', 'get', '', 'DELETE', '__proto__'])
  const from = dice.pick(['live', 'start', 'last-5', 'k3f9.42', ''])
  const value = dice.chance(0.4) ? mutator.text(from) : from
  const { gone } = await exchange(hub, trial, {
    method,
    path,
    headers: {
      ...headers(),
      ...(dice.chance(0.9) && { 'content-type': dice.chance(0.7) ? 'application/json' : dice.pick(types) }),
      ...(dice.chance(0.2) && { 'last-event-id': value }),
      ...(dice.chance(0.3) && {
        authorization: dice.pick(['Bearer t', 'Bearer', 'bearer  t t', 'Basic x', 'Bearer \ud800']),
      }),
    },
    query: dice.chance(0.6) ? { from: value } : {},
    body: dice.chance(0.7)
      ? mutator.line(dice.pick(['{"symbol":"A","bid":1}', '[1,2,{"a":"b"}]', '"x"', '1']))
      : '{"a":1}',
  })
  end(gone)
}
