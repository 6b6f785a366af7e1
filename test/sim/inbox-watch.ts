import type { Report } from './harm.ts'
import type { Mark, Truth } from './truth.ts'

/** Checks what a client is told in its inbox against the logs of its sessions. */
export interface InboxWatch {
  take(data: unknown): void
  /** A gap was reported: something must have been in the inbox for longer than it is kept. */
  excuse(): void
  /** It has all, or a gap was reported. */
  readonly level: boolean
  finish(): void
}

/** @param isOld whether what was sent then is no longer kept */
export function createInboxWatch(
  name: string,
  session: () => string,
  truth: Truth,
  report: Report,
  isOld: (time: number) => boolean,
): InboxWatch {
  const taken: string[] = []
  let excused = false

  /** Of the session that the client has now. */
  const entries = () => {
    const log = `$inbox/${session()}`
    return truth.entries(log, truth.head(log)?.epoch ?? '')
  }
  const sent = (): string[] =>
    entries()
      .filter(({ id }) => id === undefined)
      .map(({ data }) => (JSON.parse(data) as Mark).id)
  const missingOf = (expected: readonly string[]) => (excused ? [] : expected.filter((id) => !taken.includes(id)))

  return {
    take(data) {
      const { id } = data as Mark
      if (taken.includes(id)) report('doubled', `${name} has ${id} twice in its inbox`)
      taken.push(id)
    },
    excuse() {
      excused = true
      if (!entries().some(({ time }) => isOld(time))) report('lost', `${name} has a gap in its inbox without need`)
    },
    get level() {
      return missingOf(sent()).length === 0
    },
    finish() {
      const expected = sent()
      const got = taken.filter((id) => expected.includes(id))
      const missing = missingOf(expected)
      if (missing.length > 0) report('lost', `${name} has not had ${missing} in its inbox`, missing.length)
      if (got.join() !== expected.filter((id) => taken.includes(id)).join()) {
        report('reordered', `${name} has had ${got} in its inbox, not ${expected}`)
      }
    },
  }
}
