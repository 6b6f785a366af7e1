import { randomUUID } from 'node:crypto'
import { HoldfastError, type Hub } from '@holdfast/server'
import { primesBelow } from './job-primes.ts'
import { cancelJob, countPrimes, job, type Progress, type User } from './topics.ts'

type Job = { readonly by: string; readonly ending: AbortController; progress: Progress }
const closing = 'the server goes'
const forgotten: Progress = { phase: 'forgotten', below: 1, done: 0, found: 0 }

/** Counts primes for those who ask. Whoever follows a job begins with the newest of it, also when it is over. */
export function serveJob(hub: Hub<User>): () => void {
  const jobs = new Map<string, Job>()
  hub.topics(job, { conflate: true, snapshot: (name) => ({ state: jobs.get(name.slice(4))?.progress ?? forgotten }) })
  hub.handle(countPrimes, ({ data: { below }, user }) => {
    const over = [...jobs].filter(([, { progress }]) => progress.phase !== 'counting').map(([id]) => id)
    if (jobs.size - over.length >= 4) throw new HoldfastError('busy', 'four jobs are running, one has to end first')
    for (const id of over.slice(0, -100)) jobs.delete(id)
    const id = randomUUID()
    void run(id, { by: user.id, ending: new AbortController(), progress: { ...forgotten, phase: 'counting', below } })
    return { id }
  })
  hub.handle(cancelJob, ({ data: { id }, user }) => void (jobs.get(id)?.by === user.id && jobs.get(id)?.ending.abort()))

  async function run(id: string, one: Job): Promise<void> {
    const { signal } = one.ending
    const tell = (news: Partial<Progress>) => {
      one.progress = { ...one.progress, ...news }
      hub.topic(job({ id })).next(one.progress)
    }
    jobs.set(id, one)
    try {
      for await (const counted of primesBelow(one.progress.below, signal)) tell(counted)
      tell({ phase: 'done' })
    } catch {
      if (signal.reason !== closing) tell({ phase: signal.aborted ? 'canceled' : 'failed' })
    }
  }

  return () => jobs.forEach(({ ending }) => void ending.abort(closing))
}
