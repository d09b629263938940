import { PlimsollError } from "../../kernel/index.js";

/** Before each value of the native schema stands a header: time, transaction, version, flags, extensions. */
export const nativeHeaderBytes = 24;
const blockBytes = 8;
const versionAt = 16;
const flagsAt = 17;
const blocksAt = 22;
const deletedFlag = 0x01;

/** What the header of a value says; one object serves for all values. */
export interface NativeHeader {
  timestampNano: bigint;
  isDeleted: boolean;
  /** Where the application's value begins. */
  valueStart: number;
}

export interface HeaderPlace {
  path: string;
  database: string;
  key: Uint8Array;
}

/** Reads a header from the front of a value that is `valueBytes` long as a whole. */
export function readNativeHeader(head: Uint8Array, valueBytes: number, into: NativeHeader, place: HeaderPlace): void {
  if (head.length < nativeHeaderBytes) throw invalid(place, `has a value of ${valueBytes} bytes, too short for a header`);
  if (head[versionAt] !== 0) throw invalid(place, `has no header, or one of version ${head[versionAt]}`);
  const valueStart = nativeHeaderBytes + blockBytes * ((head[blocksAt]! << 8) | head[blocksAt + 1]!);
  if (valueStart > valueBytes) throw invalid(place, "has a header that reaches beyond its value");
  into.timestampNano = bigEndian64(head);
  into.isDeleted = (head[flagsAt]! & deletedFlag) !== 0;
  into.valueStart = valueStart;
}

/** Writes a header with room for extensions that are all zero. */
export function writeNativeHeader(
  target: Buffer,
  at: number,
  { timestampNano, isDeleted }: Pick<NativeHeader, "timestampNano" | "isDeleted">,
  blocks: number,
): number {
  const bytes = nativeHeaderBytes + blocks * blockBytes;
  target.fill(0, at, at + bytes);
  target.writeBigUInt64BE(timestampNano, at);
  target[at + flagsAt] = isDeleted ? deletedFlag : 0;
  target.writeUInt16BE(blocks, at + blocksAt);
  return bytes;
}

export function writeTransaction(target: Buffer, at: number, txnId: number): void {
  target.writeBigUInt64BE(BigInt(txnId), at + 8);
}

function bigEndian64(bytes: Uint8Array): bigint {
  const high = ((bytes[0]! << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!) >>> 0;
  const low = ((bytes[4]! << 24) | (bytes[5]! << 16) | (bytes[6]! << 8) | bytes[7]!) >>> 0;
  return (BigInt(high) << 32n) | BigInt(low);
}

function invalid({ path, database, key }: HeaderPlace, what: string): PlimsollError {
  return new PlimsollError("LMDB_ENTRY_INVALID", { path, dbi: database, key: shownKey(key), what });
}

export function shownKey(key: Uint8Array): string {
  const text = Buffer.from(key.subarray(0, 64)).toString("hex");
  return key.length > 64 ? `${text}…` : text;
}
