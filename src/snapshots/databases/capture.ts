import { setImmediate as nextTurn } from "node:timers/promises";
import { PlimsollError, snapshotEntryBytesMax, walkStepEntries } from "../../kernel/index.js";
import type { DbiHead, SnapshotEntry } from "../snapshot-entry.js";
import { deletedFlag, dupSortTransform } from "../wire/format.js";
import type { DatabaseSchema } from "../wire/key-order.js";
import { entryWireBytes } from "../wire/wire-sizes.js";
import { isPrivate, listDatabases, shadowPrefix } from "./database-list.js";
import type { ApplicationEnvironment, HeldState } from "./environment.js";
import { HeaderWalk } from "./header-walk.js";
import { keyOrderOf } from "./key-order.js";
import type { PageFile } from "./page-file.js";
import { dbiFlags, type TreeHead } from "./page-layout.js";

/** An entry says how long its parts are, when it was made and whether it is deleted. */
const entryContentBytesMax = snapshotEntryBytesMax - 32;

export interface CaptureOptions {
  schema: DatabaseSchema;
  signal: AbortSignal;
}

/**
 * A database of a captured state, as a snapshot takes it: its entries can be gone through again and again.
 */
export interface CapturedDatabase {
  head: DbiHead;
  /** How many entries there are, tombstones among them. */
  count: number;
  /** Of the entries on the wire, each with what tells its length. */
  entriesBytes: number;
  entries: Iterable<SnapshotEntry>;
}

/** A state of a database, held, with the sizes that the format asks for before the first entry. */
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
  static async take(
    environment: ApplicationEnvironment,
    { schema, signal }: CaptureOptions,
  ): Promise<Capture> {
    const state = environment.hold();
    try {
      const databases: CapturedDatabase[] = [];
      for (const source of sourcesOf(environment, state, schema)) {
        const entriesBytes = await measure(environment.pages, source, signal);
        const { head, tree } = source;
        const entries = { [Symbol.iterator]: () => entriesOf(environment.pages, source) };
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

function sourcesOf(
  environment: ApplicationEnvironment,
  { meta }: HeldState,
  schema: DatabaseSchema,
): Source[] {
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
    const head = { name, flags: BigInt(own.flags), transform: isDupSort ? dupSortTransform : "" };
    const kept = schema === "native" ? name : shadowPrefix + name;
    const tree = trees.get(kept);
    if (tree === undefined) {
      throw new PlimsollError("LMDB_SCHEMA", { path, dbi: name, what: "has no shadow yet" });
    }
    sources.push({ head, tree, name: kept });
  }
  return sources;
}

async function measure(pages: PageFile, { tree, name }: Source, signal: AbortSignal): Promise<number> {
  const walk = new HeaderWalk(pages, name, tree, keyOrderOf(tree.flags));
  let bytes = 0;
  for (let count = 1; walk.next(); count += 1) {
    const { keyBytes, valueBytes, timestampNano } = walk;
    // What no reader would take must not be sent: it would hide all of this instance from the others.
    if (keyBytes + valueBytes > entryContentBytesMax) {
      const key = Buffer.from(walk.key).toString("hex");
      throw new PlimsollError("LMDB_VALUE_TOO_LARGE", { key, bytes: valueBytes, most: entryContentBytesMax });
    }
    bytes += entryWireBytes(keyBytes, valueBytes, timestampNano, walk.isDeleted ? deletedFlag : 0);
    if (count % walkStepEntries !== 0) continue;
    await nextTurn();
    signal.throwIfAborted();
  }
  return bytes;
}

/** One object is all entries. */
function entriesOf(pages: PageFile, { tree, name }: Source): Iterator<SnapshotEntry> {
  const walk = new HeaderWalk(pages, name, tree, keyOrderOf(tree.flags));
  const entry: IteratorResult<SnapshotEntry> = { done: false, value: walk };
  return { next: () => (walk.next() ? entry : { done: true, value: undefined }) };
}
