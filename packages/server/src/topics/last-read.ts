/**
 * The newest publish that came in here, as it was read: a listener at this hub, who mostly hears it next, need not read its text
 * again. It is given away once, so that each listener has data of its own.
 */
export class LastRead {
  #text: string | null = null
  #value: unknown = null

  /** `text`: what is published as the JSON of `value`, which nobody else has. */
  keep(text: string, value: unknown): void {
    this.#text = text
    this.#value = value
  }

  /** What this JSON says. */
  take(text: string): unknown {
    if (this.#text !== text) return JSON.parse(text)
    const value = this.#value
    this.#text = null
    this.#value = null
    return value
  }
}
