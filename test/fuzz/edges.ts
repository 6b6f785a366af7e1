import type { Dice } from './dice.ts'

const numbers = [
  0,
  1,
  2,
  3,
  7,
  1023,
  1024,
  1025,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -1,
  -(2 ** 53),
  0.5,
  1e21,
  1e308,
]

const texts = [
  ...[
    '',
    ' ',
    '\0',
    'a\0b',
    '\n',
    'a\nb',
    '\r\n',
    '\u2028',
    '\ufeff',
    '\u007f',
    '\u0085',
    '\ud800',
    '\udfff\ud800',
    '💥',
    'é',
  ],
  ...[
    '$',
    '$inbox',
    '$inbox/',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'then',
    'length',
  ],
  ...[
    'live',
    'start',
    'last-',
    'last-0',
    'last-1',
    'last-999999999',
    'last-1.5',
    'k.0',
    'k.1',
    'k.01',
    'k3f9.9007199254740991',
  ],
  ...[
    'base64',
    'hex',
    'AQID',
    'AQ',
    'A===',
    'new',
    'resume',
    'null',
    'NaN',
    '../..',
    '%00',
    '%',
    'x'.repeat(201),
    'é'.repeat(101),
  ],
]

const others = [
  ...[null, true, false, [], {}, [[]], [null], [['a', 'live']], ['a', 'live'], [['$inbox', 'start']]],
  ...[
    '{"__proto__":{"polluted":1}}',
    '{"constructor":{"prototype":{"polluted":1}}}',
    '{"toJSON":1}',
    '{"toString":1}',
  ].map((json) => JSON.parse(json) as unknown),
]

// What JSON.stringify never writes.
const tokens = [
  '1e999',
  '-0',
  '-1e999',
  '1E+2',
  '00',
  '+1',
  '.5',
  '0x1',
  'NaN',
  'undefined',
  "'a'",
  '"\\u0000"',
  '"\\ud800"',
]

/** A value at the edge of what may stand somewhere; `known` are names that mean something here. */
export function edge(dice: Dice, known: readonly string[]): unknown {
  const kind = dice.roll()
  if (kind < 0.3) return dice.pick(numbers)
  if (kind < 0.65) return dice.pick(texts)
  if (kind < 0.75) return dice.pick(known)
  return dice.pick(others)
}

/** The same as JSON, and what is none, or too much of it. */
export function edgeToken(dice: Dice, known: readonly string[]): string {
  if (dice.chance(0.2)) return dice.pick(tokens)
  // Each costs as much as a hundred others.
  if (dice.chance(0.004)) return nested(dice, dice.pick([500, 5_000, 100_000]))
  if (dice.chance(0.001)) return JSON.stringify('x'.repeat(dice.pick([262_142, 262_143, 300_000, 524_288])))
  return JSON.stringify(edge(dice, known))
}

function nested(dice: Dice, depth: number): string {
  const [left, right] = dice.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ] as const)
  return `${left.repeat(depth)}1${dice.chance(0.9) ? right.repeat(depth) : ''}`
}

/** Characters that end, begin or break something. */
export const breakers = [
  ...[
    '\0',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '\t',
    ' ',
    '"',
    "'",
    '\\',
    '[',
    ']',
    '{',
    '}',
    ',',
    ':',
    '.',
    '-',
    '0',
    '1e9',
    'e',
    '$',
  ],
  ...[
    '\u2028',
    '\ufeff',
    '\ud800',
    '\udfff',
    '\u0080',
    '💥',
    'data: ',
    'id: ',
    'event: ',
    '/',
    '%',
    '%00',
    '?',
    '#',
    '&',
    '=',
  ],
]
