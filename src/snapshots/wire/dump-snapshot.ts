import { snapshotDumpBlockChars, snapshotDumpValueBytesMax } from "../../kernel/index.js";
import type { DbiHead, SnapshotEntry, SnapshotMeta } from "../snapshot-entry.js";
import type { SnapshotReader } from "./snapshot-reader.js";

export interface DumpOptions {
  /** Only this database. */
  database?: string;
}

/**
 * A snapshot as JSON lines for people: one about the snapshot, one about each database, one for every entry.
 * Bytes that are no printable text are given as hexadecimal digits, under another name. Blocks of whole
 * lines.
 */
export async function* dumpSnapshot(
  reader: SnapshotReader,
  { database }: DumpOptions = {},
): AsyncGenerator<string> {
  let block = `${JSON.stringify(snapshotLine(reader))}\n`;
  for (let head = await reader.nextDbi(); head; head = await reader.nextDbi()) {
    if (database !== undefined && head.name !== database) continue;
    block += `${JSON.stringify(databaseLine(head))}\n`;
    while (await reader.fill()) {
      for (let entry = reader.next(); entry; entry = reader.next()) {
        block += `${JSON.stringify(entryLine(entry))}\n`;
        if (block.length < snapshotDumpBlockChars) continue;
        yield block;
        block = "";
      }
    }
  }
  yield block;
}

function snapshotLine({ formatVersion, compatVersion, meta }: SnapshotReader): object {
  return { snapshot: { formatVersion, compatVersion, ...metaLine(meta) } };
}

function metaLine(meta: SnapshotMeta): object {
  return {
    ...meta,
    lmdbTxnId: String(meta.lmdbTxnId),
    fromLmdbTxnId: String(meta.fromLmdbTxnId),
    timestampNano: String(meta.timestampNano),
    time: shownTime(meta.timestampNano),
  };
}

/** Names of LMDB's flags of a database, from the lowest bit. */
const flagNames = ["", "REVERSEKEY", "DUPSORT", "INTEGERKEY", "DUPFIXED", "INTEGERDUP", "REVERSEDUP"];

function databaseLine({ name, flags, transform }: DbiHead): object {
  const bits = flags.toString(2).split("").reverse();
  const names = bits.flatMap((bit, index) =>
    bit === "1" ? [flagNames[index] || `0x${(1n << BigInt(index)).toString(16)}`] : [],
  );
  return { database: name, flags: names, transform };
}

function entryLine({ key, value, timestampNano, isDeleted }: SnapshotEntry): object {
  return {
    ...shown("key", key),
    ...(isDeleted ? { deleted: true } : shown("value", value)),
    time: shownTime(timestampNano),
    timestampNano: String(timestampNano),
  };
}

function shown(name: string, bytes: Uint8Array): object {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, snapshotDumpValueBytesMax));
  const text = isPrintable(head)
    ? { [name]: head.toString("latin1") }
    : { [`${name}Hex`]: head.toString("hex") };
  return head.length === bytes.length ? text : { ...text, [`${name}Bytes`]: bytes.length };
}

function isPrintable(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index]!;
    if (byte < 0x20 || byte > 0x7e) return false;
  }
  return true;
}

/** A time as people read it, to the nanosecond. 64 bits of them end in the year 2554. */
function shownTime(timestampNano: bigint): string {
  const seconds = new Date(Number(timestampNano / 1_000_000n)).toISOString().slice(0, 19);
  return `${seconds}.${String(timestampNano % 1_000_000_000n).padStart(9, "0")}Z`;
}
