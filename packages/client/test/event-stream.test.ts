import { expect, test } from 'vitest'
import { createEventReader } from '../src/transports/event-stream.ts'

// U+2028 ends no line here, though it does in a regular expression.
const events = ['["heartbeat"]', '["receipt",1]\n["receipt",2]', '["entry","a\u2028data: b"]', ' ["pong",1]']

const streamOf = (end: string) =>
  events
    .map((event, i) => `: comment${end}id: ${i}${end}data: ${event.split('\n').join(`${end}data:`)}${end}${end}`)
    .join('')

test.each([
  ['LF', '\n'],
  ['CRLF', '\r\n'],
  // Of the very last one nothing tells whether it is half of a CRLF.
  ['CR', '\r'],
])('events are told when they are complete, wherever the stream was cut: lines end in %s', (_, end) => {
  const stream = `${end}${streamOf(end)}${streamOf(end)}data: not complete`
  for (let size = 1; size <= stream.length; size++) {
    const told: string[] = []
    const read = createEventReader((event) => told.push(event))
    for (let at = 0; at < stream.length; at += size) read(stream.slice(at, at + size))
    expect(told).toEqual([...events, ...events])
  }
})
