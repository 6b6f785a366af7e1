import { isFrom, parseCursor } from './cursor.ts'
import { HoldfastError } from './errors.ts'
import type { DownFrame, DownKind, UpFrame, UpKind } from './frames.ts'

type Check = (value: unknown) => boolean

/** What one element of a frame must be; a '?' in a shape makes the rest of the frame optional. */
const elements: Readonly<Record<string, Check>> = {
  b: (v: unknown) => typeof v === 'boolean',
  c: (v: unknown) => typeof v === 'string' && parseCursor(v) !== null,
  e: (v: unknown) => v === 'base64',
  f: (v: unknown) => typeof v === 'string' && isFrom(v),
  i: (v: unknown) => v === null || typeof v === 'string',
  k: (v: unknown) => isPairs(v, (s) => parseCursor(s) !== null),
  l: (v: unknown) => isTopicList(v),
  n: (v: unknown) => Number.isSafeInteger(v) && (v as number) >= 0,
  o: (v: unknown) => typeof v === 'object' && v !== null && !Array.isArray(v),
  p: (v: unknown) => Array.isArray(v) && v.every((entry) => Array.isArray(entry) && fits(entry, 0, pageEntry)),
  s: (v: unknown) => typeof v === 'string',
  x: () => true,
}

/** Each kind's elements after the first. An element that a later version adds at the end is ignored. */
const upShapes = compile({
  hello: 'no',
  session: 'ssn',
  poll: 'l',
  subscribe: 'nsf',
  unsubscribe: 'ns',
  publish: 'nsx?e',
  request: 'nsx?e',
  skip: 'n',
  read: 'nsfn',
  ack: 'k',
  ping: 'n',
  bye: '',
} satisfies Record<UpKind, string>)

const downShapes = compile({
  welcome: 'no',
  subscribed: 'sc?o',
  refused: 'sss',
  entry: 'scnx?ie',
  gap: 'sccs?b',
  snapshot: 'scx?e',
  page: 'ncpb?xe',
  unread: 'nss',
  receipt: 'n?c',
  reject: 'nss',
  heartbeat: '',
  pong: 'n',
  close: 'nss?n',
} satisfies Record<DownKind, string>)

const pageEntry = read('cnx?ie')

/** Reads one line of a batch that a client sent. Throws `malformed`. */
export const parseUp = (line: string): UpFrame => parse(line, upShapes) as UpFrame

/** Reads one line of a batch that a server sent. Throws `malformed`. */
export const parseDown = (line: string): DownFrame => parse(line, downShapes) as DownFrame

interface Shape {
  readonly checks: readonly Check[]
  /** How many of them there must be an element for. */
  readonly least: number
}

function compile(shapes: Readonly<Record<string, string>>): ReadonlyMap<string, Shape> {
  return new Map(Object.entries(shapes).map(([kind, shape]) => [kind, read(shape)]))
}

function read(shape: string): Shape {
  const [needed = '', optional = ''] = shape.split('?')
  return { checks: [...needed, ...optional].map((letter) => elements[letter] as Check), least: needed.length }
}

function parse(line: string, shapes: ReadonlyMap<string, Shape>): unknown[] {
  let frame: unknown
  try {
    frame = JSON.parse(line)
  } catch {
    throw malformed('not JSON')
  }
  if (!Array.isArray(frame)) throw malformed('not an array')
  const kind: unknown = frame[0]
  const shape = shapes.get(kind as string)
  if (!shape) throw malformed('unknown kind')
  if (!fits(frame, 1, shape)) throw malformed(`not the shape of '${kind}'`)
  return frame
}

function fits(values: readonly unknown[], start: number, { checks, least }: Shape): boolean {
  const given = values.length - start
  if (given < least) return false
  for (let i = 0; i < checks.length && i < given; i++) if (!checks[i]?.(values[start + i])) return false
  return true
}

/** Whether `value` is the `[topic, from]` pairs of a hello or a poll. */
export function isTopicList(value: unknown): boolean {
  return isPairs(value, isFrom)
}

function isPairs(value: unknown, second: (text: string) => boolean): boolean {
  const isPair = (pair: unknown) =>
    Array.isArray(pair) && typeof pair[0] === 'string' && typeof pair[1] === 'string' && second(pair[1])
  return Array.isArray(value) && value.every(isPair)
}

// Without the line itself: it may hold a secret, and messages end up in logs.
const malformed = (why: string): HoldfastError => new HoldfastError('malformed', `malformed frame, ${why}`)
