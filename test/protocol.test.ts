import { readFileSync } from 'node:fs'
import {
  closeAction,
  closeCodes,
  encodeFrame,
  HoldfastError,
  parseDown,
  parseUp,
  serverLimits,
  wireLimits,
} from '@holdfast/protocol'
import { hubLimits } from '@holdfast/server'
import { describe, expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(`../packages/protocol/${path}`, import.meta.url), 'utf8')
const text = read('PROTOCOL.md')

/** The lines of all fenced blocks with this mark. */
function lines(mark: string): string[] {
  const blocks = [...text.matchAll(/^```(.*)\n([\s\S]*?)^```$/gm)]
  return blocks.filter(([, found]) => found === mark).flatMap(([, , body = '']) => body.trim().split('\n'))
}

/** The cells of the rows of a table whose first header cell this is, without backticks. */
function table(firstHeader: string): string[][] {
  const start = text.indexOf(`\n| ${firstHeader} |`)
  const rows =
    text
      .slice(start + 1)
      .trimEnd()
      .split('\n\n', 1)[0]
      ?.split('\n') ?? []
  return rows.slice(2).map((row) =>
    row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll('`', '')),
  )
}

const number = (cell: string | undefined) => Number(cell?.replaceAll(',', '').split(' ')[0])

describe('the examples of PROTOCOL.md', () => {
  test('are all read', () => {
    const marks = [...text.matchAll(/^```(.+)$/gm)].map(([, mark]) => mark)
    expect(marks.sort()).toEqual(['down', 'malformed down', 'malformed up', 'up'])
    expect(lines('up').length).toBeGreaterThan(10)
    expect(lines('down').length).toBeGreaterThan(10)
  })

  test.each(lines('up'))('up: %s', (line) => {
    expect(encodeFrame(parseUp(line))).toBe(line)
  })

  test.each(lines('down'))('down: %s', (line) => {
    expect(encodeFrame(parseDown(line))).toBe(line)
  })

  test.each(lines('malformed up'))('malformed up: %s', (line) => {
    expect(() => parseUp(line)).toThrow(expect.objectContaining({ name: 'HoldfastError', code: 'malformed' }))
  })

  test.each(lines('malformed down'))('malformed down: %s', (line) => {
    expect(() => parseDown(line)).toThrow(HoldfastError)
  })

  test('show every kind of frame that its tables have, and no other', () => {
    const kinds = (rows: readonly string[]) => [...new Set(rows.map((line) => JSON.parse(line)[0] as string))].sort()
    const rows = text.match(/^\| `\["([a-z]+)"/gm)?.map((row) => row.slice(5, -1)) ?? []
    expect([...kinds(lines('up')), ...kinds(lines('down'))].sort()).toEqual(rows.sort())
  })

  test('are malformed once they are cut short', () => {
    for (const [mark, parse] of [
      ['up', parseUp],
      ['down', parseDown],
    ] as const) {
      for (const line of lines(mark)) {
        for (let end = 0; end < line.length; end++) expect(() => parse(line.slice(0, end))).toThrow(HoldfastError)
      }
    }
  })

  test('may have one more element than is known', () => {
    const full = ['["ping",1,{}]', '["bye",0]', '["publish",5,"chat",{},"base64",7]', '["skip",8,null]']
    for (const line of full) expect(encodeFrame(parseUp(line))).toBe(line)
    expect(parseDown('["pong",1,"later"]')).toEqual(['pong', 1, 'later'])
  })
})

describe('the tables of PROTOCOL.md', () => {
  test('name the codes of closes with their numbers and HTTP statuses', () => {
    const documented = table('close').map(([close, code, status]) => [code, Number(close), Number(status)])
    expect(documented).toEqual(Object.entries(closeCodes).map(([code, { close, status }]) => [code, close, status]))
  })

  test('say by the hundreds what to do', () => {
    const actions = { 4000: 'retry', 4049: 'retry', 4050: 'renew', 4099: 'renew', 4100: 'elsewhere', 4199: 'elsewhere' }
    const more = {
      4200: 'authenticate',
      4299: 'authenticate',
      4300: 'stop',
      4399: 'stop',
      4400: 'retry',
      1006: 'retry',
    }
    for (const [close, action] of Object.entries({ ...actions, ...more }))
      expect(closeAction(Number(close))).toBe(action)
  })

  test('name the codes of single frames', () => {
    const source = read('src/codes.ts').match(/RejectCode =([\s\S]*?)\n\n/)?.[1] ?? ''
    const known = [...source.matchAll(/'([a-z-]+)'/g)].map(([, code]) => code)
    const sentence = text.slice(text.indexOf('\nCodes of `reject`')).split('\n\n', 1)[0] ?? ''
    const documented = [...sentence.matchAll(/`([a-z-]+)`/g)].map(([, code]) => code).slice(3)
    // What a client says to its own user alone.
    const ownWords = ['aborted', 'timeout', 'closed', 'session-lost', 'user-changed', 'inbox-gap']
    expect(documented.sort()).toEqual(known.filter((code) => !ownWords.includes(code ?? '')).sort())
  })

  test('name the limits', () => {
    const { messageBytes, batchBytes, window, helloHeaderBytes, topicBytes } = wireLimits
    const { inFlightBytes, pageEntries, handshakeMs, heartbeatMs } = serverLimits
    expect(Object.fromEntries(table('limit').map(([name, value]) => [name, number(value)]))).toEqual({
      payload: messageBytes,
      batch: batchBytes,
      'unacknowledged upstream numbers': window,
      'in flight downstream, a link': inFlightBytes,
      'hello in the subprotocol header': helloHeaderBytes,
      'topic name': topicBytes,
      'subscriptions of a session': hubLimits.subscriptions,
      'sessions in the presence of a topic': hubLimits.presence,
      'links of a session': hubLimits.links,
      'a page of history': pageEntries,
      handshake: handshakeMs,
      heartbeat: heartbeatMs,
    })
    expect(text).toContain(`after each ${wireLimits.ackBytes / 1024} KiB received`)
  })
})
