/** What a page has shown so far, and what it should never have. */
export interface Shown {
  /** How often the page was looked at: after each change of it. */
  looks: number
  /** Every count that was shown, one after the other; null: not known. */
  readonly counts: (number | null)[]
  /** The words of the badge, each time that they changed, and when. */
  readonly badges: { readonly text: string; readonly at: number }[]
  readonly faults: string[]
}

declare global {
  var shown: Shown
}

/**
 * Looks at the page after each change of it, before it is painted. It runs there before anything of the page does, so it may
 * use nothing of this module.
 */
export function record(): void {
  const shown: Shown = { looks: 0, counts: [], badges: [], faults: [] }
  globalThis.shown = shown
  let hadRows = false
  const textOf = (id: string) => document.querySelector(`[data-testid=${id}]`)?.textContent ?? ''
  const fault = (text: string) => shown.faults.length < 20 && shown.faults.push(text)

  function look(): void {
    if (!document.querySelector('main [data-testid=parity]')) return
    shown.looks++
    lookAtCount(textOf('count'), textOf('parity'))
    lookAtRows([...document.querySelectorAll<HTMLElement>('ol > li')].reverse())
    const badge = textOf('badge')
    if (badge !== shown.badges.at(-1)?.text) shown.badges.push({ text: badge, at: performance.now() })
  }

  function lookAtCount(text: string, parity: string): void {
    const last = shown.counts.at(-1)
    const count = text === '–' ? null : Number(text)
    const expected = count === null ? 'unknown' : count % 2 === 0 ? 'even' : 'odd'
    if (parity !== expected) fault(`torn: '${text}' is '${parity}'`)
    if (typeof last === 'number' && (count === null || !(count >= last))) fault(`back from ${last} to '${text}'`)
    if (count !== last) shown.counts.push(count)
  }

  /** @param rows the oldest first */
  function lookAtRows(rows: HTMLElement[]): void {
    const kinds = rows.map(({ dataset }) => dataset.kind).join(' ')
    const texts = rows.map(({ textContent }) => textContent)
    if (hadRows && rows.length === 0) fault('no rows any more')
    hadRows ||= rows.length > 0
    if (new Set(texts).size < texts.length) fault(`twice: ${texts}`)
    if (/pending (said|missing)/.test(kinds)) fault(`what is on its way is not last: ${kinds}`)
    // Numbered by the hub: consecutive, but where lines are said to be missing.
    let last: number | null = null
    for (const { dataset, textContent } of rows) {
      if (dataset.kind === 'missing') last = null
      const [, digits] = /^line (\d+)$/.exec(textContent ?? '') ?? []
      if (digits === undefined) continue
      if (last !== null && Number(digits) !== last + 1) fault(`line ${digits} after line ${last}`)
      last = Number(digits)
    }
  }

  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    characterData: true,
    attributes: true,
  })
}
