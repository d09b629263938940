import type { KeyBlockEntry } from "../ports/index.js";
import { isPlainReference, keyFlagsAt, keyHeaderBytes, keySpan } from "../postings/index.js";

const lastHashAt = 16;

/**
 * The entries of rising hashes in the sorted blocks of a segment, in one pass: while the block at hand
 * reaches as far as a hash, its entries lie behind those of the one before. Only the others are looked up.
 * References by themselves take no part in what is settled, and are left out.
 */
export class KeyPass {
  readonly #blocksFrom: (hash: bigint) => Iterable<KeyBlockEntry>;
  readonly #mayHold: (hash: bigint) => boolean;
  #rest: Iterator<KeyBlockEntry> | null = null;
  #block: Uint8Array | null = null;
  #view: DataView = new DataView(new ArrayBuffer(0));
  #at = 0;
  /** Of the last entry of the block, its lowest bit off. */
  #lastHash = 0n;

  /** A block is looked up only for hashes that there may be. */
  constructor(
    blocksFrom: (hash: bigint) => Iterable<KeyBlockEntry>,
    mayHold: (hash: bigint) => boolean = () => true,
  ) {
    this.#blocksFrom = blocksFrom;
    this.#mayHold = mayHold;
  }

  /** Takes copies: a slice of a Buffer would keep its block. */
  find(hash: bigint, take: (entry: Uint8Array) => void): void {
    if (this.#block === null || hash > this.#lastHash) {
      if (!this.#mayHold(hash)) return;
      this.#seek(hash);
    }
    const [low, high] = [Number(hash & 0xffff_ffffn), Number(hash >> 32n)];
    while (this.#block !== null) {
      if (this.#findInBlock(low, high, take)) return;
      // Those of one hash may go on in the next block, or begin there.
      this.#advance();
    }
  }

  close(): void {
    this.#rest?.return?.();
    this.#rest = null;
    this.#block = null;
  }

  /** Whether an entry was met that lies behind all of the hash. */
  #findInBlock(low: number, high: number, take: (entry: Uint8Array) => void): boolean {
    const [block, view] = [this.#block!, this.#view];
    while (this.#at < block.length) {
      const entryHigh = view.getUint32(this.#at + 4, true);
      const entryLow = (view.getUint32(this.#at, true) & ~1) >>> 0;
      if (entryHigh > high || (entryHigh === high && entryLow > low)) return true;
      const end = keySpan(block, this.#at).entryEnd;
      const isMet = entryHigh === high && entryLow === low && !isPlainReference(keyFlagsAt(block, this.#at));
      if (isMet) take(new Uint8Array(block.subarray(this.#at, end)));
      this.#at = end;
    }
    return false;
  }

  #seek(hash: bigint): void {
    this.close();
    this.#rest = this.#blocksFrom(hash)[Symbol.iterator]();
    this.#advance();
  }

  #advance(): void {
    const step = this.#rest!.next();
    this.#block = step.done ? null : step.value.block;
    if (this.#block === null) return;
    this.#view = new DataView(this.#block.buffer, this.#block.byteOffset, this.#block.byteLength);
    this.#at = keyHeaderBytes;
    this.#lastHash = this.#view.getBigUint64(lastHashAt, true) & ~1n;
  }
}
