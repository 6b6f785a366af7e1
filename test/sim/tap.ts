/** Sees what passes between one client and the hubs. */
export interface Tap {
  note(text: string): void
  url(url: string): void
  up(name: string, text: string): void
  /** It reaches the client. */
  down(name: string, text: string): void
  /** The hub writes while so many bytes wait. */
  written(name: string, buffered: number): void
}
