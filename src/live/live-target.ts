import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  type ErrorCode,
  isPlimsollError,
  Kernel,
  liveBusyRetriesMax,
  liveCommitBytes,
  liveCommitRecords,
  liveRecordBytesMax,
  syncFolder,
  writeFileDurably,
} from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import { refuseUnfinishedImport } from "../pipeline/index.js";
import {
  type BatchParts,
  type CheckpointJson,
  type LateReject,
  type LiveImport,
  type SealedState,
  type StoreReader,
  type Target,
  type TargetCapabilities,
  type TargetOpenOptions,
  TargetSession,
} from "../ports/index.js";
import { decodeRecordBlock, recordBlockKernelBytes } from "../postings/index.js";
import { LiveLayer } from "./live-layer.js";
import { tooLarge } from "./live-loader.js";
import type { LoggedRecord } from "./live-log.js";
import type { LiveOptions } from "./live-options.js";

export interface LiveTargetOptions extends LiveOptions {
  /** The store beneath. */
  store: Target;
  /** Every record deletes the one with its key. */
  isDeleting: boolean;
  /** Told when all is written, or it ended before. */
  onEnd: (counts: LiveImport["counts"]) => void;
}

/** Beside the logs: where the import is that writes live. */
const checkpointName = "import.json";

interface Kept {
  token: string;
  checkpoint: CheckpointJson;
}

interface NumberedRecord extends LoggedRecord {
  id: number;
}

const capabilities: TargetCapabilities = { sortedAppend: false, durable: true };

/** Decompresses a block with the largest record that is taken; a larger one has a block of its own. */
const kernelBytes = 8 * liveRecordBytesMax;
const headBytes = 64;
const noBytes = new Uint8Array(0);

/**
 * A store that an import writes into as clients do: each group of records is durable and seen when it is
 * written. The log says with them how far the import is, so that one that was killed goes on behind the
 * last that is there, wherever its checkpoint stands.
 */
export function liveTarget(options: LiveTargetOptions): Target {
  return {
    name: options.storeName,
    capabilities,
    async open({ mergeMapping, tempDir, transactionBytes, mappedBytes, signal }: TargetOpenOptions) {
      const opening = { mergeMapping, tempDir, transactionBytes, mappedBytes, signal };
      let mapping: CompiledMapping;
      {
        await using session = await options.store.open(opening);
        await refuseUnfinishedImport(session, options.storeName);
        mapping = session.mapping;
      }
      const layer = await LiveLayer.open(options);
      return new LiveSession(options, layer, mapping, signal);
    },
  };
}

class LiveSession extends TargetSession {
  protected override readonly capabilities = capabilities;
  override readonly mapping: CompiledMapping;
  /** An import that writes live counts its records from 0: their ids in the store are dealt later. */
  override readonly sealed = null;
  override readonly runsDir: string;
  readonly #options: LiveTargetOptions;
  readonly #layer: LiveLayer;
  readonly #signal: AbortSignal;
  readonly #kernel = new Kernel({ memoryBytes: kernelBytes });
  readonly #path: string;
  #token: string | null = null;
  /** First record that is not there: those before it were written by a process that was killed. */
  #nextId: number | null = null;
  #rejects: LateReject[] = [];

  constructor(options: LiveTargetOptions, layer: LiveLayer, mapping: CompiledMapping, signal: AbortSignal) {
    super();
    this.#options = options;
    this.#layer = layer;
    this.#signal = signal;
    this.mapping = mapping;
    this.runsDir = options.dir;
    this.#path = join(options.dir, checkpointName);
  }

  override takeLateRejects(): LateReject[] {
    return this.#rejects.splice(0);
  }

