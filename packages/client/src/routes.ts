/** What is known of one transport on this network. */
export interface Route {
  /** Why it failed last; null once it has carried the session for a stable while. */
  readonly setback: string | null
  /** Times in a row that it was lost soon after it took over; one that never answered there counts as many. */
  readonly quickLosses: number
  /** How long it took to prove itself last, in ms. */
  readonly provedMs: number | null
}

/** By transport. The one that worked last on this network is `preferred`, until it fails. */
export interface Routes {
  readonly known: Readonly<Record<string, Route>>
  readonly preferred: string | null
}

export const noRoutes: Routes = { known: {}, preferred: null }

const unknownRoute: Route = { setback: null, quickLosses: 0, provedMs: null }
const doubtAfter = 3

export const routeOf = (routes: Routes, name: string | undefined): Route => routes.known[name ?? ''] ?? unknownRoute

/** With what is new of one transport. */
export const learned = (routes: Routes, name: string, news: Partial<Route>, preferred = routes.preferred): Routes => ({
  known: { ...routes.known, [name]: { ...routeOf(routes, name), ...news } },
  preferred,
})

/** Lost quickly several times in a row: it must hold, and answer, beside another one before it carries again. */
export const isDoubted = (routes: Routes, name: string | undefined): boolean =>
  routeOf(routes, name).quickLosses >= doubtAfter

/** The order of a race: what worked here before, then by preference; the doubted and the silent come last, but they come. */
export function plan(transports: readonly string[], routes: Routes, silent?: string): string[] {
  const place = (name: string) => (name === silent || isDoubted(routes, name) ? 2 : name === routes.preferred ? 0 : 1)
  return [...transports].sort((a, b) => place(a) - place(b))
}

/** It failed, and is no longer preferred. */
export const setBack = (routes: Routes, name: string, setback: string): Routes =>
  learned(routes, name, { setback }, routes.preferred === name ? null : routes.preferred)

/**
 * The carrier was lost. A quick loss makes its transport doubtful, at once where it never answered, and clears the others:
 * what takes one after the other is the network, not a transport.
 */
export function lost(
  routes: Routes,
  { name, answered }: { readonly name: string; readonly answered: boolean },
  setback: string,
  quick: boolean,
): Routes {
  const quickLosses = quick ? routeOf(routes, name).quickLosses + (answered ? 1 : doubtAfter) : 0
  const others = quick ? Object.keys(routes.known) : []
  const cleared = others.reduce((all, other) => learned(all, other, { quickLosses: 0 }), routes)
  return learned(cleared, name, { setback, quickLosses })
}
