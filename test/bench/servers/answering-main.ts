/** The process of a server that answers, named by its argument; it measures its CPU. */

import { listen } from '../../support/listen.ts'
import { answers } from '../harness/answers.ts'
import { type AnsweringName, answering } from './answering.ts'

let before = process.cpuUsage()

answers({
  start: async () => listen(await answering[process.argv[2] as AnsweringName]()),
  begin(): void {
    before = process.cpuUsage()
  },
  /** CPU since `begin`, in ms. */
  end(): number {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / 1_000
  },
})
