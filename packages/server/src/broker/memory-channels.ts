type Listener = (message: string) => void

/** Words between nodes, in one process. */
export class MemoryChannels {
  // Each list is replaced when it changes: most have one listener, and telling needs no copy.
  readonly #listeners = new Map<string, readonly Listener[]>()

  send(channel: string, message: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(message)
  }

  listen(channel: string, listener: Listener): () => void {
    // A function of its own, for one listener may listen twice.
    const own: Listener = (message) => listener(message)
    this.#listeners.set(channel, [...(this.#listeners.get(channel) ?? []), own])
    return () => {
      const others = (this.#listeners.get(channel) ?? []).filter((each) => each !== own)
      if (others.length > 0) this.#listeners.set(channel, others)
      else this.#listeners.delete(channel)
    }
  }

  clear(): void {
    this.#listeners.clear()
  }
}
