/** What may stand in a `Chain`, in one at a time; its two neighbours are that one's. */
export class Chained {
  older: this | null = null
  newer: this | null = null
}

/**
 * Things in the order in which they were put at its end last. Constant work, and no memory beside the things. Whoever goes along it by
 * `newer` may take out any meanwhile: who was taken out still knows who came after.
 */
export class Chain<T extends Chained> {
  first: T | null = null
  #last: T | null = null

  /** Puts it at the end, wherever it was. */
  put(one: T): void {
    if (one === this.#last) return
    this.drop(one)
    one.older = this.#last
    one.newer = null
    if (this.#last) this.#last.newer = one
    else this.first = one
    this.#last = one
  }

  drop(one: T): void {
    const { older, newer } = one
    // Taken out already: nobody has it for a neighbour.
    if ((older ? older.newer : this.first) !== one) return
    if (older) older.newer = newer
    else this.first = newer
    if (newer) newer.older = older
    else this.#last = older
    one.older = null
  }
}
