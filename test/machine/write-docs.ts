import { writeFileSync } from 'node:fs'
import { documentOf } from './document.ts'
import { examine } from './examine.ts'

writeFileSync(new URL('../../docs/machine.md', import.meta.url), documentOf(examine()))
