/** What stands in a `Recency`; its two neighbours are that one's. */
export class Recent {
  older: this | null = null
  newer: this | null = null
}

/** Things in the order in which they were renewed last. Constant work, and no memory beside the things. */
export class Recency<T extends Recent> {
  oldest: T | null = null
  #newest: T | null = null

  renew(one: T): void {
    if (one === this.#newest) return
    this.drop(one)
    one.older = this.#newest
    if (this.#newest) this.#newest.newer = one
    else this.oldest = one
    this.#newest = one
  }

  drop(one: T): void {
    const { older, newer } = one
    if (older) older.newer = newer
    else if (one === this.oldest) this.oldest = newer
    if (newer) newer.older = older
    else if (one === this.#newest) this.#newest = older
    // Kept by whom it may, it must not keep all that was dropped after it.
    one.older = null
    one.newer = null
  }
}
