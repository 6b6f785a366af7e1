import { hash as digest } from 'node:crypto'

export const hash = (text: string): string => digest('sha256', text, 'base64url')

/** Compares in a time that does not depend on where the two differ. */
export function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i % (b.length || 1))
  return difference === 0
}
