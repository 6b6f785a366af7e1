import type { Reply } from './child.ts'

type Handler = (argument: never) => unknown

/** The child's end of `startChild`: answers each question by the handler of its name, and exits with its parent. */
export function answers(handlers: Readonly<Record<string, Handler>>): void {
  process.on('disconnect', () => process.exit())
  process.on('message', async ({ id, what, argument }: { id: number; what: string; argument: unknown }) => {
    const reply = (rest: Omit<Reply, 'id'>) => process.send?.({ id, ...rest })
    try {
      const handler = handlers[what]
      if (!handler) throw new Error('nobody answers that')
      reply({ answer: await handler(argument as never) })
    } catch (error) {
      reply({ error: error instanceof Error ? (error.stack ?? error.message) : `${error}` })
    }
  })
}
