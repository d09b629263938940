import { filterCopyBytesMax, filterPageBytes } from "../kernel/index.js";
import type { KeyFilterEntry } from "../ports/index.js";
import { halveKeyBits, hasKeyBits, keyFilterHeadBytes } from "../postings/index.js";

/**
 * What a page tells of a key: that no entry of its segment settles it, that one may, or that the filter in
 * the store is to be asked, at a place.
 */
export type Told = "absent" | "maybe" | "unsure";

const fixedBytes = 512;
const placeBytes = 12;

/** Copies of the filters of some key blocks that follow one another, or their places alone. */
export class FilterPage {
  /** Of each block the hash of its first entry, the lowest bit set: upper half, lower half. */
  readonly #firsts: Uint32Array;
  readonly #ordinals: Uint32Array;
  /** The role of the first entries, which their hashes say with the lowest bit. */
  readonly #roles: Uint8Array;
  /** Where filters begin, and how many bits they have. */
  #starts: Uint32Array;
  #bitCounts: Uint16Array;
  #bytes: Uint8Array | null;
  #isHalved = false;

  constructor(parts: PageParts, bytes: Uint8Array) {
    this.#firsts = Uint32Array.from(parts.firsts);
    this.#ordinals = Uint32Array.from(parts.ordinals);
    this.#roles = Uint8Array.from(parts.roles);
    this.#starts = Uint32Array.from(parts.starts);
    this.#bitCounts = Uint16Array.from(parts.bitCounts);
    this.#bytes = bytes;
  }

  get count(): number {
    return this.#ordinals.length;
  }

  get heldBytes(): number {
    const filterBytes = this.#bytes === null ? 0 : this.#bytes.length + 6 * this.count;
    return fixedBytes + (placeBytes + 1) * this.count + filterBytes;
  }

  get hasFilters(): boolean {
    return this.#bytes !== null;
  }

  get isHalvable(): boolean {
    return this.#bytes !== null && !this.#isHalved;
  }

  /** Whether its first block begins at or before a hash. */
  beginsBy(low: number, high: number): boolean {
    return this.#beginsBy(0, low, high);
  }

  /** The last block that begins at or before a hash, which the first one does. */
  blockOf(low: number, high: number): number {
    let [from, to] = [1, this.count];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.#beginsBy(middle, low, high)) from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }

  tell(block: number, low: number, high: number): Told {
    const bytes = this.#bytes;
    if (bytes === null) return "unsure";
    const sought = (low | 1) >>> 0;
    if (this.#firsts[2 * block] === high && this.#firsts[2 * block + 1] === sought) return "maybe";
    const at = this.#starts[block]!;
    const lastHigh = wordAt(bytes, at + 4);
    if (high > lastHigh || (high === lastHigh && sought >= (wordAt(bytes, at) | 1) >>> 0)) return "maybe";
    const isThere = hasKeyBits(bytes, at + keyFilterHeadBytes, this.#bitCounts[block]!, low);
    if (!isThere) return "absent";
    return this.#isHalved ? "unsure" : "maybe";
  }

  placeOf(block: number): { hash: bigint; ordinal: number } {
    const low = ((this.#firsts[2 * block + 1]! & ~1) | this.#roles[block]!) >>> 0;
    return { hash: (BigInt(this.#firsts[2 * block]!) << 32n) | BigInt(low), ordinal: this.#ordinals[block]! };
  }

  /** Half the bits: one in eleven of new keys is to be looked for in the store then. */
  halve(): void {
    const from = this.#bytes!;
    const to = new Uint8Array(from.length);
    let end = 0;
    for (let block = 0; block < this.count; block++) {
      const at = this.#starts[block]!;
      to.set(from.subarray(at, at + keyFilterHeadBytes), end);
      this.#starts[block] = end;
      end += keyFilterHeadBytes;
      const bitCount = this.#bitCounts[block]!;
      end += halveKeyBits({ bytes: from, at: at + keyFilterHeadBytes, bitCount }, { bytes: to, at: end });
      this.#bitCounts[block] = bitCount / 2;
    }
    this.#bytes = to.slice(0, end);
    this.#isHalved = true;
  }

  dropFilters(): void {
    this.#bytes = null;
    this.#starts = new Uint32Array(0);
    this.#bitCounts = new Uint16Array(0);
  }

  #beginsBy(block: number, low: number, high: number): boolean {
    const firstHigh = this.#firsts[2 * block]!;
    return firstHigh < high || (firstHigh === high && this.#firsts[2 * block + 1]! <= (low | 1) >>> 0);
  }
}

interface PageParts {
  firsts: number[];
  ordinals: number[];
  roles: number[];
  starts: number[];
  bitCounts: number[];
}

/** Gathers filters in order until a page is full. */
export class FilterPageBuilder {
  readonly #bytes = new Uint8Array(filterPageBytes);
  #end = 0;
  #parts = noParts();

  get isEmpty(): boolean {
    return this.#parts.ordinals.length === 0;
  }

  hasRoomFor({ filter }: KeyFilterEntry): boolean {
    return this.#end + filter.length <= filterPageBytes;
  }

  /** One that cannot be is left out: of hashes behind the block before it nothing is told. */
  add({ hash, ordinal, filter }: KeyFilterEntry): void {
    if (filter.length < keyFilterHeadBytes || filter.length > filterCopyBytesMax) return;
    const low = Number(hash & 0xffff_ffffn);
    this.#parts.firsts.push(Number(hash >> 32n), (low | 1) >>> 0);
    this.#parts.ordinals.push(ordinal);
    this.#parts.roles.push(low & 1);
    this.#parts.starts.push(this.#end);
    this.#parts.bitCounts.push((filter.length - keyFilterHeadBytes) * 8);
    this.#bytes.set(filter, this.#end);
    this.#end += filter.length;
  }

  finish(): FilterPage {
    const page = new FilterPage(this.#parts, this.#bytes.slice(0, this.#end));
    this.#parts = noParts();
    this.#end = 0;
    return page;
  }
}

function noParts(): PageParts {
  return { firsts: [], ordinals: [], roles: [], starts: [], bitCounts: [] };
}

function wordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
