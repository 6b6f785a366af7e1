import { type DownFrame, HoldfastError } from '@holdfast/protocol'

/**
 * Reads one frame of the hub's. The hub is trusted for the elements: what does not fit them throws where it is used, and the
 * link is given up like one whose frames cannot be read at all. Throws `malformed`.
 */
export function readFrame(line: string): DownFrame {
  let frame: unknown
  try {
    frame = JSON.parse(line)
  } catch {
    // No array either.
  }
  if (!Array.isArray(frame)) throw new HoldfastError('malformed', `no frame: ${line.slice(0, 80)}`)
  return frame as DownFrame
}
