import { PlimsollError } from "../../kernel/index.js";
import { deletedFlag } from "./format.js";
import { shownKey } from "./shown-key.js";

/**
 * What stands before every value of a database of the native schema, big endian: time in nanoseconds (8
 * bytes), LMDB's transaction (8), version 0, flags, four bytes of 0, the number of extension blocks (2), and
 * these, 8 bytes each.
 */
export interface NativeHeader {
  timestampNano: bigint;
  txnId: bigint;
  /** All flags as they are; snapshots carry `deletedFlag` alone. */
  flags: number;
  isDeleted: boolean;
  /** Where the application's value begins: 24, and 8 for every extension block. */
  headerBytes: number;
}

export const nativeHeaderBytes = 24;
const versionAt = 16;
const flagsAt = 17;
const blocksAt = 22;
const blockBytes = 8;

/** Reads the header of a value into an object that serves for all values. */
export function readNativeHeader(
  value: Uint8Array,
  header: NativeHeader,
  place: { database: string; key: Uint8Array },
): NativeHeader {
  header.headerBytes = headerBytesAt(value, 0, value.length, place);
  header.timestampNano = uint64At(value, 0);
  header.txnId = uint64At(value, 8);
  header.flags = value[flagsAt]!;
  header.isDeleted = (header.flags & deletedFlag) !== 0;
  return header;
}

/** How long the header is of a value that begins in a buffer and has so many bytes; refuses what is none. */
export function headerBytesAt(
  bytes: Uint8Array,
  start: number,
  valueBytes: number,
  place: { database: string; key: Uint8Array },
): number {
  if (valueBytes < nativeHeaderBytes) throw invalid(`${valueBytes} bytes are too short for one`, place);
  const version = bytes[start + versionAt]!;
  if (version !== 0) throw invalid(`version ${version}`, place);
  const blocks = (bytes[start + blocksAt]! << 8) | bytes[start + blocksAt + 1]!;
  const headerBytes = nativeHeaderBytes + blocks * blockBytes;
  if (valueBytes < headerBytes) throw invalid(`${blocks} extension blocks are not there`, place);
  return headerBytes;
}

export function isDeletedAt(bytes: Uint8Array, start: number): boolean {
  return (bytes[start + flagsAt]! & deletedFlag) !== 0;
}

export function emptyNativeHeader(): NativeHeader {
  return { timestampNano: 0n, txnId: 0n, flags: 0, isDeleted: false, headerBytes: nativeHeaderBytes };
}

/**
 * Writes a header at the beginning of a buffer and says how many bytes it took. Extension blocks that are
 * asked for are filled with 0: applications have to pass over any number of them.
 */
export function putNativeHeader(
  target: Uint8Array,
  header: { timestampNano: bigint; txnId: bigint; isDeleted: boolean },
  extensionBlocks = 0,
): number {
  const headerBytes = nativeHeaderBytes + extensionBlocks * blockBytes;
  target.fill(0, versionAt, headerBytes);
  const view = new DataView(target.buffer, target.byteOffset, headerBytes);
  view.setBigUint64(0, header.timestampNano);
  view.setBigUint64(8, header.txnId);
  target[flagsAt] = header.isDeleted ? deletedFlag : 0;
  view.setUint16(blocksAt, extensionBlocks);
  return headerBytes;
}

/** Big endian, as headers have it. */
export function uint64At(bytes: Uint8Array, at: number): bigint {
  return (BigInt(uint32At(bytes, at)) << 32n) | BigInt(uint32At(bytes, at + 4));
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function invalid(reason: string, { database, key }: { database: string; key: Uint8Array }): PlimsollError {
  return new PlimsollError("SNAPSHOT_HEADER_INVALID", { database, key: shownKey(key), reason });
}
