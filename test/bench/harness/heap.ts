import { readFileSync } from 'node:fs'

/** Objects of one kind, by what their heap snapshot calls them. */
export interface Kept {
  readonly kind: string
  readonly count: number
  readonly bytes: number
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly node_types: readonly [readonly string[]] }
  }
  readonly nodes: readonly number[]
  readonly strings: readonly string[]
}

/** What the second heap snapshot has more than the first, for each of `sessions`; the largest first. */
export function keptBetween(before: string, after: string, sessions: number): Kept[] {
  const old = tally(before)
  return [...tally(after)]
    .map(([kind, { count, bytes }]) => ({
      kind,
      count: (count - (old.get(kind)?.count ?? 0)) / sessions,
      bytes: (bytes - (old.get(kind)?.bytes ?? 0)) / sessions,
    }))
    .sort((a, b) => b.bytes - a.bytes)
}

function tally(file: string): Map<string, { count: number; bytes: number }> {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8')) as Snapshot
  const { node_fields: fields, node_types } = snapshot.meta
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ]
  const found = new Map<string, { count: number; bytes: number }>()
  for (let i = 0; i < nodes.length; i += fields.length) {
    const kind = kindOf(node_types[0][nodes[i + type] as number] ?? '', strings[nodes[i + name] as number] ?? '')
    const one = found.get(kind) ?? { count: 0, bytes: 0 }
    one.count++
    one.bytes += nodes[i + size] as number
    found.set(kind, one)
  }
  return found
}

function kindOf(type: string, name: string): string {
  // Bundling numbers what would have one name.
  if (type === 'object') return name.replace(/\$\d+$/, '')
  if (type.includes('string')) return 'strings'
  if (type === 'closure') return 'functions'
  if (type === 'number') return 'numbers'
  if (type === 'array' || type === 'hidden') return 'tables and elements'
  if (type === 'code') return 'code'
  return name
}
