import type { Receipt } from '@holdfast/protocol'
import { HoldfastError, parseCursor } from '@holdfast/protocol'
import type { Applied } from './broker.ts'

/** The receipt of an append that had no producer. */
export function receiptOf(applied: Applied): Receipt {
  const cursor = applied.status !== 'jump' && applied.answer[0] === 'receipt' ? applied.answer[2] : undefined
  const position = cursor === undefined ? null : parseCursor(cursor)
  if (!position || cursor === undefined) {
    throw new HoldfastError('broker-failed', 'the broker gave no place', { outcome: 'unknown' })
  }
  return { cursor, epoch: position.epoch, offset: position.offset }
}
