import { createHub, type Hub, type HubOptions } from '@holdfast/server'
import type { BrokerView } from './broker.ts'
import type { Computer } from './computer.ts'

/** One server: a computer with a hub on it. */
export interface Node {
  readonly name: string
  readonly computer: Computer
  readonly hub: Hub
  readonly broker: BrokerView
  /** Gone: crashed, or closed and done. */
  gone: boolean
  /** New connections come here. */
  open: boolean
}

export function startNode(name: string, computer: Computer, broker: BrokerView, options: HubOptions): Node {
  const hub = createHub({ ...options, clock: computer.clock, broker })
  return { name, computer, hub, broker, gone: false, open: true }
}
