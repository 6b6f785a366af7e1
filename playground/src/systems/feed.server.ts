import type { Hub } from '@holdfast/server'
import { news, prices, symbols, type User } from './topics.ts'

const everyMs = 5
const newsEveryMs = 4_000

/** A market that walks at random: 200 prices a second, and now and then a headline. */
export function serveFeed(hub: Hub<User>): () => void {
  // Of each symbol only the newest price matters, to those who are slow and to those who come.
  hub.topics(prices, { conflate: ({ symbol }) => symbol })
  hub.topics(news, { history: { count: 50, ageMs: 86_400_000 } })
  const market = symbols.map((symbol, index) => ({ symbol, open: 40 + 25 * index, price: 40 + 25 * index }))

  let turn = 0
  const walking = setInterval(() => {
    const stock = market[turn++ % market.length] as (typeof market)[number]
    // A little pull towards the start keeps it on the page.
    const step = (Math.random() - 0.5) / 300 + (stock.open / stock.price - 1) / 1_000
    stock.price = Math.max(0.01, Math.round(stock.price * (1 + step) * 100) / 100)
    hub.topic(prices()).next({ ...stock })
  }, everyMs)

  const telling = setInterval(() => {
    const changed = market.map(({ symbol, open, price }) => ({ symbol, percent: (price / open - 1) * 100 }))
    const { symbol, percent } = changed.reduce((most, each) => (Math.random() < 0.2 ? each : most))
    const verb = percent > 0 ? 'rises' : 'falls'
    const text = `${symbol} ${verb} ${Math.abs(percent).toFixed(1)} % since the opening; analysts had expected it`
    hub.topic(news()).next({ id: crypto.randomUUID(), text })
  }, newsEveryMs)

  return () => {
    clearInterval(walking)
    clearInterval(telling)
  }
}
