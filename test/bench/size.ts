/**
 * What an application's bundle grows by, gzipped, for each set of imports: in total, what of it the libraries are (XState, RxJS,
 * eventsource-parser, @xstate/store), and what is ours. As `npm run check` measures it: by Vite for ES2022, minified, alone.
 *
 * What would fool it: an application that has these libraries already pays for ours only, and one that uses more of them shares
 * what they have in common; gzip makes a bundle of both smaller than the sum. The figure of centrifuge-js is its published one,
 * and not measured in this run.
 */
import { sizeOf } from '../support/client-size.mjs'
import type { Bench } from './harness/bench.ts'
import { formatTable } from './harness/table.ts'
import { versionsOf } from './harness/versions.ts'

const centrifugeBytes = 23_700

const sets = [
  {
    name: 'everything: connect',
    source: "export { connect } from '@holdfast/client'",
    libraries: ['xstate', 'rxjs', 'eventsource-parser'],
    atMost: 25_500,
  },
  {
    name: 'core with websocket',
    source: "export { connect, websocket } from '@holdfast/client/core'",
    libraries: ['xstate', 'rxjs'],
    atMost: 23_500,
  },
  {
    name: 'store: topicStore',
    source: "export { topicStore } from '@holdfast/store'",
    libraries: ['@xstate/store'],
    atMost: null,
  },
] as const

export const bench: Bench = {
  async run() {
    const rows = await Promise.all(
      sets.map(async ({ name, source, libraries, atMost }) => ({ name, atMost, ...(await sizeOf(source, libraries)) })),
    )
    const missed = rows
      .filter(({ total, atMost }) => atMost !== null && total > atMost)
      .map(({ name, total, atMost }) => `${name}: ${total} bytes (goal <= ${atMost})`)
    const text = formatTable(
      ['', 'bytes', 'libraries', 'ours', 'goal', 'x centrifuge-js'],
      rows.map(({ name, total, theirs, ours, atMost }) =>
        [name, total, theirs, ours, atMost ?? '', (total / centrifugeBytes).toFixed(2)].map(String),
      ),
    )
    const note = `centrifuge-js, which has neither XState nor RxJS, is ${centrifugeBytes} bytes`
    const versions = versionsOf('vite', 'xstate', 'rxjs', '@xstate/store')
    return { text: `${text}\n\n${note}`, figures: { centrifugeBytes, versions, rows }, missed }
  },
}
