import type { Receipt } from '@holdfast/protocol'
import { HoldfastError } from '@holdfast/protocol'
import type { Applied } from './broker.ts'

/** The receipt of an append that had no producer. */
export function receiptOf(applied: Applied): Receipt {
  const cursor = (applied.status !== 'jump' && applied.answer[0] === 'receipt' && applied.answer[2]) || ''
  const dot = cursor.lastIndexOf('.')
  if (dot < 0) throw new HoldfastError('broker-failed', 'the broker gave no place', { outcome: 'unknown' })
  return { cursor, epoch: cursor.slice(0, dot), offset: Number(cursor.slice(dot + 1)) }
}
