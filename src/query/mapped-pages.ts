import { setImmediate } from "node:timers/promises";
import { verifyMappedBytes } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";

interface Walk {
  pause(): void;
}

/**
 * Keeps the store's mapped pages out of resident memory: bytes that were read are counted, and when there are
 * enough of them all walks pause and the reader gives its pages back.
 */
export class MappedPages {
  readonly #reader: StoreReader;
  readonly #bytesMax: number;
  readonly #walks = new Set<Walk>();
  #bytes = 0;

  constructor(reader: StoreReader, bytesMax = verifyMappedBytes) {
    this.#reader = reader;
    this.#bytesMax = bytesMax;
  }

  add(walk: Walk): void {
    this.#walks.add(walk);
  }

  remove(walk: Walk): void {
    this.#walks.delete(walk);
  }

  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** Whether `release` is due: asked between two steps, so that only few of them wait. */
  get isFull(): boolean {
    return this.#bytes >= this.#bytesMax;
  }

  /** No view of a block may be in use. Signals get their turn too. */
  async release(signal: AbortSignal | undefined): Promise<void> {
    this.#bytes = 0;
    for (const walk of this.#walks) walk.pause();
    await setImmediate();
    signal?.throwIfAborted();
    await this.#reader.releaseMapped();
  }
}

export interface BlockWalkOptions<Entry> {
  pages: MappedPages;
  /** Entries in order; with `last`, from the one that was read last, or from some before it. */
  open(last: Entry | null): Iterable<Entry>;
  /** Whether the entry stands behind the one that was read last. */
  isBehind(entry: Entry, last: Entry): boolean;
  /** Where an entry stands: all of it but the block, which is gone when pages are given back. */
  place(entry: Entry): Entry;
  bytesOf(entry: Entry): number;
}

/** A walk over blocks that may pause between two of them, and then goes on where it was. */
export class BlockWalk<Entry> implements Disposable {
  readonly #options: BlockWalkOptions<Entry>;
  #entries: Iterator<Entry> | null = null;
  #last: Entry | null = null;
  #isCatchingUp = false;

  constructor(options: BlockWalkOptions<Entry>) {
    this.#options = options;
    options.pages.add(this);
  }

  next(): Entry | undefined {
    const { pages, open, isBehind, place, bytesOf } = this.#options;
    this.#entries ??= open(this.#last)[Symbol.iterator]();
    for (;;) {
      const step = this.#entries.next();
      if (step.done === true) return undefined;
      const entry = step.value;
      if (this.#isCatchingUp && !isBehind(entry, this.#last!)) continue;
      this.#isCatchingUp = false;
      this.#last = place(entry);
      pages.count(bytesOf(entry));
      return entry;
    }
  }

  pause(): void {
    this.#entries?.return?.();
    this.#entries = null;
    this.#isCatchingUp = this.#last !== null;
  }

  [Symbol.dispose](): void {
    this.pause();
    this.#options.pages.remove(this);
  }
}
