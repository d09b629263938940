/**
 * A digest of a set that does not depend on the order in which its members come: the number of members and
 * two sums of their mixed words. Sets that differ by accident have the same digest once in 2^64.
 */
export class SetDigest {
  count = 0;
  #first = 0;
  #second = 0;

  add(term: bigint, id: number, payload: number): void {
    const low = Number(term & 0xffff_ffffn);
    const high = Number(term >> 32n);
    const idHigh = Math.floor(id / 2 ** 32) ^ (payload << 16);
    this.count++;
    this.#first = (this.#first + mix(mix(mix(mix(0x9e3779b1, low), high), id >>> 0), idHigh)) >>> 0;
    this.#second = (this.#second + mix(mix(mix(mix(0x85ebca77, id >>> 0), high), idHigh), low)) >>> 0;
  }

  equals(other: SetDigest): boolean {
    return this.count === other.count && this.#first === other.#first && this.#second === other.#second;
  }
}

/** The 32-bit finaliser of MurmurHash3 over what came before and one more word. */
function mix(before: number, word: number): number {
  let hash = Math.imul(before ^ word, 0x9e3779b1) + 0x165667b1;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
