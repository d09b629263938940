import { constants, createGzip } from "node:zlib";
import { assert, snapshotChunkBytes, snapshotKeyBytesMax } from "../../kernel/index.js";
import type { DbiHead, SnapshotMeta } from "../snapshot-entry.js";
import { entryStreamOf, type SnapshotEntries } from "./entry-stream.js";
import {
  databaseFields,
  deletedFlag,
  metaFields,
  snapshotFields,
  writtenCompatVersion,
  writtenFormatVersion,
} from "./format.js";
import { entryTailBytesMax, MessageWriter } from "./message-writer.js";
import { entryWireBytes, varintBytes } from "./wire-sizes.js";
import { throughZlib } from "./zlib-pump.js";

const empty = new Uint8Array(0);
const utf8 = new TextEncoder();

export interface DatabaseContent {
  head: DbiHead;
  /** Sum of `entryWireBytes` over all entries: the format says it before the first of them. */
  entriesBytes: number;
  /** In the order of LMDB. A view into a buffer holds until the next entry is asked for. */
  entries: SnapshotEntries;
}

export interface SnapshotContent {
  meta: SnapshotMeta;
  dbis: Iterable<DatabaseContent> | AsyncIterable<DatabaseContent>;
}

/** A snapshot, as the chunks of its object. Nothing is held of it but a few of them. */
export function writeSnapshot(
  content: SnapshotContent,
  { signal }: { signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: snapshotChunkBytes });
  return throughZlib(gzip, snapshotMessage(content), signal, { isAhead: true });
}

/**
 * The message itself, byte for byte as the original writes it: fields in its order, nothing that is empty. A
 * chunk holds until the one behind the next is asked for, so that one can be filled while the one before is
 * compressed.
 */
export async function* snapshotMessage(content: SnapshotContent): AsyncGenerator<Uint8Array> {
  const stage = new Stage();
  stage.writer.varintField(snapshotFields.formatVersion, BigInt(writtenFormatVersion));
  stage.writer.varintField(snapshotFields.compatVersion, BigInt(writtenCompatVersion));
  const meta = metaMessage(content.meta);
  if (meta.length > 0) {
    stage.writer.fieldHead(snapshotFields.meta, meta.length);
    yield* stage.put(meta);
  }
  for await (const database of content.dbis) yield* databaseMessage(stage, database);
  if (stage.writer.at > 0) yield stage.flush();
}

async function* databaseMessage(stage: Stage, database: DatabaseContent): AsyncGenerator<Uint8Array> {
  const { entriesBytes } = database;
  const head = headMessage(database.head);
  const length = head.length + entriesBytes;
  if (length === 0) return;
  if (!stage.fits(varintBytes(length) + 1)) yield stage.flush();
  stage.writer.fieldHead(snapshotFields.database, length);
  yield* stage.put(head);
  await using entries = entryStreamOf(database.entries);
  let left = entriesBytes;
  while (await entries.fill()) {
    for (let entry = entries.next(); entry; entry = entries.next()) {
      const { key, timestampNano } = entry;
      const value = entry.isDeleted ? empty : entry.value;
      const flags = entry.isDeleted ? deletedFlag : 0;
      const bytes = entryWireBytes(key.length, value.length, timestampNano, flags);
      left -= bytes;
      assert(key.length <= snapshotKeyBytesMax, "a key is no longer than LMDB takes it");
      if (!stage.fits(bytes)) yield stage.flush();
      stage.writer.entryHead(key, value.length, timestampNano, flags);
      if (stage.fits(value.length + entryTailBytesMax)) stage.writer.raw(value);
      else yield* stage.put(value, entryTailBytesMax);
      stage.writer.entryTail(timestampNano, flags);
    }
  }
  assert(left === 0, `${database.head.name} has ${left} bytes of entries fewer than was said`);
}

/** Two buffers that are filled by turns. */
class Stage {
  writer = new MessageWriter(new Uint8Array(snapshotChunkBytes));
  #other = new MessageWriter(new Uint8Array(snapshotChunkBytes));

  fits(bytes: number): boolean {
    return this.writer.bytes.length - this.writer.at >= bytes;
  }

  /** What was written, and room for as much again. */
  flush(): Uint8Array {
    const { bytes, at } = this.writer;
    const other = this.#other;
    this.#other = this.writer;
    this.writer = other;
    other.at = 0;
    return bytes.subarray(0, at);
  }

  /** Copies bytes of any number, with the buffers that they fill; leaves so much room behind them. */
  *put(bytes: Uint8Array, roomBytes = 0): Generator<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      if (!this.fits(1)) yield this.flush();
      const piece = bytes.subarray(at, at + this.writer.bytes.length - this.writer.at);
      this.writer.raw(piece);
      at += piece.length;
    }
    if (!this.fits(roomBytes)) yield this.flush();
  }
}

function metaMessage(meta: SnapshotMeta): Uint8Array {
  const texts = [
    [metaFields.generationId, utf8.encode(meta.generationId)],
    [metaFields.instanceId, utf8.encode(meta.instanceId)],
    [metaFields.hostname, utf8.encode(meta.hostname)],
    [metaFields.databaseName, utf8.encode(meta.databaseName)],
  ] as const;
  const bytes = texts.reduce((sum, [, text]) => sum + text.length + 8, 0);
  const writer = new MessageWriter(new Uint8Array(bytes + 64));
  for (const [field, text] of texts) writer.bytesField(field, text);
  writer.varintField(metaFields.lmdbTxnId, meta.lmdbTxnId);
  writer.fixed64Field(metaFields.timestampNano, meta.timestampNano);
  writer.varintField(metaFields.fromLmdbTxnId, meta.fromLmdbTxnId);
  return writer.bytes.subarray(0, writer.at);
}

function headMessage(head: DbiHead): Uint8Array {
  const name = utf8.encode(head.name);
  const transform = utf8.encode(head.transform);
  const writer = new MessageWriter(new Uint8Array(name.length + transform.length + 64));
  writer.bytesField(databaseFields.name, name);
  writer.varintField(databaseFields.flags, head.flags);
  writer.bytesField(databaseFields.transform, transform);
  return writer.bytes.subarray(0, writer.at);
}
