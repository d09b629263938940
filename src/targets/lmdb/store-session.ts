import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import type { CompiledMapping } from "../../model/index.js";
import {
  type BatchParts,
  type CheckpointJson,
  type SealedState,
  type SegmentKeyBlock,
  type SegmentTupleBlock,
  type StoreReader,
  type TargetCapabilities,
  type TargetOpenOptions,
  TargetSession,
} from "../../ports/index.js";
import { columnKey, keyBlockKey, postingKey, recordKey } from "./binary-keys.js";
import { metaKeys, readMapping, readMeta, readSealed } from "./meta.js";
import { storeFiles } from "./store-files.js";
import { LmdbStoreReader } from "./store-reader.js";
import { StoreWriter } from "./store-writer.js";

export const lmdbCapabilities: TargetCapabilities = { sortedAppend: true, durable: true };

/** The one writer of a store. */
export class LmdbStoreSession extends TargetSession {
  protected override readonly capabilities = lmdbCapabilities;
  override readonly mapping: CompiledMapping;
  override readonly runsDir: string;
  readonly #dir: string;
  readonly #writer: StoreWriter;
  #sealed: SealedState;

  constructor(dir: string, options: TargetOpenOptions) {
    super();
    this.#dir = dir;
    const writer = new StoreWriter(dir, options, this);
    this.#writer = writer;
    const { mapping, sealed } = writer.begin(() => ({
      mapping: keepMapping(writer, options),
      sealed: readSealed(writer.environment),
    }));
    this.mapping = mapping;
    this.#sealed = sealed;
    this.runsDir = options.tempDir === null ? join(dir, storeFiles.runs) : ownFolder(options.tempDir, dir);
  }

  override get sealed(): SealedState | null {
    return this.#sealed.lastImport === null ? null : this.#sealed;
  }

  protected override async _checkpoint(): Promise<CheckpointJson | null> {
    return readMeta(this.#writer.environment, metaKeys.checkpoint);
  }

  protected override async _finished(importId: string): Promise<CheckpointJson | null> {
    return readMeta(this.#writer.environment, metaKeys.finished(importId));
  }

  protected override async _append(parts: BatchParts): Promise<void> {
    for (const { firstId, block } of parts.blocks)
      await this.#writer.stage("records", recordKey(firstId), block);
    for (const { index, firstId, chunk } of parts.columns) {
      await this.#writer.stage("columns", columnKey(index, firstId), chunk);
    }
    const { firstId, ...place } = parts.place;
    await this.#writer.stage("places", recordKey(firstId), Buffer.from(JSON.stringify(place)));
  }

  protected override async _commit(checkpoint: CheckpointJson): Promise<void> {
    await this.#writer.write(() => this.#writer.put("meta", metaKeys.checkpoint, Buffer.from(checkpoint)));
  }

  protected override async _flush(): Promise<boolean> {
    return this.#writer.flush();
  }

  protected override async _rollback(fromId: number): Promise<void> {
    await this.#writer.discard();
    await this.#writer.removeRange("records", recordKey(fromId), null);
    await this.#writer.removeRange("places", recordKey(fromId), null);
    const indexes = this.mapping.entities.flatMap((entity) =>
      entity.fields.flatMap((field) => field.indexes),
    );
    for (const { number, hasColumn } of indexes) {
      if (hasColumn)
        await this.#writer.removeRange("columns", columnKey(number, fromId), columnKey(number + 1, 0));
    }
  }

  protected override async _forget(): Promise<void> {
    // The checkpoint goes last: a crash before that finds it again, and forgets again.
    await this._rollback(this.#sealed.nextId);
    await this._dropSegments(null);
    await this.#writer.write(() => this.#writer.environment.tables.meta.removeSync(metaKeys.checkpoint));
  }

  protected override async _appendTupleBlock(segment: number, entry: SegmentTupleBlock): Promise<void> {
    await this.#writer.stage("postings", postingKey(segment, entry.index, entry.term, entry.id), entry.block);
  }

  protected override async _appendKeyBlock(segment: number, entry: SegmentKeyBlock): Promise<void> {
    const { hash, ordinal, block, filter } = entry;
    await this.#writer.stage("keys", keyBlockKey(segment, hash, ordinal), block);
    if (filter !== undefined) {
      await this.#writer.stage("filters", keyBlockKey(segment, hash, ordinal), filter);
    }
  }

  protected override async _publish(
    sealed: SealedState,
    importId: string,
    note: CheckpointJson | null,
  ): Promise<void> {
    await this.#writer.write(() => {
      this.#writer.put("meta", metaKeys.sealed, Buffer.from(JSON.stringify(sealed)));
      if (note !== null) this.#writer.put("meta", metaKeys.finished(importId), Buffer.from(note));
      this.#writer.environment.tables.meta.removeSync(metaKeys.checkpoint);
    });
    this.#sealed = sealed;
  }

  protected override async _dropSegments(keep: number | null): Promise<void> {
    const kept = new Set(this.#sealed.segments.map((segment) => segment.number));
    const filtered = new Set(
      this.#sealed.segments.filter(({ keyFilters }) => keyFilters !== undefined).map(({ number }) => number),
    );
    if (keep !== null) kept.add(keep);
    if (keep !== null) filtered.add(keep);
    await this.#writer.keepSegments(kept, filtered);
  }

  protected override _reader(isUnsealedVisible: boolean): StoreReader {
    this.#writer.readers += 1;
    return new LmdbStoreReader(this.#writer.environment, this.#dir, {
      isUnsealedVisible,
      onClose: () => {
        this.#writer.readers -= 1;
      },
    });
  }

  protected override async _releaseMapped(): Promise<void> {
    await this.#writer.releaseMapped();
  }

  protected override async _close(): Promise<void> {
    await this.#writer.close();
  }
}

function keepMapping(writer: StoreWriter, options: TargetOpenOptions): CompiledMapping {
  const stored = readMapping(writer.environment);
  const mapping = options.mergeMapping(stored);
  const text = JSON.stringify(mapping);
  if (stored === null || text !== JSON.stringify(stored)) {
    writer.environment.root.transactionSync(() => writer.put("meta", metaKeys.mapping, Buffer.from(text)));
  }
  return mapping;
}

/** Several stores may share one folder for temporary files: each has its own in there. */
function ownFolder(tempDir: string, dir: string): string {
  const name = createHash("sha256").update(resolve(dir)).digest("hex").slice(0, 16);
  return join(tempDir, `plimsoll-${name}`);
}
