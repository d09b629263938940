import type { KeyComparison } from "../wire/key-order.js";

/** A stream's key that waits to be taken, where it lies; `isThere` is false while the stream has none. */
export interface Contender {
  bytes: Uint8Array;
  keyStart: number;
  keyEnd: number;
  isThere: boolean;
}

/**
 * Says which of many sorted streams has the lowest key; a change of one of them costs a comparison a level.
 */
export class Tournament {
  readonly #contenders: readonly Contender[];
  readonly #compare: KeyComparison;
  /**
   * A tree of indices in an array: at 1 the winner of all, the children of n at 2n and 2n + 1, -1 for nobody.
   */
  readonly #winners: Int32Array;
  readonly #leaves: number;

  constructor(contenders: readonly Contender[], compare: KeyComparison) {
    this.#contenders = contenders;
    this.#compare = compare;
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(2, contenders.length)));
    this.#winners = new Int32Array(2 * this.#leaves).fill(-1);
    for (let index = 0; index < contenders.length; index++) this.update(index);
  }

  /** Index of the contender with the lowest key, of equal ones the first; -1 where no one has any. */
  get winner(): number {
    return this.#winners[1]!;
  }

  /** Takes note that a contender has another key, or none. */
  update(index: number): void {
    const winners = this.#winners;
    let node = this.#leaves + index;
    winners[node] = this.#contenders[index]!.isThere ? index : -1;
    for (node >>= 1; node > 0; node >>= 1) {
      winners[node] = this.#lower(winners[2 * node]!, winners[2 * node + 1]!);
    }
  }

  #lower(first: number, second: number): number {
    if (first < 0 || second < 0) return Math.max(first, second);
    const a = this.#contenders[first]!;
    const b = this.#contenders[second]!;
    return this.#compare(a.bytes, a.keyStart, a.keyEnd, b.bytes, b.keyStart, b.keyEnd) <= 0 ? first : second;
  }
}
