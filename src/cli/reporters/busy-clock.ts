/** A clock that runs only while something is at work: the length of the union of all pieces of work. */
export class BusyClock {
  /** Apart from each other, in order. */
  readonly #spans: { readonly startMs: number; readonly endMs: number }[] = []
  #totalMs = 0

  get elapsedMs(): number {
    return this.#totalMs
  }

  /** A piece of work that has ended now. Pieces are told in the order of their ends and may overlap. */
  add(endMs: number, tookMs: number): void {
    let startMs = endMs - tookMs
    for (let last = this.#spans.at(-1); last !== undefined && last.endMs >= startMs; last = this.#spans.at(-1)) {
      startMs = Math.min(startMs, last.startMs)
      this.#totalMs -= last.endMs - last.startMs
      this.#spans.pop()
    }
    this.#spans.push({ startMs, endMs })
    this.#totalMs += endMs - startMs
  }
}
