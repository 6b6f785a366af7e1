import type { Broker } from './broker.ts'

const nothing = () => {}

/** The same broker for the one hub that has it: what nodes tell each other has nobody to hear it, and each session would listen. */
export const soleNode = (broker: Broker): Broker => ({ ...broker, send: nothing, listen: () => nothing })
