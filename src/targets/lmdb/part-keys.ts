import { readRecordId, recordIdBytes } from "../../model/index.js";
import { idOfRecordKey, recordKey, segmentKey } from "./binary-keys.js";
import type { TableName } from "./environment.js";

/**
 * Keys of entries outside of the store: id of the batch(5) table(1) key in the table, or, of a segment,
 * table(1) and the key in the table without the segment's number. The tables stand in the order of these
 * lists.
 */
export const idTables = ["records", "columns", "places"] as const;
export const segmentTables = ["postings", "keys"] as const;

const segmentNumberBytes = 4;
const columnIndexBytes = 2;
const keyBytesOf: Record<(typeof idTables)[number] | (typeof segmentTables)[number], number> = {
  records: recordIdBytes,
  columns: columnIndexBytes + recordIdBytes,
  places: recordIdBytes,
  postings: 10 + recordIdBytes,
  keys: 12,
};

/** What stands in front of the keys of one table. */
export function idPrefix(batchId: number, table: (typeof idTables)[number]): Buffer {
  return Buffer.concat([recordKey(batchId), Buffer.of(idTables.indexOf(table))]);
}

export function segmentPrefix(table: (typeof segmentTables)[number]): Buffer {
  return Buffer.of(segmentTables.indexOf(table));
}

export interface StoredPlace {
  table: TableName;
  key: Buffer;
}

/** Where an entry of ids lies in the store; null when its key is none. */
export function placeAmongIds(key: Uint8Array): StoredPlace | null {
  const table = idTables[key[recordIdBytes] ?? idTables.length];
  const stored = Buffer.from(key.subarray(recordIdBytes + 1));
  if (table === undefined || stored.length !== keyBytesOf[table]) return null;
  const id = idOfRecordKey(stored.subarray(table === "columns" ? columnIndexBytes : 0));
  return id < readRecordId(key, 0) ? null : { table, key: stored };
}

/** Where an entry of a segment lies in the store; null when its key is none. */
export function placeInSegment(segment: number, key: Uint8Array): StoredPlace | null {
  const table = segmentTables[key[0] ?? segmentTables.length];
  if (table === undefined || key.length !== 1 + keyBytesOf[table]) return null;
  return { table, key: Buffer.concat([segmentKey(segment), key.subarray(1)]) };
}

/** Bytes of a stored key in front of what stands in the key of an entry. */
export function bytesLeftOut(table: TableName): number {
  return table === "postings" || table === "keys" ? segmentNumberBytes : 0;
}
