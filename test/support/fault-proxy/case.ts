import { type Direction, isOn, type Kind, type Rule, type RuleOf } from './rules.ts'

/** What the rules have to say of one exchange, or of a connection on which nothing was asked yet. */
export interface Case {
  /** null while nothing was asked. */
  kind: Kind | null
  /** Bytes beyond the head that have come by; -1 while the head has not. */
  readonly passed: Record<Direction, number>
  /** The first rule with this action that holds now. */
  find<Name extends Rule['do']>(action: Name, direction?: Direction): RuleOf<Name> | undefined
  /** The first refusal that is for bodies longer than its `afterBytes`. */
  readonly limit: RuleOf<'refuse'> | undefined
  /** How many more bytes that way until another rule may hold. */
  bytesLeft(direction: Direction): number
  /** How long until another rule may hold, or one no longer; null if time changes nothing. */
  msLeft(): number | null
}

export interface CaseOptions {
  rules: () => readonly Rule[]
  port: string
  connection: number
  random: () => number
}

export function createCase({ rules, port, connection, random }: CaseOptions, kind: Kind | null): Case {
  const beganAt = performance.now()
  const passed = { up: -1, down: -1 }
  const dice = new WeakMap<Rule, boolean>()
  /** When each stall of limited length began. */
  const stalls = new WeakMap<Rule, number>()

  const draw = ({ probability = 1 }: Rule) => probability === 1 || random() < probability
  for (const rule of rules()) if (isDrawn(rule)) dice.set(rule, draw(rule))

  /** Whether the rule is for this case, sooner or later. */
  function concerns(rule: Rule): boolean {
    if (rule.port !== undefined && rule.port !== port) return false
    if (rule.connection !== undefined && rule.connection !== connection) return false
    if (!isOn(rule.on, exchange.kind)) return false
    if (!isDrawn(rule)) return true
    const known = dice.get(rule)
    if (known !== undefined) return known
    const drawn = !rule.fresh && draw(rule)
    dice.set(rule, drawn)
    return drawn
  }

  function holds(rule: Rule, direction: Direction): boolean {
    if (rule.direction !== undefined && rule.direction !== direction) return false
    if (rule.afterBytes !== undefined && passed[direction] < rule.afterBytes) return false
    const ageMs = performance.now() - beganAt
    if (rule.afterMs !== undefined && ageMs < rule.afterMs) return false
    if (!concerns(rule)) return false
    return rule.do !== 'stall' || rule.forMs === undefined || stallLeft(rule, rule.forMs) > 0
  }

  function stallLeft(rule: Rule, forMs: number): number {
    const now = performance.now()
    const began = stalls.get(rule) ?? now
    stalls.set(rule, began)
    return began + forMs - now
  }

  const exchange: Case = {
    kind,
    passed,
    find: <Name extends Rule['do']>(action: Name, direction: Direction = 'up') =>
      rules().find((rule): rule is RuleOf<Name> => rule.do === action && holds(rule, direction)),
    get limit() {
      return rules().find(
        (rule): rule is RuleOf<'refuse'> => rule.do === 'refuse' && rule.afterBytes !== undefined && concerns(rule),
      )
    },
    bytesLeft(direction) {
      let left = Number.POSITIVE_INFINITY
      for (const { afterBytes = 0 } of rules()) {
        if (afterBytes > passed[direction]) left = Math.min(left, afterBytes - passed[direction])
      }
      return left
    },
    msLeft() {
      const ageMs = performance.now() - beganAt
      let left = Number.POSITIVE_INFINITY
      for (const rule of rules()) {
        const { afterMs = 0 } = rule
        if (afterMs > ageMs) left = Math.min(left, afterMs - ageMs)
        else if (rule.do === 'stall' && rule.forMs !== undefined && stalls.has(rule)) {
          const stalled = stallLeft(rule, rule.forMs)
          if (stalled > 0) left = Math.min(left, stalled)
        }
      }
      return left === Number.POSITIVE_INFINITY ? null : left
    },
  }
  return exchange
}

const isDrawn = ({ probability, fresh }: Rule) => probability !== undefined || fresh === true
