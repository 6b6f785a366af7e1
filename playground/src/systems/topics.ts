import { defineRequest, defineTopic, type StandardSchema, type } from '@holdfast/protocol'

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

export interface Price {
  readonly symbol: string
  readonly price: number
  /** What it was when the market opened. */
  readonly open: number
}

export const symbols = ['ALGA', 'BUOY', 'CLAM', 'DORY', 'EDDY', 'FORD', 'GULL', 'HULL', 'KELP', 'REEF'] as const

export const prices = defineTopic('prices', { schema: type<Price>() })

export interface Headline {
  readonly id: string
  readonly text: string
}

export const news = defineTopic('news', { schema: type<Headline>() })

export interface Told {
  readonly kind: 'message' | 'mention'
  readonly id: string
  readonly from: string
  readonly text: string
}

/** What a user is told; or, to all pages of theirs, up to which offset they have read. */
export type Note = Told | { readonly kind: 'read'; readonly upTo: number }

export const notes = defineTopic('notes:{user}', { schema: type<Note>() })

export interface Notice {
  readonly id: string
  readonly to: string
  readonly kind: 'message' | 'mention'
  readonly text: string
}

export const notify = defineRequest('notify', {
  input: checked<Notice>({
    id: isId,
    to: isText(32),
    kind: (value) => value === 'message' || value === 'mention',
    text: isText(500),
  }),
})

export const markRead = defineRequest('mark-read', {
  input: checked<{ readonly upTo: number }>({ upTo: Number.isInteger }),
})

/** The values of one gauge at one moment, in the order of its series. */
export const metrics = defineTopic('metrics:{gauge}', { schema: type<readonly number[]>() })

/** The ids of those that there are. */
export const documents: readonly string[] = ['notes', 'plan']

/** Updates of Yjs. */
export const doc = defineTopic('doc:{id}', { schema: type<Uint8Array>() })

export interface Caret {
  /** The session whose it is. */
  readonly session: string
  readonly name: string
  /** A relative position of Yjs, as JSON text. */
  readonly at: string
}

/** Where people write in a document. */
export const carets = defineTopic('carets:{id}', {
  schema: checked<Caret>({ session: isId, name: isText(32), at: isText(200) }),
})

/** -1, 0 or 1 to the right and down. */
export interface Heading {
  dx: number
  dy: number
}

/** Where one's own fish is to swim. */
export const steer = defineTopic('steer', { schema: checked<Heading>({ dx: isStep, dy: isStep }) })

export interface Place {
  x: number
  y: number
}

export interface Fish extends Place, Heading {
  /** The session whose it is. */
  id: string
  name: string
  score: number
}

export interface Pool {
  readonly fish: readonly Fish[]
  readonly food: readonly Place[]
}

export const poolSize = { width: 960, height: 400 }

export const pool = defineTopic('pool', { schema: type<Pool>() })

export interface Progress {
  readonly phase: 'counting' | 'done' | 'canceled' | 'failed' | 'forgotten'
  readonly below: number
  /** How many numbers have been looked at, and how many of them are primes. */
  readonly done: number
  readonly found: number
}

export const job = defineTopic('job:{id}', { schema: type<Progress>() })

/** What one job may look at. */
export const mostNumbers = 20_000_000

export const countPrimes = defineRequest('count-primes', {
  input: checked<{ readonly below: number }>(
    { below: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= mostNumbers },
    `needs a whole number from 1 to ${mostNumbers.toLocaleString('en')}`,
  ),
  output: type<{ readonly id: string }>(),
})

export const cancelJob = defineRequest('cancel-job', { input: checked<{ readonly id: string }>({ id: isId }) })

type Checks<T> = { readonly [K in keyof T]: (value: unknown) => boolean }

/** Accepts objects with exactly these fields (Standard Schema, version 1). @param message what is said of a wrong one */
function checked<T>(checks: Checks<T>, message = 'this is not what is needed here'): StandardSchema<T> {
  const fields = Object.entries(checks) as [keyof T & string, (value: unknown) => boolean][]
  return {
    '~standard': {
      version: 1,
      vendor: 'playground',
      validate(value) {
        const given = Object(value) as T
        const wrong = fields.find(([name, check]) => !check(given[name]))
        if (wrong) return { issues: [{ message, path: [wrong[0]] }] }
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

function isStep(value: unknown): boolean {
  return value === -1 || value === 0 || value === 1
}
