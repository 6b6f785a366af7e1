import { h, setText } from '../dom.ts'
import { createSparkline } from '../sparkline.ts'
import type { Price } from './topics.ts'

/** A row of the market's table. */
export function createPriceRow(symbol: string): { element: HTMLElement; show(price: Price | undefined): void } {
  const value = h('td', { class: 'value' }, '–')
  const change = h('td', { class: 'change' })
  const spark = createSparkline(`The last prices of ${symbol}`, { fromZero: false })
  let before = 0
  return {
    element: h('tr', {}, h('th', { scope: 'row' }, symbol), value, change, h('td', {}, spark.element)),
    show(quote) {
      if (!quote) return
      const { price, open } = quote
      const percent = (price / open - 1) * 100
      setText(value, price.toFixed(2))
      setText(change, `${percent < 0 ? '▾' : '▴'} ${Math.abs(percent).toFixed(2)} %`)
      change.classList.toggle('down', percent < 0)
      value.dataset.moved = price < before ? 'down' : 'up'
      before = price
      spark.add(price)
    },
  }
}
