type Listener = (message: string) => void

/** Words between nodes, in one process. */
export class MemoryChannels {
  // Each list is replaced when it changes: most have one listener, and telling needs no copy.
  readonly #listeners = new Map<string, readonly Listener[]>()

  send(channel: string, message: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(message)
  }

  listen(channel: string, listener: Listener): () => void {
    this.#listeners.set(channel, [...(this.#listeners.get(channel) ?? []), listener])
    let listens = true
    return () => {
      if (listens) this.drop(channel, listener)
      listens = false
    }
  }

  clear(): void {
    this.#listeners.clear()
  }

  /** Once, for one listener may listen twice. */
  private drop(channel: string, listener: Listener): void {
    const listeners = this.#listeners.get(channel) ?? []
    const dropped = listeners.indexOf(listener)
    const left = listeners.filter((_, place) => place !== dropped)
    if (left.length > 0) this.#listeners.set(channel, left)
    else this.#listeners.delete(channel)
  }
}
