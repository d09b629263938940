import { assert } from "../kernel/index.js";

interface Kept<V> {
  value: V;
  bytes: number;
}

/** Values up to a number of bytes; the least recently used go first. One larger than all is not kept. */
export class ByteCache<K, V> {
  readonly #kept = new Map<K, Kept<V>>();
  readonly #onEvicted: (key: K, value: V) => void;
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
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.value;
  }

  set(key: K, value: V, bytes: number): void {
    const before = this.#kept.get(key);
    if (before !== undefined) this.#bytes -= before.bytes;
    this.#kept.delete(key);
    if (bytes > this.#bytesMax) {
      this.#onEvicted(key, value);
      return;
    }
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    this.#evict();
  }

  #evict(): void {
    for (const [key, { value, bytes }] of this.#kept) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#kept.delete(key);
      this.#bytes -= bytes;
      this.#onEvicted(key, value);
    }
  }
}
