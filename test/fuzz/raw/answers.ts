import { constants, inflateRawSync } from 'node:zlib'
import { closeCodes } from '@holdfast/protocol'
import type { Trial } from '../trial.ts'

// Of Node's own parser, of Express where the hub is not asked, and of ws where a handshake is none.
const foreign = new Set([400, 404, 405, 408, 413, 417, 426, 431])

/** Reads all that a server has written on one connection, and has each answer counted and looked at. */
export function readAnswers(trial: Trial, written: Buffer): void {
  let rest = written
  while (rest.length > 0) {
    const end = rest.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = rest.subarray(0, end).toString('latin1')
    rest = rest.subarray(end + 4)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0)
    if (status === 101) return readFrames(trial, rest)
    if (status === 100) continue
    const streams = /^content-type: text\/event-stream/im.test(head)
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0)
    if (streams) return trial.count(`raw ${status} stream`)
    const chunked = /^transfer-encoding: chunked/im.test(head)
    const size = chunked ? rest.indexOf('0\r\n\r\n') + 5 : length
    // This side had ended before it was complete.
    if (chunked ? size < 5 : rest.length < length) return trial.count('raw, cut')
    const body = rest
      .subarray(0, size)
      .toString()
      .replace(chunked ? /^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g : '', '')
    rest = rest.subarray(size)
    if (/^content-type: (text\/plain;charset=utf-8|application\/json)$/im.test(head)) trial.answered(status, body)
    else {
      trial.count(`raw ${status}, not of the hub`)
      if (status !== 204 && !foreign.has(status)) trial.harm.push(`undocumented: ${head}`)
    }
  }
}

/** A server's frames are neither masked nor in fragments; those that are compressed stand alone. */
function readFrames(trial: Trial, bytes: Buffer): void {
  let at = 0
  while (at + 2 <= bytes.length) {
    const opcode = (bytes[at] as number) & 15
    const compressed = ((bytes[at] as number) & 0x40) !== 0
    let length = (bytes[at + 1] as number) & 127
    at += 2
    if (length === 126) {
      length = bytes.readUInt16BE(at)
      at += 2
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at))
      at += 8
    }
    const payload = bytes.subarray(at, at + length)
    at += length
    if (payload.length < length) return
    if (opcode === 1) for (const line of (compressed ? inflate(payload) : `${payload}`).split('\n')) trial.line(line)
    else if (opcode === 8) return readClose(trial, payload)
  }
}

const inflate = (payload: Buffer): string =>
  inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), {
    finishFlush: constants.Z_SYNC_FLUSH,
  }).toString()

function readClose(trial: Trial, payload: Buffer): void {
  const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
  const reason = payload.subarray(2).toString()
  // What RFC 6455 has ws say of broken framing, and the echo of the code that the other side has closed with.
  if (Object.hasOwn(closeCodes, reason.split(' ')[0] ?? '')) trial.closed(code, reason)
  else if (code >= 4000 && code < 4400) trial.harm.push(`undocumented: closed with ${code} '${reason}'`)
  else trial.count(code === 1002 ? 'websocket 1002' : 'websocket, the code of the other side')
}
