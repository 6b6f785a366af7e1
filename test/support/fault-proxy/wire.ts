import type { Parcel } from './delay-queue.ts'

/** What the gate can do to its connection. */
export interface Wire {
  /** These take the network's time. */
  toServer(parcel: Parcel): void
  toClient(parcel: Parcel): void
  /** As if the server had sent it in answer: after the time of the way there and back. */
  answer(...parcels: Parcel[]): void
  /** Both sides: the server's at once, the client's closed after what is under way to it, or reset. */
  destroy(how: 'cut' | 'reset'): void
  dropServer(): void
  /** Holds back further requests, or further bytes of the server. */
  waitTurn(on: boolean): void
  holdServer(on: boolean): void
}
