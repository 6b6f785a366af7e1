import type { MessageEvent } from '@holdfast/client'
import { expect, test } from 'vitest'
import type { ChatMessage } from '../playground/server/topics.ts'
import { createChatLog } from '../playground/src/chat-log.ts'

const hello = { name: 'Ada', text: 'hello' }
const entry = (offset: number, id?: string, data: ChatMessage = hello): MessageEvent<ChatMessage> => ({
  type: 'message',
  data,
  cursor: `e.${offset}`,
  offset,
  epoch: 'e',
  time: 0,
  ...(id && { id }),
})
const receipt = (offset: number) => ({ cursor: `e.${offset}`, offset, epoch: 'e' })
const room = () => createChatLog(({ id }) => id?.startsWith('me.') ?? false)
const shown = (log: ReturnType<typeof room>) => log.lines.map((line) => line.key)

test('one’s own message is shown once, whether its receipt comes first …', () => {
  const log = room()
  const mine = log.sent(hello)
  log.accepted(mine, receipt(1))
  log.entry(entry(1, 'me.1'))
  expect(shown(log)).toEqual(['e.1'])
  expect(log.pending).toEqual([])
})

test('… or its entry does', () => {
  const log = room()
  const mine = log.sent(hello)
  log.entry(entry(1, 'me.1'))
  expect(shown(log)).toEqual([])
  log.accepted(mine, receipt(1))
  expect(shown(log)).toEqual(['e.1'])
  expect(log.pending).toEqual([])
})

test('another’s same words are another message, and keep their place', () => {
  const log = room()
  const mine = log.sent(hello)
  log.entry(entry(1, 'you.1'))
  log.entry(entry(2, 'me.1'))
  log.entry(entry(3, 'you.2'))
  expect(shown(log)).toEqual(['e.1'])
  log.accepted(mine, receipt(2))
  expect(shown(log)).toEqual(['e.1', 'e.2', 'e.3'])
})

test('a rejected message stays, with its reason, and holds nothing back', () => {
  const log = room()
  const mine = log.sent(hello)
  log.failed(mine, { outcome: 'rejected', code: 'bad-data' })
  log.entry(entry(1, 'you.1'))
  expect(shown(log)).toEqual(['e.1'])
  expect(log.pending).toMatchObject([{ failure: { code: 'bad-data' } }])
})

test('one that was given up as unknown and comes all the same was sent', () => {
  const log = room()
  const mine = log.sent(hello)
  log.failed(mine, { outcome: 'unknown', code: 'session-lost' })
  log.entry(entry(1, 'me.1'))
  expect(shown(log)).toEqual(['e.1'])
  expect(log.pending).toEqual([])
})
