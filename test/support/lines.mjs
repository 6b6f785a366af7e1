// Keeps the sources in small files: none above 300 lines, and a median below 100.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const longest = 300
const medianBelow = 100
const top = fileURLToPath(new URL('../..', import.meta.url))

const files = readdirSync(join(top, 'packages'))
  .map((name) => join(top, 'packages', name, 'src'))
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))
  .filter((file) => /\.[cm]?[jt]sx?$/.test(file))
  .map((file) => ({ file: relative(top, file), lines: readFileSync(file, 'utf8').trimEnd().split('\n').length }))

const sizes = files.map(({ lines }) => lines).sort((a, b) => a - b)
const median = sizes[Math.floor(sizes.length / 2)] ?? 0
const tooLong = files.filter(({ lines }) => lines > longest)

console.log(
  `lines: ${files.length} files, longest ${sizes.at(-1) ?? 0} (at most ${longest}), median ${median} (below ${medianBelow})`,
)
for (const { file, lines } of tooLong)
  console.error(`lines: ${file} has ${lines} lines, at most ${longest} are allowed`)
if (median >= medianBelow) console.error(`lines: the median is ${median}, it must be below ${medianBelow}`)
if (tooLong.length > 0 || median >= medianBelow) process.exitCode = 1
