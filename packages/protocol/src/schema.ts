import { HoldfastError, type Outcome } from './errors.ts'

/** Standard Schema, version 1, as far as it is used here: zod, valibot, arktype and others implement it. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: Input; readonly output: Output } | undefined
  }
}

export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

/** What a schema makes of what it accepts. */
export type InferOutput<S extends StandardSchema> = NonNullable<S['~standard']['types']>['output']

/**
 * What the schema makes of `value`. Throws `bad-data` where it does not fit; with a `cause` where the schema itself failed,
 * as one does that answers a promise: messages come in order, and none may wait for it.
 * @param what what the error speaks of
 */
export function applySchema<T>(
  schema: StandardSchema<unknown, T> | undefined,
  value: unknown,
  what: string,
  outcome?: Outcome,
): T {
  if (!schema) return value as T
  const badData = (why: string, options?: { cause: unknown }) =>
    new HoldfastError('bad-data', `${what}: ${why}`, { outcome, ...options })
  let result: SchemaResult<T> | Promise<SchemaResult<T>>
  try {
    result = schema['~standard'].validate(value)
    if (result instanceof Promise) {
      result.catch(() => {})
      throw new TypeError('a schema must be synchronous')
    }
  } catch (cause) {
    throw badData(`the schema failed: ${cause}`, { cause })
  }
  if (!result.issues) return result.value
  const { message, path = [] } = result.issues[0] ?? { message: 'it does not fit' }
  const place = path.map((part) => (Object(part) === part ? (part as { key: unknown }).key : part)).join('.')
  throw badData(`${place && `${place}: `}${message}`)
}

/** A schema that accepts everything and says that it is a `T`: for types without checks. */
export const type = <T>(): StandardSchema<T> => ({
  '~standard': { version: 1, vendor: 'holdfast', validate: (value) => ({ value: value as T }) },
})
