import { PlimsollError, stateHeldMillisMax, systemClock } from "../../kernel/index.js";
import type { DatabaseStream, DbiHead, EntryStream, SnapshotEntry } from "../snapshot-entry.js";
import { dupSortTransform } from "../wire/format.js";
import type { DatabaseSchema } from "../wire/key-order.js";
import { ChangeBatch } from "./change-batch.js";
import { isPrivate, listDatabases, shadowPrefix } from "./database-list.js";
import type { ApplicationEnvironment, HeldState } from "./environment.js";
import { HeaderWalk } from "./header-walk.js";
import { keyOrderOf } from "./key-order.js";
import { shadowFlagsOf } from "./main-walk.js";
import { dbiFlags, type TreeHead } from "./page-layout.js";
import { writeNative, writeShadow } from "./write-changes.js";

export interface DatabaseMergeOptions {
  schema: DatabaseSchema;
  signal: AbortSignal;
  /** Tombstones older than this are not brought back where the key is gone: they have been swept. */
  deletedCutoffNano?: bigint;
  /** Blocks of eight zero bytes behind the header, for applications that are tested with them. */
  headerBlocks?: number;
  /** Flags of databases that have to be made, in the place of those that the snapshot names. */
  createFlags?: ReadonlyMap<string, number>;
  /** Of the oldest snapshot: before version 3 the flags named in it are not the application's. */
  formatVersion?: number;
  /** For changes until they are written, where several merges follow one another. */
  batch?: ChangeBatch;
  /** Of changes in the application's own databases that have no time yet. */
  nowNano?: () => bigint;
}

export interface DatabaseMergeReport {
  databases: number;
  entries: number;
  /** Entries that were written. */
  changed: number;
  transactions: number;
}

/**
 * Brings the entries of snapshots into a database: by walking along it, so that what is there already costs a
 * comparison and no lock. What is newer is collected and written in bounded transactions, where it is
 * compared again if anybody has written meanwhile. Each transaction is a whole on its own, and a merge that
 * was killed is run again.
 */
export async function mergeSnapshot(
  environment: ApplicationEnvironment,
  source: DatabaseStream,
  options: DatabaseMergeOptions,
): Promise<DatabaseMergeReport> {
  const report: DatabaseMergeReport = { databases: 0, entries: 0, changed: 0, transactions: 0 };
  const { batch = new ChangeBatch(options.schema === "native" ? (options.headerBlocks ?? 0) : 0) } = options;
  for (let head = await source.nextDbi(); head !== null; head = await source.nextDbi()) {
    if (isPrivate(head.name)) continue;
    report.databases += 1;
    prepareDatabase(environment, head, options);
    batch.clear();
    await new DatabaseMerge(environment, head.name, batch, options, report).run(source);
  }
  return report;
}

/** Sees that the database is there, with its shadow, and that the entries can go there. */
function prepareDatabase(
  environment: ApplicationEnvironment,
  head: DbiHead,
  options: DatabaseMergeOptions,
): void {
  const { path } = environment.file;
  const { name } = head;
  const refuse = (what: string): never => {
    throw new PlimsollError("LMDB_SCHEMA", { path, dbi: name, what });
  };
  using state = environment.hold();
  const trees = listDatabases(environment.pages, state.meta, path);
  const isShadow = options.schema === "shadow";
  const isPairs = head.transform === dupSortTransform;
  if (!isShadow && head.transform !== "")
    refuse(`comes transformed (${head.transform}), as from the shadow schema`);
  if (isShadow && head.transform !== "" && !isPairs)
    refuse(`comes transformed in a way that is not known (${head.transform})`);
  const given = options.createFlags?.get(name);
  const flags = trees.get(name)?.flags ?? given ?? Number(head.flags);
  if (isShadow && !trees.has(name) && given === undefined && (options.formatVersion ?? 3) < 3) {
    refuse(
      "is not there, and a snapshot of format 1 or 2 does not say its flags; make it, or give override_create_flags",
    );
  }
  const isDupSort = (flags & dbiFlags.dupSort) !== 0;
  if (!isShadow && isDupSort)
    refuse("has several values for a key (MDB_DUPSORT), which the native schema cannot have");
  if (isShadow && isDupSort !== isPairs && (options.formatVersion ?? 3) >= 3) {
    refuse(
      isDupSort
        ? "has several values for a key here and not in the snapshot"
        : "has one value for a key here",
    );
  }
  if (isShadow) checkShadowed(path, name, flags);
  if (!trees.has(name)) environment.create(name, flags & 0x7e);
  const shadow = shadowPrefix + name;
  if (isShadow && !trees.has(shadow)) environment.create(shadow, shadowFlagsOf(flags));
}

