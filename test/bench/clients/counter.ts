import { marker } from '../servers/contestant.ts'

const bytes = Buffer.from(marker)
const [first = 0] = bytes

/** Counts the messages in what a socket brings, whatever frames they are in, by the marker in each. */
export function createCounter(): (chunk: Buffer) => number {
  // A beginning of the marker at the end of what was seen last.
  let begun = ''
  return (chunk) => {
    const seen = begun ? Buffer.concat([Buffer.from(begun, 'latin1'), chunk]) : chunk
    let count = 0
    let from = 0
    for (let at = seen.indexOf(bytes); at >= 0; at = seen.indexOf(bytes, from)) {
      count++
      from = at + bytes.length
    }
    const rest = seen.subarray(Math.max(from, seen.length - bytes.length + 1))
    begun = rest.includes(first) ? rest.toString('latin1', rest.lastIndexOf(first)) : ''
    return count
  }
}
