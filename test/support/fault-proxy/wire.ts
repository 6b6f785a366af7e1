/** What the gate can do to its connection. */
export interface Wire {
  toServer(bytes: Buffer): void
  toClient(bytes: Buffer): void
  /** Half-closes, as the other side did. */
  endServer(): void
  endClient(): void
  /** Both sides: the client's is closed after what is under way to it, or reset. */
  destroy(how: 'cut' | 'reset'): void
  dropServer(): void
  /** Holds back further requests, or further bytes of the server. */
  waitTurn(on: boolean): void
  holdServer(on: boolean): void
}
