import type { Connection } from '@holdfast/client'
import { topicStore } from '@holdfast/store'
import { h } from '../dom.ts'
import { createPriceRow } from './price-row.ts'
import { type Headline, news, type Price, prices, symbols } from './topics.ts'
import { createList, drawEntry, type Entry, showFreshness, watch, watchData } from './view.ts'

/** Prices that come faster than anyone can draw, and news. */
export function showFeed(connection: Connection, root: HTMLElement): void {
  const market = topicStore(connection.topic(prices(), { from: 'start' }), {
    initial: {} as Readonly<Record<string, Price>>,
    messages: (known, batch) => ({ ...known, ...Object.fromEntries(batch.map((price) => [price.symbol, price])) }),
    gap: (known) => known,
  })
  const rows = symbols.map((symbol) => {
    const row = createPriceRow(symbol)
    watch(
      market.select(({ data }) => data[symbol]),
      row.show,
    )
    return row.element
  })
  const headlines = topicStore(connection.topic(news(), { from: { last: 20 } }), {
    initial: [] as readonly (Headline & Entry)[],
    message: (before, headline, { time }) => [{ ...headline, who: '', time }, ...before].slice(0, 50),
    gap: (before) => before,
  })
  const list = h('ol', { class: 'news scroll', 'aria-label': 'News' })
  root.append(h('table', { class: 'prices' }, h('tbody', {}, ...rows)), list)
  showFreshness(root, market)
  watchData(headlines, createList(list, drawEntry))
}
