import type { State } from '../../packages/client/src/machine.ts'
import { entriesOf } from './outcome.ts'
import type { Event } from './stimuli.ts'
import { passing, table } from './table.ts'

export interface Arrow {
  readonly from: State
  readonly to: State
  readonly event: Event
}

const states = Object.keys(table) as State[]
const manyFrom = 8

/** Every change of state that the table knows. */
const arrows: readonly Arrow[] = states.flatMap((from) =>
  (Object.keys(table[from]) as Event[]).flatMap((event) => {
    const targets = entriesOf(table[from][event]).map(([, outcome]) => outcome)
    return [...new Set(targets)]
      .filter((to): to is State => states.includes(to as State) && to !== from)
      .map((to) => ({ from, to, event }))
  }),
)

const isCommon = ({ event, to }: Arrow): boolean =>
  arrows.filter((other) => other.event === event && other.to === to).length >= manyFrom

/** The table as a Mermaid diagram, without what leads to one place from nearly everywhere. */
export function diagram(): string {
  const drawn = new Map<string, Set<Event>>()
  for (const arrow of arrows.filter((one) => !isCommon(one))) {
    const line = `${idOf(sourceOf(arrow))} --> ${idOf(arrow.to)}`
    drawn.set(line, (drawn.get(line) ?? new Set()).add(arrow.event))
  }
  return [
    'stateDiagram-v2',
    '  [*] --> idle',
    ...parents().flatMap((parent) => [
      `  state ${parent} {`,
      ...childrenOf(parent).map((state) => `    state "${state.slice(parent.length + 1)}" as ${idOf(state)}`),
      '  }',
    ]),
    ...[...drawn].map(([line, events]) => `  ${line}: ${[...events].join(', ')}`),
    '  closed --> [*]',
  ].join('\n')
}

/** What the diagram leaves out, as sentences. */
export function common(): string[] {
  const pairs = new Map(arrows.filter(isCommon).map(({ event, to }) => [`${event} ${to}`, { event, to }]))
  return [...pairs.values()].map(({ event, to }) => {
    const from = arrows.filter((one) => one.event === event && one.to === to).map((one) => one.from)
    const not = states.filter((state) => !from.includes(state) && !passing.includes(state))
    return `\`${event}\` leads to \`${to}\` from everywhere but ${not.map((state) => `\`${state}\``).join(', ')}.`
  })
}

/** The group, where all its states have this way out. */
function sourceOf({ from, to, event }: Arrow): string {
  const parent = from.split('.')[0] as string
  const inside = childrenOf(parent).filter((state) => !passing.includes(state))
  const isLeft = inside.length > 0 && !to.startsWith(`${parent}.`)
  const isShared = inside.every((state) =>
    arrows.some((one) => one.from === state && one.to === to && one.event === event),
  )
  return isLeft && isShared ? parent : from
}

const childrenOf = (parent: string): State[] => states.filter((state) => state.startsWith(`${parent}.`))
const parents = (): string[] => [
  ...new Set(states.filter((state) => state.includes('.')).map((state) => state.split('.')[0] as string)),
]
const idOf = (state: string): string => state.replace('.', '_')
