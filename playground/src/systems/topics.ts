import { defineTopic, type StandardSchema } from '@holdfast/protocol'

// What both sides of each system say to each other, written once.

/** Who a visitor is on this page. */
export interface Me {
  readonly name: string
}

/** Who a visitor is to the hub: whoever they say they are, since this is a demo. */
export interface User {
  readonly id: string
}

export interface ChatMessage {
  /** Drawn by the one who says it: said again, it is the same message. */
  readonly id: string
  readonly name: string
  readonly text: string
}

export const chat = defineTopic('chat:{room}', {
  schema: checked<ChatMessage>({ id: isId, name: isText(32), text: isText(500) }),
})

type Checks<T> = { readonly [K in keyof T]: (value: unknown) => boolean }

/** Accepts objects with exactly these fields (Standard Schema, version 1). */
function checked<T>(checks: Checks<T>): StandardSchema<T> {
  const fields = Object.entries(checks) as [keyof T & string, (value: unknown) => boolean][]
  return {
    '~standard': {
      version: 1,
      vendor: 'playground',
      validate(value) {
        const given = Object(value) as T
        const wrong = fields.find(([name, check]) => !check(given[name]))
        if (wrong) return { issues: [{ message: 'this is not what is needed here', path: [wrong[0]] }] }
        return { value: Object.fromEntries(fields.map(([name]) => [name, given[name]])) as T }
      },
    },
  }
}

function isText(maxLength: number): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && value.trim() !== '' && value.length <= maxLength
}

function isId(value: unknown): boolean {
  return isText(64)(value)
}
