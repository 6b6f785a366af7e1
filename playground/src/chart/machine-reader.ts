import type { AnyStateMachine, AnyStateNode, StateValue } from 'xstate'

export interface MachineShape {
  /** The paths of the atomic and final states, in the machine's order. */
  readonly leaves: readonly string[]
  /** From a state to another, by path, as they are written: a compound state may be either end. */
  readonly transitions: readonly (readonly [from: string, to: string])[]
  readonly initial: string | undefined
}

/** What there is to draw, from the machine itself. */
export function readMachine(machine: AnyStateMachine): MachineShape {
  const nodes = descendants(machine.root)
  const seen = new Map<string, readonly [string, string]>()
  for (const node of nodes) {
    for (const { target } of [...[...node.transitions.values()].flat(), ...(node.always ?? [])]) {
      for (const to of target ?? []) {
        const pair = [pathOf(node), pathOf(to)] as const
        if (node !== to) seen.set(pair.join(' '), pair)
      }
    }
  }
  return {
    leaves: nodes.filter(({ type }) => type !== 'compound' && type !== 'parallel').map(pathOf),
    transitions: [...seen.values()],
    initial: machine.root.initial?.target[0] && pathOf(machine.root.initial.target[0]),
  }
}

/** The paths of the leaves that a state value names. */
export function activeLeaves(value: StateValue, prefix = ''): string[] {
  if (typeof value === 'string') return [prefix + value]
  return Object.entries(value).flatMap(([key, inner]) => (inner ? activeLeaves(inner, `${prefix}${key}.`) : []))
}

function descendants(node: AnyStateNode): AnyStateNode[] {
  return Object.values(node.states).flatMap((child) => [child, ...descendants(child)])
}

function pathOf(node: AnyStateNode): string {
  return node.path.join('.')
}
