import { snapshotDatabaseNameBytesMax, snapshotTransformBytesMax } from "../../kernel/index.js";
import type { DbiHead, SnapshotMeta } from "../snapshot-entry.js";
import type { FieldStream } from "./field-stream.js";
import { databaseFields, wireTypes } from "./format.js";
import { decodeText, type WireCursor } from "./wire-cursor.js";

export function emptyHead(): DbiHead {
  return { name: "", flags: 0n, transform: "" };
}

/** Reads a field of a database that is no entry, behind its tag, into the head. */
export async function readHeadField(
  fields: FieldStream,
  tag: number,
  limit: number,
  head: DbiHead,
): Promise<void> {
  const field = tag >>> 3;
  if (field === databaseFields.name) {
    fields.expect(tag, wireTypes.bytes);
    head.name = await fields.message(limit, snapshotDatabaseNameBytesMax, restAsText);
  } else if (field === databaseFields.transform) {
    fields.expect(tag, wireTypes.bytes);
    head.transform = await fields.message(limit, snapshotTransformBytesMax, restAsText);
  } else if (field === databaseFields.flags) {
    fields.expect(tag, wireTypes.varint);
    head.flags = await fields.varint64(limit);
  } else {
    if (field === databaseFields.entry) fields.expect(tag, wireTypes.bytes);
    await fields.skipField(tag, limit);
  }
}

function restAsText(cursor: WireCursor): string {
  const start = cursor.skip(cursor.end - cursor.at);
  return decodeText(cursor.bytes.subarray(start, cursor.end), start);
}

export function isSameMeta(a: SnapshotMeta, b: SnapshotMeta): boolean {
  return (Object.keys(a) as (keyof SnapshotMeta)[]).every((field) => a[field] === b[field]);
}
