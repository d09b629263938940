import { setImmediate as nextTurn } from "node:timers/promises";
import { PlimsollError, walkStepEntries } from "../../kernel/index.js";
import type { DbiHead, SnapshotEntry } from "../snapshot-entry.js";
import { isPrivate, listDatabases, shadowPrefix } from "./database-list.js";
import { EntryWalk } from "./entry-walk.js";
import type { ApplicationEnvironment, HeldState } from "./environment.js";
import { type NativeHeader, nativeHeaderBytes, readNativeHeader } from "./native-value.js";
import { dbiFlags, type TreeHead } from "./page-layout.js";
import { entryWireBytes } from "./wire-size.js";

/** `native`: the application writes headers itself. `shadow`: they stand in databases beside its own. */
export type DatabaseSchema = "native" | "shadow";

export interface CaptureOptions {
  schema: DatabaseSchema;
  signal: AbortSignal;
}

/** A database of a captured state, as a snapshot takes it: its entries can be gone through again and again. */
export interface CapturedDatabase {
  head: DbiHead;
  /** How many entries there are, tombstones among them. */
  count: number;
  /** Of the entries on the wire, each with what tells its length. */
  entriesBytes: number;
  entries: Iterable<SnapshotEntry>;
}

/** What entries cost on the wire beyond themselves is known from their sizes, so the values stay unread. */
export class Capture implements Disposable {
  readonly lmdbTxnId: bigint;
  readonly databases: readonly CapturedDatabase[];
  readonly #state: HeldState;

  private constructor(state: HeldState, databases: CapturedDatabase[]) {
    this.#state = state;
    this.lmdbTxnId = BigInt(state.meta.txnId);
    this.databases = databases;
  }

  /**
   * Holds the newest state and measures it. Until it is let go, pages that the application frees are not used
   * again and its file grows: write the snapshot, then dispose of this.
   */
  static async take(environment: ApplicationEnvironment, { schema, signal }: CaptureOptions): Promise<Capture> {
    const state = environment.hold();
    try {
      const databases: CapturedDatabase[] = [];
      for (const source of sourcesOf(environment, state, schema)) {
        const entriesBytes = await measure(environment, source, signal);
        const { head, tree } = source;
        const entries = { [Symbol.iterator]: () => entriesOf(environment, source) };
        databases.push({ head, count: tree.entries, entriesBytes, entries });
      }
      return new Capture(state, databases);
    } catch (error) {
      state[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
  }
}

interface Source {
  head: DbiHead;
  tree: TreeHead;
  /** Where its entries stand: the database itself or its shadow. */
  name: string;
}

function sourcesOf(environment: ApplicationEnvironment, { meta }: HeldState, schema: DatabaseSchema): Source[] {
  const { path } = environment.file;
  const trees = listDatabases(environment.pages, meta, path);
  const sources: Source[] = [];
  for (const [name, own] of trees) {
    if (isPrivate(name)) continue;
    const isDupSort = (own.flags & dbiFlags.dupSort) !== 0;
    if (schema === "native" && isDupSort) {
      const what = "has several values for a key (MDB_DUPSORT), which the native schema cannot have";
      throw new PlimsollError("LMDB_SCHEMA", { path, dbi: name, what });
    }
    const head = { name, flags: BigInt(own.flags), transform: isDupSort ? "dupsort_hack_v1" : "" };
    const kept = schema === "native" ? name : shadowPrefix + name;
    const tree = trees.get(kept);
    if (tree === undefined) {
      throw new PlimsollError("LMDB_SCHEMA", { path, dbi: name, what: "has no shadow yet" });
    }
    sources.push({ head, tree, name: kept });
  }
  return sources;
}

async function measure(environment: ApplicationEnvironment, { tree, name }: Source, signal: AbortSignal): Promise<number> {
  const { path } = environment.file;
  const walk = new EntryWalk(environment.pages, tree);
  const header = emptyHeader();
  let bytes = 0;
  for (let count = 1; walk.next(); count += 1) {
    readHeader(walk, header, path, name);
    const valueBytes = header.isDeleted ? 0 : walk.valueBytes - header.valueStart;
    bytes += entryWireBytes(walk.keyBytes, valueBytes, header.timestampNano, header.isDeleted ? 1 : 0);
    if (count % walkStepEntries === 0) await nextTurn();
    signal.throwIfAborted();
  }
  return bytes;
}

function* entriesOf(environment: ApplicationEnvironment, { tree, name }: Source): Generator<SnapshotEntry> {
  const { path } = environment.file;
  const walk = new EntryWalk(environment.pages, tree);
  const entry = new CapturedEntry(walk);
  while (walk.next()) {
    readHeader(walk, entry, path, name);
    yield entry;
  }
}

function readHeader(walk: EntryWalk, into: NativeHeader, path: string, database: string): void {
  const head = walk.valueHead(nativeHeaderBytes);
  readNativeHeader(head, walk.valueBytes, into, {
    path,
    database,
    get key() {
      return walk.key;
    },
  });
}

function emptyHeader(): NativeHeader {
  return { timestampNano: 0n, isDeleted: false, valueStart: 0 };
}

const noBytes = new Uint8Array(0);

/** One object for all entries; key and value are made when they are asked for. */
class CapturedEntry implements SnapshotEntry, NativeHeader {
  timestampNano = 0n;
  isDeleted = false;
  valueStart = 0;
  readonly #walk: EntryWalk;

  constructor(walk: EntryWalk) {
    this.#walk = walk;
  }

  get key(): Uint8Array {
    return this.#walk.key;
  }

  get value(): Uint8Array {
    return this.isDeleted ? noBytes : this.#walk.value.subarray(this.valueStart);
  }
}
