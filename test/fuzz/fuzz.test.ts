import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

const inputs = 6_700
const fresh = Math.floor(Math.random() * 2 ** 31)

test.each([1, 2, fresh])(
  `${inputs} bad inputs do no harm (seed %i)`,
  async (seed) => {
    console.log(`npm run fuzz -- --seed ${seed} --inputs ${inputs}`)
    const { crashes, undocumented, failing, answers } = await fuzz({ inputs, seed })
    expect(failing).toEqual([])
    expect([crashes, undocumented]).toEqual([0, 0])
    // They came far: into sessions, logs and pages, to clients that got over it, and over real sockets.
    const reached = ['welcome', 'entry', 'page', 'snapshot', 'reject', 'malformed', 'jump', 'too-large', 'recovered']
    for (const code of [...reached, 'raw 400, not of the hub']) expect(answers[code], code).toBeGreaterThan(0)
  },
  120_000,
)
