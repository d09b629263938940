import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  assert,
  collectGarbage,
  PlimsollError,
  partReaderAgeMsMax,
  partReaderBytesMax,
  partSlabBytes,
  partSlabEntriesMax,
  placesRememberedMax,
  reopensPerCollection,
  writeFileDurably,
} from "../../kernel/index.js";
import type {
  PartEntry,
  PartScope,
  SealedState,
  StoreParts,
  StoreState,
  TransferRoom,
} from "../../ports/index.js";
import { Environment, type TableName } from "./environment.js";
import { EnvironmentGate } from "./environment-gate.js";
import { readMapping, readSealed } from "./meta.js";
import { PartSlab } from "./part-slab.js";
import { type PartView, PartWalk } from "./part-walk.js";
import { inspectStore, storeFiles } from "./store-files.js";

/** Reads a store in stretches, with nothing of it open for longer than a writer can wait. */
export function lmdbStoreParts(dir: string): StoreParts {
  return new LmdbStoreParts(dir);
}

class LmdbStoreParts implements StoreParts {
  readonly name: string;
  #view: OpenView | null = null;
  /** How often it let go of the store. */
  #left = 0;
  /** What a look sees is kept from being written over, also while nobody asks for more. */
  #timer: NodeJS.Timeout | null = null;
  #isClosed = false;

  constructor(dir: string) {
    this.name = dir;
  }

  async state(): Promise<StoreState | null> {
    await this.#leave();
    return await this.#with(({ mapping, sealed }) =>
      mapping === null || sealed.lastImport === null ? null : { mapping, sealed },
    );
  }

  bytesMax(): number {
    const { size } = statSync(join(this.name, storeFiles.data), { throwIfNoEntry: false }) ?? { size: 0 };
    return size;
  }

  async *entries(
    scope: PartScope,
    { signal, room }: { signal: AbortSignal; room?: TransferRoom | undefined },
  ): AsyncIterable<readonly PartEntry[]> {
    const walk = new PartWalk(scope);
    const slab = new PartSlab(partSlabBytes, partSlabEntriesMax, room);
    try {
      yield* this.#slabs(scope, walk, slab, signal);
    } finally {
      slab.clear();
    }
  }

  async *#slabs(
    scope: PartScope,
    walk: PartWalk,
    slab: PartSlab,
    signal: AbortSignal,
  ): AsyncIterable<readonly PartEntry[]> {
    while (!walk.isDone) {
      signal.throwIfAborted();
      const isFull = await this.#with((view) => {
        if (!isThere(scope, view.sealed)) throw new PlimsollError("STORE_CHANGED", { store: this.name });
        slab.clear();
        walk.fill(view, slab);
        return view.isFull();
      });
      if (isFull) await this.#leave();
      if (slab.entries.length > 0) yield slab.entries;
    }
  }

  recall(place: string): string | null {
    return this.#remembered()[place] ?? null;
  }

  remember(place: string, token: string): void {
    const { [place]: _former, ...others } = this.#remembered();
    // The ones that were used last are at the end.
    const kept = Object.entries(others).slice(1 - placesRememberedMax);
    const text = `${JSON.stringify(Object.fromEntries([...kept, [place, token]]))}\n`;
    try {
      writeFileDurably(join(this.name, storeFiles.copies), text);
    } catch (error) {
      // A disk that is full or only read keeps no store from being copied: the next push reads all of it.
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#leave();
  }

  /** What cannot be read is forgotten: whoever asks does it the long way then. */
  #remembered(): Record<string, string> {
    try {
      return JSON.parse(readFileSync(join(this.name, storeFiles.copies), "utf8")) as Record<string, string>;
    } catch {
      return {};
    }
  }

  /** Lends a look at the store for work that awaits nothing: a writer may ask for it at any other moment. */
  async #with<T>(work: (view: OpenView) => T): Promise<T> {
    assert(!this.#isClosed, "a closed store is not read");
    for (;;) {
      if (this.#view !== null) return work(this.#view);
      await this.#open();
    }
  }

  async #open(): Promise<void> {
    let isWanted = false;
    const leave = await EnvironmentGate.of(this.name).enter(() => {
      isWanted = true;
      // Entries were copied: nothing of the store is in use between two slabs.
      void this.#leave();
    });
    let view: OpenView;
    try {
      view = new OpenView(this.name, leave);
    } catch (error) {
      leave();
      throw error;
    }
    if (isWanted || this.#view !== null) await view.close();
    else {
      this.#view = view;
      this.#timer = setTimeout(() => void this.#leave(), partReaderAgeMsMax);
      this.#timer.unref();
    }
  }

  async #leave(): Promise<void> {
    const view = this.#view;
    if (view === null) return;
    this.#view = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await view.close();
    this.#left += 1;
    // A closed environment is garbage outside the heap, which V8 is in no hurry to collect.
    if (this.#left % reopensPerCollection === 0) collectGarbage();
  }
}

/** One look at the store. */
class OpenView implements PartView {
  readonly sealed: SealedState;
  readonly mapping: StoreState["mapping"] | null;
  readonly #environment: Environment;
  readonly #transaction: ReturnType<Environment["root"]["useReadTransaction"]>;
  #bytes = 0;

  constructor(dir: string, leave: () => void) {
    if (!existsSync(dir) || inspectStore(dir) !== "store")
      throw new PlimsollError("STORE_ABSENT", { store: dir });
    this.#environment = new Environment(dir, { isReadOnly: true }, leave);
    this.#transaction = this.#environment.root.useReadTransaction();
    this.sealed = readSealed(this.#environment, this.#transaction);
    this.mapping = readMapping(this.#environment, this.#transaction);
  }

  /** Whether it has mapped many pages, which only closing gives back. */
  isFull(): boolean {
    return this.#bytes >= partReaderBytesMax;
  }

  *range(table: TableName, start: Buffer, end: Buffer): Iterable<{ key: Buffer; value: Buffer }> {
    const options = { start, end, transaction: this.#transaction };
    for (const entry of this.#environment.tables[table].getRange(options)) {
      this.#bytes += entry.value.length;
      yield entry;
    }
  }

  firstKey(table: TableName, start: Buffer): Buffer | undefined {
    const options = { start, limit: 1, transaction: this.#transaction };
    for (const key of this.#environment.tables[table].getKeys(options)) return Buffer.from(key);
    return undefined;
  }

  async close(): Promise<void> {
    this.#transaction.done();
    await this.#environment.close();
  }
}

/** A segment keeps its number and its entries for as long as the sealed state names it. */
function isThere(scope: PartScope, sealed: SealedState): boolean {
  if (scope.kind === "ids") return scope.endId <= sealed.nextId;
  const text = JSON.stringify(scope.segment);
  return sealed.segments.some((segment) => JSON.stringify(segment) === text);
}
