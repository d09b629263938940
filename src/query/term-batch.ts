/** Postings in the order of their terms, up to a number of them. */
export class TermBatch {
  count = 0;
  readonly ids: Float64Array;
  readonly #terms: BigUint64Array;
  readonly #halves: Uint32Array;

  constructor(size: number) {
    this.ids = new Float64Array(size);
    this.#terms = new BigUint64Array(size);
    this.#halves = new Uint32Array(this.#terms.buffer);
  }

  get isFull(): boolean {
    return this.count === this.ids.length;
  }

  add(high: number, low: number, id: number): void {
    const at = this.count++;
    this.ids[at] = id;
    this.#halves[at * 2] = low;
    this.#halves[at * 2 + 1] = high;
  }

  term(at: number): bigint {
    return this.#terms[at]!;
  }

  /** The ids, rising. */
  sortedIds(): Float64Array {
    return this.ids.slice(0, this.count).sort();
  }
}