  protected override async _checkpoint(): Promise<CheckpointJson | null> {
    if (!existsSync(this.#path)) return null;
    const { token, checkpoint } = JSON.parse(readFileSync(this.#path, "utf8")) as Kept;
    this.#token = token;
    return checkpoint;
  }

  protected override async _finished(importId: string): Promise<CheckpointJson | null> {
    return await this.#inStore((session) => session.finished(importId));
  }

  protected override async _append({ blocks, place }: BatchParts): Promise<void> {
    this.#nextId ??= (await this.#layer.imported(this.#token!)).nextId;
    for (const { firstId, block } of blocks) {
      const bytesTotal = recordBlockKernelBytes(block) - block.length;
      if (bytesTotal > liveRecordBytesMax + headBytes) {
        this.#reject({ id: firstId, bytes: noBytes }, tooLarge, place, bytesTotal);
        continue;
      }
      for (const group of groupsOf(this.#recordsOf(firstId, block))) await this.#write(group, place);
      this.bytesWritten += block.length;
    }
  }

  /** How far the import is stands in the log: this tells where to read on, and may be older. */
  protected override async _commit(checkpoint: CheckpointJson): Promise<void> {
    this.#token ??= randomUUID();
    writeFileDurably(this.#path, JSON.stringify({ token: this.#token, checkpoint } satisfies Kept));
  }

  protected override async _flush(): Promise<boolean> {
    return false;
  }

  /** What was written stays: it is passed over when it comes again. */
  protected override async _rollback(): Promise<void> {}

  protected override async _forget(): Promise<void> {
    this.#token = null;
    this.#nextId = null;
    this.#removeCheckpoint();
  }

  protected override async _publish(
    { lastImport }: SealedState,
    importId: string,
    note: CheckpointJson | null,
  ): Promise<void> {
    await this.#layer.foldNow();
    await this.#inStore((session) => session.publish({ ...session.sealed!, lastImport }, importId, note));
    this.#layer.refresh();
    this.#removeCheckpoint();
  }

  protected override async _appendTupleBlock(): Promise<void> {}
  protected override async _appendKeyBlock(): Promise<void> {}
  protected override async _dropSegments(): Promise<void> {}

  protected override _reader(): StoreReader {
    throw new TypeError("what is written live is read through the store");
  }

  protected override async _releaseMapped(): Promise<void> {}

  protected override async _close(): Promise<void> {
    if (this.#token !== null) this.#options.onEnd((await this.#layer.imported(this.#token)).counts);
    await this.#layer[Symbol.asyncDispose]();
  }

  *#recordsOf(firstId: number, block: Uint8Array): Generator<NumberedRecord> {
    const decoded = decodeRecordBlock(this.#kernel, block, firstId);
    const entity = this.mapping.entities[decoded.entity]!.name;
    const { isDeleting: isDeletion } = this.#options;
    for (let at = 0; at < decoded.count; at++) {
      yield { entity, isDeletion, bytes: decoded.bytesAt(at), id: decoded.idAt(at) };
    }
  }

  /** Records that follow one another, one commit; those that are there already are only looked at. */
  async #write(records: readonly NumberedRecord[], place: BatchParts["place"]): Promise<void> {
    const nextId = this.#nextId!;
    const known = records.filter(({ id }) => id < nextId);
    const fresh = records.filter(({ id }) => id >= nextId);
    if (known.length > 0) {
      const rejects = await this.#layer.rejectsOf(known);
      for (const [at, reject] of rejects) this.#reject(known[at]!, reject, place);
    }
    if (fresh.length === 0) return;
    const mark = { token: this.#token!, nextId: fresh.at(-1)!.id + 1 };
    const outcomes = await this.#whenNotBusy(() =>
      this.#layer.write(fresh.map(({ id: _id, ...record }) => ({ ...record, mark }))),
    );
    for (const [at, { state, code, reason }] of outcomes.entries()) {
      if (state === "rejected") this.#reject(fresh[at]!, { code: code!, reason: reason! }, place);
    }
  }

  #reject(
    { id, bytes }: Pick<NumberedRecord, "id" | "bytes">,
    { code, reason }: { code: string; reason: string },
    { source, record, firstId }: BatchParts["place"],
    bytesTotal = bytes.length,
  ): void {
    const place = { source, record: record + (id - firstId) };
    this.#rejects.push({ code: code as ErrorCode, reason, bytes, bytesTotal, place });
  }

  /** The layer is full while a merge takes long: an import waits where a client is sent away. */
  async #whenNotBusy<T>(write: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      this.#signal.throwIfAborted();
      try {
        return await write();
      } catch (error) {
        const isBusy = isPlimsollError(error) && error.code === "SERVER_BUSY";
        if (!isBusy || tries === liveBusyRetriesMax) throw error;
      }
    }
  }

  /** What is to be known of the store beneath, or told it, while nothing is folded. */
  #inStore<T>(work: (session: TargetSession) => Promise<T>): Promise<T> {
    return this.#options.exclusively(async () => {
      await using session = await this.#options.openSession();
      return await work(session);
    });
  }

  #removeCheckpoint(): void {
    rmSync(this.#path, { force: true });
    syncFolder(this.#options.dir);
  }
}

/** Groups that one commit takes. */
function* groupsOf(records: Iterable<NumberedRecord>): Generator<NumberedRecord[]> {
  let group: NumberedRecord[] = [];
  let bytes = 0;
  for (const record of records) {
    bytes += record.bytes.length;
    if (group.length > 0 && (group.length === liveCommitRecords || bytes > liveCommitBytes)) {
      yield group;
      [group, bytes] = [[], record.bytes.length];
    }
    group.push(record);
  }
  if (group.length > 0) yield group;
}
