import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import {
  isPlimsollError,
  PlimsollError,
  recordIdMax,
  replicaMappedBytes,
  replicaTransactionBytes,
  WriterLock,
} from "../../kernel/index.js";
import type {
  PartEntry,
  PartHome,
  ReplicaSession,
  SealedState,
  StoreParts,
  StoreState,
} from "../../ports/index.js";
import { columnKey, recordKey } from "./binary-keys.js";
import { EnvironmentGate } from "./environment-gate.js";
import { metaKeys, readMeta, readSealed } from "./meta.js";
import { placeAmongIds, placeInSegment } from "./part-keys.js";
import { columnIndexes, type PartView } from "./part-walk.js";
import { storeFiles } from "./store-files.js";
import { lmdbStoreParts } from "./store-parts.js";
import { StoreWriter } from "./store-writer.js";

/** Opens a store as a copy of another one, for writing; a new folder becomes a store. */
export async function openLmdbReplica(dir: string): Promise<ReplicaSession> {
  const live = lockLiveRecords(dir);
  try {
    return await EnvironmentGate.of(dir).alone(async () => new LmdbReplicaSession(dir, live));
  } catch (error) {
    live?.[Symbol.dispose]();
    throw error;
  }
}

class LmdbReplicaSession implements ReplicaSession {
  bytesWritten = 0;
  unsyncedBytes = 0;
  waitedSeconds = 0;
  readonly name: string;
  note: string | null;
  readonly ownRecords: string | null;
  readonly #writer: StoreWriter;
  readonly #live: Disposable | null;
  readonly #parts: StoreParts;
  #sealed: SealedState;
  #closing: Promise<void> | null = null;

  constructor(dir: string, live: Disposable | null) {
    this.name = dir;
    this.#live = live;
    this.#parts = lmdbStoreParts(dir);
    const options = { transactionBytes: replicaTransactionBytes, mappedBytes: replicaMappedBytes };
    this.#writer = new StoreWriter(dir, options, this);
    const { environment } = this.#writer;
    const { sealed, note, checkpoint } = this.#writer.begin(() => ({
      sealed: readSealed(environment),
      note: readMeta(environment, metaKeys.replica),
      checkpoint: readMeta(environment, metaKeys.checkpoint),
    }));
    this.#sealed = sealed;
    this.note = note;
    this.ownRecords = ownRecordsOf(dir, checkpoint !== null);
  }

  get sealed(): SealedState | null {
    return this.#sealed.lastImport === null ? null : this.#sealed;
  }

  entries(...parameters: Parameters<StoreParts["entries"]>): ReturnType<StoreParts["entries"]> {
    return this.#parts.entries(...parameters);
  }

  async rollback(fromId: number): Promise<void> {
    await this.#writer.discard();
    await this.#writer.removeRange("records", recordKey(fromId), null);
    await this.#writer.removeRange("places", recordKey(fromId), null);
    for (const index of columnIndexes(this.#view)) {
      await this.#writer.removeRange("columns", columnKey(index, fromId), columnKey(index, recordIdMax));
    }
  }

  async keepSegments(numbers: readonly number[]): Promise<void> {
    const visible = this.#sealed.segments.map(({ number }) => number);
    await this.#writer.keepSegments(new Set([...visible, ...numbers]));
  }

  async append(home: PartHome, { key, value }: PartEntry): Promise<boolean> {
    const place = home.kind === "ids" ? placeAmongIds(key) : placeInSegment(home.number, key);
    if (place === null) return false;
    await this.#writer.stage(place.table, place.key, value);
    return true;
  }

  held(key: Uint8Array): Uint8Array | null {
    const place = placeAmongIds(key);
    if (place === null) return null;
    return this.#writer.environment.tables[place.table].get(place.key) ?? null;
  }

  async commit(note: string): Promise<void> {
    await this.#writer.write(() => this.#writer.put("meta", metaKeys.replica, Buffer.from(note)));
    this.note = note;
  }

  async publish({ mapping, sealed }: StoreState, note: string): Promise<void> {
    await this.#writer.write(() => {
      this.#writer.put("meta", metaKeys.mapping, Buffer.from(JSON.stringify(mapping)));
      this.#writer.put("meta", metaKeys.sealed, Buffer.from(JSON.stringify(sealed)));
      this.#writer.put("meta", metaKeys.replica, Buffer.from(note));
    });
    this.#sealed = sealed;
    this.note = note;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing ??= this.#close();
    await this.#closing;
  }

  async #close(): Promise<void> {
    try {
      await this.#parts[Symbol.asyncDispose]();
      await this.#writer.close();
    } finally {
      this.#live?.[Symbol.dispose]();
    }
  }

  get #view(): PartView {
    const { tables } = this.#writer.environment;
    return {
      range: (table, start, end) => tables[table].getRange({ start, end }),
      firstKey: (table, start) => [...tables[table].getKeys({ start, limit: 1 })][0],
    };
  }
}

/** Whoever writes live would write above ids that the copy is about to take. */
function lockLiveRecords(dir: string): Disposable | null {
  const live = resolve(join(dir, storeFiles.live));
  if (!existsSync(live)) return null;
  try {
    return WriterLock.acquire(join(live, storeFiles.writerLock), live);
  } catch (error) {
    if (!isPlimsollError(error) || error.code !== "STORE_LOCKED") throw error;
    throw new PlimsollError("STORE_SERVED", { store: dir, pid: error.details.pid ?? "another" });
  }
}

function ownRecordsOf(dir: string, hasCheckpoint: boolean): string | null {
  if (hasCheckpoint) return "an import that has not ended";
  const live = join(dir, storeFiles.live);
  const logs = existsSync(live) ? readdirSync(live).filter((name) => name.endsWith(".log")) : [];
  return logs.some((name) => statSync(join(live, name)).size > 0) ? "live records of its own" : null;
}
