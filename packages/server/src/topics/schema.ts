import type { MaybePromise } from '../broker/maybe-promise.ts'

/** Standard Schema, version 1, as far as the hub uses it: zod, valibot, arktype and others implement it. */
export interface StandardSchema<T = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => MaybePromise<SchemaResult<T>>
  }
}

export type SchemaResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path?: readonly unknown[] | undefined }[] }

/** The first issue in words. */
export function describeIssue({ issues }: Extract<SchemaResult<unknown>, { issues: readonly unknown[] }>): string {
  const [issue] = issues
  const path = issue?.path
    ?.map((part) => String(Object(part) === part ? (part as { key: unknown }).key : part))
    .join('.')
  return `${path ? `${path}: ` : ''}${issue?.message ?? 'it does not fit'}`
}
