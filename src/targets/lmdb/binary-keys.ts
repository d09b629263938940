import { readRecordId, recordIdBytes, writeRecordId } from "../../model/index.js";

/**
 * LMDB compares keys as bytes, so numbers in keys are big-endian.
 * records, places: id(5) · columns: index(2) id(5) · postings: segment(4) index(2) term(8) id(5) ·
 * keys, filters: segment(4) hash(8) ordinal(4).
 */
export function recordKey(id: number): Buffer {
  const key = Buffer.allocUnsafe(recordIdBytes);
  writeRecordId(key, 0, id);
  return key;
}

export function columnKey(index: number, id: number): Buffer {
  const key = Buffer.allocUnsafe(2 + recordIdBytes);
  key.writeUInt16BE(index, 0);
  writeRecordId(key, 2, id);
  return key;
}

export function postingKey(segment: number, index: number, term: bigint, id: number): Buffer {
  const key = Buffer.allocUnsafe(14 + recordIdBytes);
  key.writeUInt32BE(segment, 0);
  key.writeUInt16BE(index, 4);
  key.writeBigUInt64BE(term, 6);
  writeRecordId(key, 14, id);
  return key;
}

/** Above all ordinals that there are. */
export const ordinalMax = 2 ** 32 - 1;

export function keyBlockKey(segment: number, hash: bigint, ordinal: number): Buffer {
  const key = Buffer.allocUnsafe(16);
  key.writeUInt32BE(segment, 0);
  key.writeBigUInt64BE(hash, 4);
  key.writeUInt32BE(ordinal, 12);
  return key;
}

/** The first key of a segment in any of the segmented tables. */
export function segmentKey(segment: number): Buffer {
  const key = Buffer.allocUnsafe(4);
  key.writeUInt32BE(segment, 0);
  return key;
}

export function idOfRecordKey(key: Uint8Array): number {
  return readRecordId(key, 0);
}

export function partsOfColumnKey(key: Buffer): { index: number; id: number } {
  return { index: key.readUInt16BE(0), id: readRecordId(key, 2) };
}

export function partsOfPostingKey(key: Buffer): { segment: number; index: number; term: bigint; id: number } {
  return {
    segment: key.readUInt32BE(0),
    index: key.readUInt16BE(4),
    term: key.readBigUInt64BE(6),
    id: readRecordId(key, 14),
  };
}

export function partsOfKeyBlockKey(key: Buffer): { segment: number; hash: bigint; ordinal: number } {
  return { segment: key.readUInt32BE(0), hash: key.readBigUInt64BE(4), ordinal: key.readUInt32BE(12) };
}

export function segmentOfKey(key: Buffer): number {
  return key.readUInt32BE(0);
}
