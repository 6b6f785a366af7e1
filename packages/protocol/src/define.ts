import type { InferOutput, StandardSchema } from './schema.ts'

/** One topic, and what its messages are. */
export interface TopicAddress<T = unknown> {
  readonly name: string
  readonly schema?: StandardSchema<unknown, T> | undefined
}

/** All topics of a kind, as `hub.topics` takes them. */
export interface TopicPattern<T = unknown> {
  /** With `*` for each parameter. */
  readonly pattern: string
  readonly schema?: StandardSchema<unknown, T> | undefined
}

/** The names between braces: 'room' of `chat:{room}`. */
export type ParamNames<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never

/** A kind of topic; called with its parameters it answers the address of one. */
export interface TopicDefinition<P extends string = string, T = unknown> extends TopicPattern<T> {
  (
    ...params: [ParamNames<P>] extends [never] ? [] : [params: { readonly [N in ParamNames<P>]: string | number }]
  ): TopicAddress<T>
  /** The parameters of a topic of this kind, for `authorize`; null for any other name. */
  match(name: string): { readonly [N in ParamNames<P>]: string } | null
  /** A kind has none: it is to be called. */
  readonly name: undefined
}

/**
 * Defines a kind of topic once for both sides: `const chat = defineTopic('chat:{room}', { schema })`, then
 * `connection.topic(chat({ room: 'lobby' }))` and `hub.topics(chat, { history })`. Values are URL-encoded into the name.
 * @param pattern between two parameters stands something that the encoding escapes, `:` or `/`; it throws otherwise
 * @param options `schema`: any Standard Schema, or `type<Message>()`; default: messages are `unknown`
 */
export function defineTopic<const P extends string, S extends StandardSchema = StandardSchema>(
  pattern: P,
  { schema }: { schema?: S } = {},
): TopicDefinition<P, InferOutput<S>> {
  if (/\}[\w.!~*'()%-]*\{/.test(pattern)) throw new TypeError(`'${pattern}': ':' or '/' must part the parameters`)
  // Literal text at even places, parameters at odd ones.
  const parts = pattern.split(/[{}]/)
  const nameOf = (params: Readonly<Record<string, string | number>> = {}) =>
    parts.map((part, i) => (i % 2 ? encodeURIComponent(params[part] as string) : part)).join('')
  const escaped = parts.map((part, i) => (i % 2 ? "([\\w.!~*'()%-]*)" : part.replace(/[\\^$.*+?()[\]|]/g, '\\$&')))
  const form = new RegExp(`^${escaped.join('')}$`)

  function match(name: string): Record<string, string> | null {
    const values = form.exec(name)?.slice(1)
    if (!values) return null
    try {
      const params = Object.fromEntries(values.map((value, i) => [parts[2 * i + 1], decodeURIComponent(value)]))
      // One topic has one name: another spelling of it is none of this kind.
      return nameOf(params) === name ? params : null
    } catch {
      return null
    }
  }

  const define = (params?: Record<string, string | number>) => ({ name: nameOf(params), schema })
  Object.defineProperty(define, 'name', { value: undefined })
  const wildcard = parts.map((part, i) => (i % 2 ? '*' : part)).join('')
  return Object.assign(define, { pattern: wildcard, schema, match }) as unknown as TopicDefinition<P, InferOutput<S>>
}

/** A kind of request. */
export interface RequestDefinition<Data = unknown, Answer = unknown> {
  readonly name: string
  readonly input?: StandardSchema<unknown, Data> | undefined
  readonly output?: StandardSchema<unknown, Answer> | undefined
}

/**
 * Defines a request once for both sides: `connection.request(rename, data)`, `hub.handle(rename, handler)`.
 * @param options any Standard Schema, or `type<T>()`; without `input` it takes no data, without `output` the answer is `unknown`
 */
export const defineRequest = <
  Input extends StandardSchema = StandardSchema<undefined>,
  Output extends StandardSchema = StandardSchema,
>(
  name: string,
  { input, output }: { input?: Input; output?: Output } = {},
) => ({ name, input, output }) as RequestDefinition<InferOutput<Input>, InferOutput<Output>>
