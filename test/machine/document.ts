import type { State } from '../../packages/client/src/machine.ts'
import { stateWords } from '../../playground/src/words.ts'
import { cases } from './cases.ts'
import { common, diagram } from './diagram.ts'
import type { Findings, ShownField } from './examine.ts'
import { laws } from './laws.ts'
import { entriesOf } from './outcome.ts'
import type { Event } from './stimuli.ts'
import { table } from './table.ts'
import { eventWords } from './words.ts'

/** docs/machine.md. */
export const documentOf = ({ shown }: Findings): string => `# The machine

Written by \`npm run docs\` from the table and the laws in [test/machine](../test/machine), which \`npm test\` holds against the
machine itself (\`packages/client/src/machine.ts\`). [Decision 4](decisions/0004-pure-machine.md) says why it is as it is.

A *try* is one use of a transport: a *contender* first, then perhaps the *carrier* of the session.

\`\`\`mermaid
${diagram()}
\`\`\`

Not drawn: ${common().join(' ')}

## States

What each means, what \`state$\` shows there, and the way on where no link lives. *Yes*: not null. In a state that
passes the machine never rests.

${rows(['state', 'means', '`phase`', '`transport`', '`reason`', '`retryAt`', 'a race begins at'], stateRows(shown))}

## Events

${rows(
  ['event', 'comes when'],
  Object.entries(eventWords).map(([event, words]) => [code(event), words]),
)}

## Transitions

What is not in the table does nothing. *Stays*: the state is kept, and something is learned or begun. *Proves*: it is kept, and
the carrier is asked for a sign of life. The first case that holds decides; where none does, nothing happens. A state that
leads to itself is entered anew: its timer or its tries start over.

${rows(
  ['case', 'holds if'],
  Object.entries(cases)
    .filter(([name]) => name !== 'otherwise')
    .map(([name, { words }]) => [`*${name}*`, words]),
)}

${rows(['state', 'event', 'leads to'], transitionRows())}

## Laws

Each is enforced by the test of its number in [machine.test.ts](../test/machine/machine.test.ts)
(\`npm test -- test/machine -t 'law 7:'\`), over every snapshot and step that \`xstate/graph\` finds with one, two and three
transports: whatever is proved, lost late or early, refused, or ended by the hub, in whatever order.

${rows(
  ['law', 'holds', 'which is', 'enforced by'],
  laws.map((law) => [`${law.number}`, scopes[law.of], law.words, `test \`law ${law.number}\``]),
)}
`

const stateRows = (shown: Findings['shown']): string[][] =>
  (Object.keys(table) as State[]).map((state) => {
    const kinds = shown.get(state)
    const words = kinds ? stateWords[state] : `${stateWords[state]} It passes.`
    return [
      code(state),
      words ?? '',
      [...(kinds?.phase ?? [])].sort().map(code).join(' or '),
      ...nullsOf(kinds),
      wayOn(state),
    ]
  })

/** What begins a race where none is on. */
const wayOn = (state: State): string =>
  (Object.keys(table[state]) as Event[])
    .filter((event) => table[state][event] === 'connecting.headStart' && !state.startsWith('connecting.'))
    .map(code)
    .join(', ')

const nullsOf = (kinds: Partial<Record<ShownField, ReadonlySet<string>>> = {}): string[] =>
  [kinds.transport, kinds.reason, kinds.retryAt].map((one) => [...(one ?? [])].sort().reverse().join(' or '))

const scopes = { snapshot: 'in every snapshot', step: 'in every step', way: 'from every snapshot' }

const transitionRows = (): string[][] =>
  (Object.keys(table) as State[]).flatMap((state) =>
    (Object.keys(table[state]) as Event[])
      .filter((event) => table[state][event] !== '-')
      .map((event) => [code(state), code(event), entriesOf(table[state][event]).map(caseText).join('; ')]),
  )

function caseText([by, outcome]: ReturnType<typeof entriesOf>[number], at: number): string {
  const target = { '-': 'nothing', stay: 'stays', prove: 'proves' }[outcome as string] ?? code(outcome)
  if (by !== 'otherwise') return `${target} if *${by}*`
  return at > 0 ? `otherwise ${target}` : target
}

const code = (text: string): string => `\`${text}\``
const rows = (head: readonly string[], body: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...body].map((row) => `| ${row.join(' | ')} |`).join('\n')
