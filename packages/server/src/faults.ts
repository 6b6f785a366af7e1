import type { CloseCode } from '@holdfast/protocol'
import { closeCodes, encodeFrame, HoldfastError } from '@holdfast/protocol'

/** Why a link ends. */
export interface Fault {
  readonly code: CloseCode
  readonly message: string
  readonly delayMs?: number | undefined
}

export const isCloseCode = (code: unknown): code is CloseCode =>
  typeof code === 'string' && Object.hasOwn(closeCodes, code)

const faults = new WeakSet<object>()

/** An error that ends the link. */
export function fault(code: CloseCode, message: string, delayMs?: number): HoldfastError {
  const error = Object.assign(new HoldfastError(code, message), delayMs === undefined ? {} : { delayMs })
  faults.add(error)
  return error
}

/** Whether it ends the link: some codes, `too-large` among them, may as well be those of a single frame. */
export const isFault = (error: unknown): boolean => typeof error === 'object' && error !== null && faults.has(error)

/** The fault that an error's code names, or null if it is none of Holdfast's. */
export function faultOf(error: unknown): Fault | null {
  if (!(error instanceof HoldfastError) || !isCloseCode(error.code)) return null
  const { delayMs } = error as { delayMs?: unknown }
  return { code: error.code, message: error.message, delayMs: typeof delayMs === 'number' ? delayMs : undefined }
}

export const closeLine = ({ code, message, delayMs }: Fault): string =>
  encodeFrame(
    delayMs === undefined
      ? ['close', closeCodes[code].close, code, message]
      : ['close', closeCodes[code].close, code, message, delayMs],
  )

/** The reason of a WebSocket's close: the code, and the delay where there is one. */
export const closeReason = ({ code, delayMs }: Fault): string => (delayMs === undefined ? code : `${code} ${delayMs}`)
