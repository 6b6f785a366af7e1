import type { Dice } from './dice.ts'
import { breakers, edgeToken } from './edges.ts'

// Stands for what JSON.stringify would not write.
const marked = '\ue000'

/** Changes lines of a batch as bad clients, proxies and enemies would; most of what comes out is nearly valid. */
export interface Mutator {
  line(line: string): string
  batch(lines: readonly string[]): string
  text(text: string): string
}

/** @param foreign lines of other conversations, to splice in @param known names that mean something here */
export function createMutator(dice: Dice, foreign: readonly string[], known: readonly string[]): Mutator {
  const line = (from: string): string => {
    let changed = from
    do changed = dice.chance(0.65) ? structure(changed) : text(changed)
    while (dice.chance(0.25))
    return changed
  }

  return {
    line,
    text,
    batch(lines) {
      const changed = [...lines]
      const at = dice.below(changed.length)
      const one = changed[at] as string
      const kind = dice.roll()
      if (kind < 0.66) changed[at] = line(one)
      else if (kind < 0.74) changed.splice(at, 0, one)
      else if (kind < 0.82) changed.splice(at, 1)
      else if (kind < 0.9) changed.splice(dice.below(changed.length), 0, ...changed.splice(at, 1))
      else if (kind < 0.96) changed.splice(at, 0, dice.pick(foreign))
      else return text(changed.join('\n'))
      return changed.join(dice.chance(0.02) ? dice.pick(breakers) : '\n')
    },
  }

  function text(from: string): string {
    const a = dice.below(from.length + 1)
    const b = Math.min(from.length, a + 1 + dice.below(8))
    switch (dice.below(6)) {
      case 0:
        return (
          from.slice(0, a) + String.fromCharCode((from.charCodeAt(a) || 0) ^ (1 << dice.below(8))) + from.slice(a + 1)
        )
      case 1:
        return dice.chance(0.5) ? from.slice(0, a) : from.slice(a)
      case 2:
        return from.slice(0, b) + from.slice(a)
      case 3:
        return from.slice(0, a) + from.slice(b)
      case 4:
        return from.slice(0, a) + dice.pick(breakers) + from.slice(a)
      default: {
        const other = dice.pick(foreign)
        return from.slice(0, a) + other.slice(dice.below(other.length))
      }
    }
  }

  /** Exchanges, drops, doubles or swaps one value somewhere in the frame. */
  function structure(from: string): string {
    let frame: unknown
    try {
      frame = JSON.parse(from)
    } catch {
      return text(from)
    }
    if (typeof frame !== 'object' || frame === null) return edgeToken(dice, known)
    let token = ''
    change(frame)
    try {
      return JSON.stringify(frame).replace(JSON.stringify(marked), () => token)
    } catch {
      return text(from)
    }

    function change(parent: object): void {
      const keys = Object.keys(parent)
      if (keys.length === 0) return void (Array.isArray(parent) && parent.push(mark()))
      const key = dice.pick(keys)
      const value = (parent as Record<string, unknown>)[key]
      if (typeof value === 'object' && value !== null && dice.chance(0.75)) return change(value)
      const kind = dice.roll()
      if (kind < 0.66 || !Array.isArray(parent)) {
        if (kind < 0.12 && !Array.isArray(parent)) delete (parent as Record<string, unknown>)[key]
        else Object.defineProperty(parent, key, { value: mark(), enumerable: true })
      } else if (kind < 0.74) parent.splice(Number(key), 1)
      else if (kind < 0.82) parent.splice(Number(key), 0, value)
      else if (kind < 0.9) parent.push(mark())
      else parent.splice(dice.below(parent.length), 0, ...parent.splice(Number(key), 1))
    }

    function mark(): string {
      token = edgeToken(dice, known)
      return marked
    }
  }
}
