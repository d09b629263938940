import type { EntryStream, SnapshotEntry } from "../snapshot-entry.js";

export type SnapshotEntries = Iterable<SnapshotEntry> | AsyncIterable<SnapshotEntry> | EntryStream;

/**
 * Entries from wherever they come, in the one form that costs no promise each where none is needed. Closing
 * it closes an iterator that it was made of; a stream belongs to whoever made it.
 */
export function entryStreamOf(entries: SnapshotEntries): EntryStream & AsyncDisposable {
  if (Symbol.iterator in entries) return new IteratedEntries(entries[Symbol.iterator]());
  if (Symbol.asyncIterator in entries) return new AwaitedEntries(entries[Symbol.asyncIterator]());
  return {
    fill: () => entries.fill(),
    next: () => entries.next(),
    [Symbol.asyncDispose]: async () => {},
  };
}

class IteratedEntries implements EntryStream, AsyncDisposable {
  readonly #entries: Iterator<SnapshotEntry>;
  #ready: SnapshotEntry | null = null;

  constructor(entries: Iterator<SnapshotEntry>) {
    this.#entries = entries;
  }

  async fill(): Promise<boolean> {
    this.#ready ??= this.next();
    return this.#ready !== null;
  }

  next(): SnapshotEntry | null {
    const ready = this.#ready;
    if (ready) {
      this.#ready = null;
      return ready;
    }
    const next = this.#entries.next();
    return next.done ? null : next.value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#entries.return?.();
  }
}

class AwaitedEntries implements EntryStream, AsyncDisposable {
  readonly #entries: AsyncIterator<SnapshotEntry>;
  #ready: SnapshotEntry | null = null;

  constructor(entries: AsyncIterator<SnapshotEntry>) {
    this.#entries = entries;
  }

  async fill(): Promise<boolean> {
    if (this.#ready) return true;
    const next = await this.#entries.next();
    this.#ready = next.done ? null : next.value;
    return this.#ready !== null;
  }

  next(): SnapshotEntry | null {
    const ready = this.#ready;
    this.#ready = null;
    return ready;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#entries.return?.();
  }
}
