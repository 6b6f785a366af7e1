/** Counts the messages in what a WebSocket brings: one in each compressed frame, and one for each marker in the others. */
export function createFrameCounter(marker: string): (chunk: Buffer) => number {
  const bytes = Buffer.from(marker)
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let count = 0
    rest = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
    for (let frame = first(rest); frame; frame = first(rest)) {
      const payload = rest.subarray(frame.at, frame.end)
      if (frame.compressed) count++
      else for (let at = payload.indexOf(bytes); at >= 0; at = payload.indexOf(bytes, at + bytes.length)) count++
      rest = rest.subarray(frame.end)
    }
    // The chunk's memory is another's at the next one.
    rest = Buffer.from(rest)
    return count
  }
}

/** The frame at the beginning, if all of it has come. */
function first(bytes: Buffer): { compressed: boolean; at: number; end: number } | null {
  if (bytes.length < 2) return null
  const short = (bytes[1] as number) & 127
  const at = short < 126 ? 2 : short === 126 ? 4 : 10
  if (bytes.length < at) return null
  const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2))
  return bytes.length < at + length ? null : { compressed: ((bytes[0] as number) & 0x40) !== 0, at, end: at + length }
}