export function checkShadowed(path: string, name: string, flags: number): void {
  if ((flags & dbiFlags.reverseKey) === 0) return;
  const what = "is ordered by the ends of its keys (MDB_REVERSEKEY), which shadows are not";
  throw new PlimsollError("LMDB_SCHEMA", { path, dbi: name, what });
}

class DatabaseMerge {
  readonly #environment: ApplicationEnvironment;
  readonly #name: string;
  readonly #keptName: string;
  readonly #batch: ChangeBatch;
  readonly #options: DatabaseMergeOptions;
  readonly #report: DatabaseMergeReport;
  #state: HeldState | null = null;
  #heldSince = 0;
  /** The state in which the first change of the batch was looked at: later ones hold what came since. */
  #judgedTxnId = -1;
  #walk: HeaderWalk | null = null;

  constructor(
    environment: ApplicationEnvironment,
    name: string,
    batch: ChangeBatch,
    options: DatabaseMergeOptions,
    report: DatabaseMergeReport,
  ) {
    this.#environment = environment;
    this.#name = name;
    this.#keptName = options.schema === "native" ? name : shadowPrefix + name;
    this.#batch = batch;
    this.#options = options;
    this.#report = report;
  }

  async run(source: EntryStream): Promise<void> {
    try {
      this.#hold();
      while (await source.fill()) {
        this.#options.signal.throwIfAborted();
        if (systemClock.nowMs() - this.#heldSince > stateHeldMillisMax) this.#hold();
        for (let entry = source.next(); entry !== null; entry = source.next()) {
          this.#report.entries += 1;
          if (!this.#isWanted(entry)) continue;
          if (!this.#batch.hasRoomFor(entry.key.length + entry.value.length)) {
            await this.#write();
            // Somebody may have written this key since it was looked at, and it was not in that batch.
            if (!this.#isWanted(entry)) continue;
          }
          if (this.#batch.count === 0) this.#judgedTxnId = this.#state!.meta.txnId;
          this.#batch.add(entry.key, entry.value, entry, this.#walk!.leafPage);
        }
      }
      await this.#write();
    } finally {
      this.#letGo();
    }
  }

  #isWanted(entry: SnapshotEntry): boolean {
    const walk = this.#walk!;
    walk.find(entry.key);
    if (walk.isThere) return walk.compareWith(entry) < 0;
    return !entry.isDeleted || entry.timestampNano >= (this.#options.deletedCutoffNano ?? 0n);
  }

  async #write(): Promise<void> {
    if (this.#batch.count === 0) return;
    const heldTxnId = this.#judgedTxnId;
    this.#letGo();
    const environment = this.#environment;
    const target = { environment, name: this.#name, keptName: this.#keptName };
    const deletedCutoffNano = this.#options.deletedCutoffNano ?? 0n;
    this.#report.changed += environment.write((meta) =>
      this.#options.schema === "native"
        ? writeNative(target, this.#batch, meta, { heldTxnId, deletedCutoffNano })
        : writeShadow(target, this.#batch, meta, { nowNano: this.#nowNano(), deletedCutoffNano }),
    );
    this.#report.transactions += 1;
    this.#batch.clear();
    await environment.giveBackPages();
    this.#hold();
  }

  #nowNano(): bigint {
    return this.#options.nowNano?.() ?? BigInt(Date.now()) * 1_000_000n;
  }

  #hold(): void {
    this.#letGo();
    const { pages } = this.#environment;
    this.#state = this.#environment.hold();
    this.#heldSince = systemClock.nowMs();
    const tree = this.#treeIn(this.#state);
    if (this.#walk === null) this.#walk = new HeaderWalk(pages, this.#keptName, tree, keyOrderOf(tree.flags));
    else this.#walk.setTree(tree);
  }

  #treeIn({ meta }: HeldState): TreeHead {
    const tree = listDatabases(this.#environment.pages, meta, this.#environment.file.path).get(
      this.#keptName,
    );
    if (tree !== undefined) return tree;
    const what = "was removed meanwhile";
    throw new PlimsollError("LMDB_SCHEMA", { path: this.#environment.file.path, dbi: this.#keptName, what });
  }

  #letGo(): void {
    this.#state?.[Symbol.dispose]();
    this.#state = null;
  }
}
