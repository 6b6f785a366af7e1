import { HoldfastError } from './errors.ts'

/** A JSON value, or bytes. */
export type Payload = Json | Uint8Array
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined }

/** A payload as it travels: JSON text, and how to read it. `bytes` is what counts against the message limit. */
export interface EncodedPayload {
  readonly json: string
  readonly encoding: 'base64' | undefined
  readonly bytes: number
}

/** Encodes a payload. Throws `bad-payload` for what would not arrive as it is: undefined, NaN, Date, Map, cycles, ... */
export function encodePayload(value: unknown): EncodedPayload {
  if (value instanceof Uint8Array) return { json: `"${toBase64(value)}"`, encoding: 'base64', bytes: value.byteLength }
  const json = encodeJson(value)
  return { json, encoding: undefined, bytes: utf8Length(json) }
}

/** The text of a JSON value. Throws `bad-payload`. */
export function encodeJson(value: unknown): string {
  try {
    if (isJson(value)) return JSON.stringify(value)
  } catch {
    // Cyclic, or nested too deeply.
  }
  throw new HoldfastError('bad-payload', 'a payload is a JSON value or a Uint8Array', { outcome: 'not-sent' })
}

/** The payload of a frame: its data element, read as its encoding says. */
export const decodePayload = (data: unknown, encoding: 'base64' | undefined): Payload =>
  encoding ? fromBase64(data as string) : (data as Json)

function isJson(value: unknown): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return true
  if (typeof value !== 'object' || typeof (value as { toJSON?: unknown }).toJSON === 'function') return false
  // Spread, since `every` passes over holes, which would arrive as null.
  if (Array.isArray(value)) return [...value].every(isJson)
  const prototype = Object.getPrototypeOf(value)
  if (prototype && Object.getPrototypeOf(prototype)) return false
  // An undefined property is left out, as JSON.stringify does: optional fields are everyday TypeScript.
  for (const item of Object.values(value)) if (item !== undefined && !isJson(item)) return false
  return true
}

/** `text` in UTF-8; a lone surrogate becomes its replacement character. */
export const toUtf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

const beyondAscii = /[\u0080-\uffff]/

/** Bytes of `text` in UTF-8; a lone surrogate counts as the 3 bytes of its replacement. */
export const utf8Length = (text: string): number => (beyondAscii.test(text) ? toUtf8(text).length : text.length)

// String.fromCharCode takes its characters as arguments, and engines bound their number.
const chunk = 0x8000

/** Base64 with padding (RFC 4648, 4). */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += chunk) text += String.fromCharCode(...bytes.subarray(i, i + chunk))
  return btoa(text)
}

export function fromBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
  return bytes
}

/** Unpadded base64url (RFC 4648, 5): what may stand in `Sec-WebSocket-Protocol`. */
export const toBase64Url = (bytes: Uint8Array): string =>
  toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')

/** Throws where `text` is no base64url of UTF-8. */
export function fromBase64Url(text: string): string {
  // `atob` passes over spaces and padding.
  if (!/^[\w-]*$/.test(text)) throw new TypeError('no base64url')
  return new TextDecoder('utf-8', { fatal: true }).decode(fromBase64(text.replaceAll('-', '+').replaceAll('_', '/')))
}
