import {
  collectGarbage,
  formatBytes,
  PlimsollError,
  shadowPassesMax,
  snapshotStreamBytes,
  systemClock,
  walkStepEntries,
} from "../../kernel/index.js";
import { Capture } from "../databases/capture.js";
import { ChangeBatch } from "../databases/change-batch.js";
import { listDatabases } from "../databases/database-list.js";
import { ApplicationEnvironment } from "../databases/environment.js";
import { mainToShadow } from "../databases/main-to-shadow.js";
import { type DatabaseMergeReport, mergeSnapshot } from "../databases/merge-snapshot.js";
import { sweep } from "../databases/sweep.js";
import { firstPass, type PassSource, passBytes } from "../merge/merge-passes.js";
import { mergeSnapshots } from "../merge/merge-snapshots.js";
import type { DatabaseStream, DbiHead, SnapshotEntry } from "../snapshot-entry.js";
import type { DatabaseSchema } from "../wire/key-order.js";
import { openSnapshot, surveySnapshot } from "../wire/open-snapshot.js";
import type { SnapshotOutline, SnapshotReader } from "../wire/snapshot-reader.js";
import type {
  CapturedState,
  DatabaseCallOptions,
  MergeCallOptions,
  MergeResult,
  MergeSource,
  SweepResult,
  SyncedDatabase,
} from "./synced-database.js";

export interface ApplicationDatabaseOptions {
  path: string;
  schema: DatabaseSchema;
  /** 0 where the size of the map is the file's. */
  mapBytes: number;
  headerBlocks: number;
  /** Flags of databases that have to be made, where snapshots name wrong ones. */
  createFlags: ReadonlyMap<string, number>;
  /** Tombstones older than this are swept; null keeps them all. */
  retentionMs: number | null;
  /** Those older than this are not taken in, where their keys are gone. */
  cutoffMs: number | null;
  sweepLockMs: number;
  sweepReleaseMs: number;
}

/** Made when all that was there at first has a shadow: from then on a difference is a change. */
const startedMarker = "_sync_plimsoll";

const nanosPerMs = 1_000_000n;

/** An application's LMDB as a sync sees it. */
export class ApplicationDatabase implements SyncedDatabase {
  readonly name: string;
  readonly #environment: ApplicationEnvironment;
  readonly #options: ApplicationDatabaseOptions;
  #isShadowed: boolean;

  constructor(options: ApplicationDatabaseOptions) {
    const { mapBytes, path, schema } = options;
    this.name = path;
    this.#options = options;
    this.#environment = new ApplicationEnvironment(path, mapBytes > 0 ? { mapBytes } : {});
    this.#isShadowed = schema === "native";
  }

  txnId(): number {
    return this.#environment.pages.readMeta().txnId;
  }

