import type { Timing } from './options.ts'

/** What is known of one transport on this network. */
export interface Route {
  /** Why it failed last; null once it has carried the session for a stable while. */
  readonly setback: string | null
  /** Times in a row that it was lost soon after it took over. */
  readonly quickLosses: number
  /** Times that it was lost on trial while another transport held. */
  readonly flaps: number
  readonly restUntil: number
  /** How long it took to prove itself last, in ms. */
  readonly provedMs: number | null
}

/** By transport. The one that worked last on this network is `preferred`, until it fails. */
export interface Routes {
  readonly known: Readonly<Record<string, Route>>
  readonly preferred: string | null
}

export const noRoutes: Routes = { known: {}, preferred: null }

const unknownRoute: Route = { setback: null, quickLosses: 0, flaps: 0, restUntil: 0, provedMs: null }
const doubtAfter = 3

export const routeOf = (routes: Routes, name: string): Route => routes.known[name] ?? unknownRoute

const change = (routes: Routes, name: string, by: Partial<Route>): Routes => ({
  ...routes,
  known: { ...routes.known, [name]: { ...routeOf(routes, name), ...by } },
})

export const isResting = (routes: Routes, name: string, now: number): boolean => routeOf(routes, name).restUntil > now

/** Lost quickly several times in a row: it must first hold beside another one. */
export const isDoubted = (routes: Routes, name: string): boolean => routeOf(routes, name).quickLosses >= doubtAfter

/** The order of a race: what worked here before, then by preference; the doubted and the resting come last, but they come. */
export function plan(transports: readonly string[], routes: Routes, now: number): string[] {
  const last = (name: string) => Number(isDoubted(routes, name) || isResting(routes, name, now))
  const first = (name: string) => Number(name !== routes.preferred)
  return [...transports].sort((a, b) => last(a) - last(b) || first(a) - first(b))
}

/** The first one's head start: a little over what it took to prove itself last, within bounds. */
export const headStart = (routes: Routes, name: string | undefined, { headStartMs }: Timing): number => {
  const provedMs = name === undefined ? null : routeOf(routes, name).provedMs
  return provedMs === null ? headStartMs : Math.min(Math.max(headStartMs, 1.25 * provedMs), 3 * headStartMs)
}

export const proved = (routes: Routes, name: string, provedMs: number): Routes => change(routes, name, { provedMs })

export function setBack(routes: Routes, name: string, setback: string): Routes {
  const changed = change(routes, name, { setback })
  return routes.preferred === name ? { ...changed, preferred: null } : changed
}

/**
 * The carrier was lost. A quick loss makes its transport doubtful, and clears the others: what takes one after the other is
 * the network, not a transport.
 */
export function lost(routes: Routes, name: string, setback: string, quick: boolean): Routes {
  const { quickLosses } = routeOf(routes, name)
  if (!quick) return change(routes, name, { setback, quickLosses: 0 })
  const known: Record<string, Route> = {}
  for (const [other, route] of Object.entries(routes.known)) known[other] = { ...route, quickLosses: 0 }
  return change({ ...routes, known }, name, { setback, quickLosses: quickLosses + 1 })
}

/** It was lost on trial and the carrier held: it rests, longer each time. */
export function flapped(routes: Routes, name: string, now: number, { probeMs, probeCapMs }: Timing): Routes {
  const flaps = routeOf(routes, name).flaps + 1
  return change(routes, name, {
    setback: 'flapping',
    flaps,
    restUntil: now + Math.min(probeCapMs, probeMs * 2 ** flaps),
  })
}

/** It has carried the session for a stable while. */
export const held = (routes: Routes, name: string): Routes => ({
  ...change(routes, name, { setback: null, quickLosses: 0, flaps: 0, restUntil: 0 }),
  preferred: name,
})
