import { shadowPassesMax, systemClock } from "../../kernel/index.js";
import { Capture } from "../databases/capture.js";
import { listDatabases } from "../databases/database-list.js";
import { ApplicationEnvironment } from "../databases/environment.js";
import { mainToShadow } from "../databases/main-to-shadow.js";
import { mergeSnapshot } from "../databases/merge-snapshot.js";
import { sweep } from "../databases/sweep.js";
import { mergeSnapshots } from "../merge/merge-snapshots.js";
import type { DatabaseStream, DbiHead, SnapshotEntry } from "../snapshot-entry.js";
import type { DatabaseSchema } from "../wire/key-order.js";
import { openSnapshot, surveySnapshot } from "../wire/open-snapshot.js";
import type { SnapshotReader } from "../wire/snapshot-reader.js";
import type {
  CapturedState,
  DatabaseCallOptions,
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
  async merge(
    sources: readonly MergeSource[],
    { signal, onEntries }: DatabaseCallOptions,
  ): Promise<MergeResult> {
    const { schema, cutoffMs, createFlags, headerBlocks } = this.#options;
    if (!this.#isShadowed && this.txnId() > 0) await this.#shadowFirst(signal);
    const readers: SnapshotReader[] = [];
    try {
      for (const { name, read } of sources) {
        const outline = await surveySnapshot(read(), { name, signal });
        readers.push(await openSnapshot(read(), { name, signal, schema, outline }));
      }
      const merged = mergeSnapshots(readers, { schema });
      const report = await mergeSnapshot(this.#environment, new CountedStream(merged, onEntries), {
        schema,
        signal,
        headerBlocks,
        createFlags,
        formatVersion: Math.min(...readers.map((reader) => reader.formatVersion)),
        ...(cutoffMs === null
          ? {}
          : { deletedCutoffNano: nowNano() - BigInt(Math.round(cutoffMs)) * nanosPerMs }),
      });
      const { entries, changed, transactions } = report;
      return { entries, changed, ownTransactions: transactions };
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

/** Tells how far a merge is, whenever it waits for more. */
class CountedStream implements DatabaseStream {
  readonly #stream: DatabaseStream;
  readonly #onEntries: ((done: number) => void) | undefined;
  #entries = 0;

  constructor(stream: DatabaseStream, onEntries: ((done: number) => void) | undefined) {
    this.#stream = stream;
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
