import { assert } from "../kernel/index.js";

/** A value among others in the order of their last use. */
interface Kept<K, V> {
  key: K;
  value: V;
  bytes: number;
  older: Kept<K, V> | null;
  newer: Kept<K, V> | null;
}

/**
 * Values up to a number of bytes; the least recently used go first. One larger than all is not kept. The
 * order is a chain through the entries: a map that is told of each use anew grows, and is copied in the midst
 * of a query.
 */
export class ByteCache<K, V> {
  readonly #kept = new Map<K, Kept<K, V>>();
  readonly #onEvicted: (key: K, value: V) => void;
  #oldest: Kept<K, V> | null = null;
  #newest: Kept<K, V> | null = null;
  #bytesMax: number;
  #bytes = 0;
  hits = 0;

  constructor(bytesMax: number, onEvicted: (key: K, value: V) => void = () => {}) {
    this.#bytesMax = bytesMax;
    this.#onEvicted = onEvicted;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get bytesMax(): number {
    return this.#bytesMax;
  }

  /** What no longer fits goes at once. */
  set bytesMax(bytes: number) {
    assert(bytes >= 0, "a cache has room for nothing or more");
    this.#bytesMax = bytes;
    this.#evict();
  }

  get(key: K): V | undefined {
    const kept = this.#kept.get(key);
    if (kept === undefined) return undefined;
    this.hits++;
    if (kept !== this.#newest) {
      this.#unlink(kept);
      this.#link(kept);
    }
    return kept.value;
  }

  set(key: K, value: V, bytes: number): void {
    const before = this.#kept.get(key);
    if (before !== undefined) this.#remove(before);
    if (bytes > this.#bytesMax) {
      this.#onEvicted(key, value);
      return;
    }
    const kept = { key, value, bytes, older: null, newer: null };
    this.#kept.set(key, kept);
    this.#bytes += bytes;
    this.#link(kept);
    this.#evict();
  }

  #evict(): void {
    while (this.#bytes > this.#bytesMax) {
      const kept = this.#oldest!;
      this.#remove(kept);
      this.#onEvicted(kept.key, kept.value);
    }
  }

  #remove(kept: Kept<K, V>): void {
    this.#kept.delete(kept.key);
    this.#bytes -= kept.bytes;
    this.#unlink(kept);
  }

  #link(kept: Kept<K, V>): void {
    kept.older = this.#newest;
    if (this.#newest === null) this.#oldest = kept;
    else this.#newest.newer = kept;
    this.#newest = kept;
  }

  #unlink(kept: Kept<K, V>): void {
    if (kept.older === null) this.#oldest = kept.newer;
    else kept.older.newer = kept.newer;
    if (kept.newer === null) this.#newest = kept.older;
    else kept.newer.older = kept.older;
    kept.older = null;
    kept.newer = null;
  }
}