  async capture({ signal }: DatabaseCallOptions): Promise<CapturedState> {
    const { schema } = this.#options;
    if (schema === "native") return Capture.take(this.#environment, { schema, signal });
    await this.#shadowFirst(signal);
    // The last pass has found nothing, and nobody has written since it began: the shadows are the state.
    for (let pass = 1; ; pass++) {
      const txnId = this.txnId();
      const changed = await mainToShadow(this.#environment, { signal, timestampNano: nowNano() });
      if (changed > 0 && pass < shadowPassesMax) continue;
      const captured = await Capture.take(this.#environment, { schema, signal });
      if (changed === 0 && Number(captured.lmdbTxnId) === txnId) return captured;
      if (pass >= shadowPassesMax) return withTxnId(captured, BigInt(txnId));
      captured[Symbol.dispose]();
    }
  }

  /** Each is read to its checksum first: what came damaged must not be taken for entries. */
  async merge(sources: readonly MergeSource[], options: MergeCallOptions): Promise<MergeResult> {
    const { budget, signal } = options;
    const { schema } = this.#options;
    if (!this.#isShadowed && this.txnId() > 0) await this.#shadowFirst(signal);
    let left: readonly SurveyedSource[] = await surveyed(sources, schema, options);
    const batch = new ChangeBatch(schema === "native" ? this.#options.headerBlocks : 0);
    const result: MergeResult = { ownTransactions: 0, entries: 0, changed: 0 };
    while (left.length > 0) {
      const pass = firstPass(left, { bytesMax: budget.bytesMax, schema });
      using _lease = await budget.take(passBytes(pass, schema), signal, pass.length);
      const { entries, changed, transactions } = await this.#mergePass(pass, batch, result.entries, options);
      result.ownTransactions += transactions;
      result.entries += entries;
      result.changed += changed;
      left = left.slice(pass.length);
      // What a pass leaves behind is outside of the heap, where V8 lets several of them add up.
      if (entries > walkStepEntries) collectGarbage();
    }
    return result;
  }

  async #mergePass(
    pass: readonly SurveyedSource[],
    batch: ChangeBatch,
    entriesBefore: number,
    { signal, onEntries }: MergeCallOptions,
  ): Promise<DatabaseMergeReport> {
    const { schema, cutoffMs, createFlags } = this.#options;
    const readers: SnapshotReader[] = [];
    try {
      for (const { name, read, outline } of pass)
        readers.push(await openSnapshot(read(), { name, signal, schema, outline }));
      const merged = new CountedStream(mergeSnapshots(readers, { schema }), entriesBefore, onEntries);
      return await mergeSnapshot(this.#environment, merged, {
        schema,
        signal,
        batch,
        createFlags,
        formatVersion: Math.min(...readers.map((reader) => reader.formatVersion)),
        ...(cutoffMs === null
          ? {}
          : { deletedCutoffNano: nowNano() - BigInt(Math.round(cutoffMs)) * nanosPerMs }),
      });
    } finally {
      for (const reader of readers) await reader[Symbol.asyncDispose]();
    }
  }

  async sweep({ signal }: DatabaseCallOptions): Promise<SweepResult> {
    const { schema, retentionMs, sweepLockMs, sweepReleaseMs } = this.#options;
    if (retentionMs === null) return { ownTransactions: 0, removed: 0 };
    const { removed } = await sweep(this.#environment, {
      schema,
      signal,
      cutoffNano: nowNano() - BigInt(Math.round(retentionMs)) * nanosPerMs,
      lockMs: sweepLockMs,
      releaseMs: sweepReleaseMs,
    });
    // What was swept is not in the last snapshot, and needs no new one; to send one too many does no harm.
    return { ownTransactions: 0, removed };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#environment[Symbol.asyncDispose]();
  }

  /**
   * What is there when a database is first synced is older than anything that others know of. Later, what
   * differs from its shadow was written while nobody looked, by the application: both lie in one file.
   */
  async #shadowFirst(signal: AbortSignal): Promise<void> {
    if (this.#isShadowed) return;
    const isStarted = this.#databases().has(startedMarker);
    const timestampNano = nowNano();
    const unknownNano = isStarted ? timestampNano : 1n;
    await mainToShadow(this.#environment, { signal, timestampNano, unknownNano });
    if (!isStarted) this.#environment.create(startedMarker, 0);
    this.#isShadowed = true;
  }

  #databases(): ReadonlyMap<string, unknown> {
    using state = this.#environment.hold();
    return listDatabases(this.#environment.pages, state.meta, this.name);
  }
}

function nowNano(): bigint {
  return BigInt(systemClock.wallMs()) * nanosPerMs;
}

/** The application writes all the time: what came during the last pass is left for the next snapshot. */
function withTxnId(captured: Capture, lmdbTxnId: bigint): CapturedState {
  const { databases } = captured;
  return { lmdbTxnId, databases, [Symbol.dispose]: () => captured[Symbol.dispose]() };
}

interface SurveyedSource extends MergeSource, PassSource {
  outline: SnapshotOutline;
}

/** Reads all snapshots one after the other, and says what there is to one that no pass has room for. */
async function surveyed(
  sources: readonly MergeSource[],
  schema: DatabaseSchema,
  { budget, signal }: MergeCallOptions,
): Promise<SurveyedSource[]> {
  const found: SurveyedSource[] = [];
  for (const source of sources) {
    using _lease = await budget.take(snapshotStreamBytes, signal);
    const { name, read } = source;
    const outline = await surveySnapshot(read(), { name, signal });
    const { entryBytesMax } = outline;
    const needed = passBytes([outline], schema);
    if (needed > budget.bytesMax) {
      const [needs, left] = [formatBytes(needed), formatBytes(budget.bytesMax)];
      const details = { name, bytes: entryBytesMax, needed: needs, left };
      throw new PlimsollError("SNAPSHOT_ENTRY_OVER_LINE", details, { place: { source: name } });
    }
    found.push({ ...source, outline, entryBytesMax });
  }
  return found;
}

/** Tells how far a merge is, whenever it waits for more. */
class CountedStream implements DatabaseStream {
  readonly #stream: DatabaseStream;
  readonly #onEntries: ((done: number) => void) | undefined;
  #entries: number;

  constructor(stream: DatabaseStream, entriesBefore: number, onEntries?: (done: number) => void) {
    this.#stream = stream;
    this.#entries = entriesBefore;
    this.#onEntries = onEntries;
  }

  nextDbi(): Promise<DbiHead | null> {
    return this.#stream.nextDbi();
  }

  fill(): Promise<boolean> {
    this.#onEntries?.(this.#entries);
    return this.#stream.fill();
  }

  next(): SnapshotEntry | null {
    this.#entries++;
    return this.#stream.next();
  }
}
