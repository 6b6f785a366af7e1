import type { Report } from './harm.ts'
import type { Mark, Truth } from './truth.ts'

/** Checks what a client is told in its inbox against the logs of its sessions. */
export interface InboxWatch {
  take(data: unknown): void
  /** A gap was reported. */
  excuse(): void
  finish(): void
}

export function createInboxWatch(name: string, session: () => string, truth: Truth, report: Report): InboxWatch {
  const taken: string[] = []
  let excused = false

  /** What was sent to the session that the client has now, in order. */
  const sent = (): string[] => {
    const log = `$inbox/${session()}`
    const { epoch } = truth.head(log) ?? { epoch: '' }
    const messages = truth.entries(log, epoch).filter(({ id }) => id === undefined)
    return messages.map(({ data }) => (JSON.parse(data) as Mark).id)
  }

  return {
    take(data) {
      const { id } = data as Mark
      if (taken.includes(id)) report('doubled', `${name} has ${id} twice in its inbox`)
      taken.push(id)
    },
    excuse() {
      excused = true
    },
    finish() {
      const expected = sent()
      const got = taken.filter((id) => expected.includes(id))
      const missing = expected.filter((id) => !taken.includes(id))
      if (missing.length > 0 && !excused) report('lost', `${name} has not had ${missing} in its inbox`, missing.length)
      if (got.join() !== expected.filter((id) => taken.includes(id)).join()) {
        report('reordered', `${name} has had ${got} in its inbox, not ${expected}`)
      }
    },
  }
}
