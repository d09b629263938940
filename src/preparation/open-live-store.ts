import { PlimsollError } from "../kernel/index.js";
import type { LiveLayer, WriteOutcome } from "../live/index.js";
import { type ResolvedLine, resolveLine } from "../memory/index.js";
import { deletionFaultOf } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { liveOptionsOf, lockLiveStore } from "./live-store.js";

export interface LiveStoreOptions {
  /**
   * The memory line of the process, of which the layer takes a part; the container's where it is not given.
   */
  line?: ResolvedLine;
  /** What goes wrong beside the writes, such as a fold that is tried again. */
  onNotice?: (text: string) => void;
}

/**
 * Opens a store for single records, in a process that has it to itself: each call resolves when what it wrote
 * is on the disk. An import or a server of the same store waits until this is closed.
 */
export async function openLiveStore(path: string, options: LiveStoreOptions = {}): Promise<LiveStore> {
  const lock = lockLiveStore(path);
  const stop = new AbortController();
  try {
    const line = options.line ?? resolveLine("auto");
    const note = options.onNotice ?? (() => {});
    // What does not write live does not load what does.
    const { LiveLayer } = await import("../live/index.js");
    const layer = await LiveLayer.open(liveOptionsOf({ path, line, signal: stop.signal, note }));
    return new LiveStore(path, layer, () => {
      stop.abort(new PlimsollError("INTERRUPTED"));
      lock[Symbol.dispose]();
    });
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Records that come and go one by one. */
export class LiveStore implements AsyncDisposable {
  readonly #path: string;
  readonly #layer: LiveLayer;
  readonly #release: () => void;

  constructor(path: string, layer: LiveLayer, release: () => void) {
    this.#path = path;
    this.#layer = layer;
    this.#release = release;
  }

  /** Writes records of an entity; the outcomes are in their order. */
  set(entity: string, records: readonly object[]): Promise<WriteOutcome[]> {
    return this.#write(entity, records, false);
  }

  /** Deletes the records with these keys: of each only its key is needed. */
  delete(entity: string, records: readonly object[]): Promise<WriteOutcome[]> {
    return this.#write(entity, records, true);
  }

  /** Reads the store with all that was written so far; writes wait until it is done. */
  read<T>(work: (reader: StoreReader) => T): Promise<T> {
    return this.#layer.read(work);
  }

  /** Folds what was written, and lets others have the store. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#layer[Symbol.asyncDispose]();
    this.#release();
  }

  async #write(name: string, records: readonly object[], isDeletion: boolean): Promise<WriteOutcome[]> {
    const { entities } = await this.#layer.mapping(name);
    const entity = entities.find((candidate) => candidate.name === name);
    if (entity === undefined) throw new PlimsollError("ENTITY_UNKNOWN", { entity: name, source: this.#path });
    const fault = isDeletion ? deletionFaultOf(entity) : null;
    if (fault !== null) throw new PlimsollError("REQUEST_INVALID", { what: fault });
    const bytesOf = (record: object) => Buffer.from(JSON.stringify(record));
    return await this.#layer.write(
      records.map((record) => ({ entity: name, isDeletion, bytes: bytesOf(record) })),
    );
  }
}
