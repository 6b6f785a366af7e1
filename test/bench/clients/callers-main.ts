/** The process of one client that calls, and measures how long it waits for the answers. */
import { answers } from '../harness/answers.ts'
import { summarize } from '../harness/stats.ts'
import { createData } from '../servers/contestant.ts'
import { type Caller, type CallerName, callers } from './callers.ts'

let caller: Caller | null = null
let made = 0

const open = (): Caller => {
  if (!caller) throw new Error('not open yet')
  return caller
}

answers({
  async open({ name, port }: { name: CallerName; port: number }): Promise<void> {
    caller = await callers[name](port)
  },
  /** One after the other; answers the median round trip in ms. */
  async calls(count: number): Promise<number> {
    const took: number[] = []
    for (let i = 0; i < count; i++) {
      const startedAt = performance.now()
      await open().call(createData(++made))
      took.push(performance.now() - startedAt)
    }
    return summarize(took, 4).median
  },
  /** All at once; answers how many a second. */
  async pipeline(count: number): Promise<number> {
    const all = Array.from({ length: count }, () => createData(++made))
    const startedAt = performance.now()
    await open().pipeline(all)
    return (1_000 * count) / (performance.now() - startedAt)
  },
})
