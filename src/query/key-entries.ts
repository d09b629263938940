import { PlimsollError } from "../kernel/index.js";

const headerBytes = 24;
const referenceFlag = 1;
const versionFlag = 2;
const deletedFlag = 4;

/** One entry of a key block: a record that defines a key, or one that points at it. */
export interface KeyEntry {
  hash: bigint;
  keyspace: number;
  isReference: boolean;
  isDeleted: boolean;
  id: number;
  /** A view of the block. */
  key: Uint8Array;
}

/** Entries of a block in order. */
export function* keyEntries(block: Uint8Array): Generator<KeyEntry> {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (block.length < headerBytes || view.getUint32(4, true) !== block.length - headerBytes) throw damaged();
  const count = view.getUint32(0, true);
  let at = headerBytes;
  for (let i = 0; i < count; i++) {
    if (at + 18 > block.length) throw damaged();
    const flags = block[at + 10]!;
    let keyAt = at + 17 + (flags & versionFlag ? 8 : 0);
    let keyBytes = block[keyAt++] ?? 0;
    if (keyBytes >= 0x80) keyBytes = (keyBytes & 0x7f) | ((block[keyAt++] ?? 0) << 7);
    if (keyAt + keyBytes > block.length) throw damaged();
    yield {
      hash: view.getBigUint64(at, true),
      keyspace: view.getUint16(at + 8, true),
      isReference: (flags & referenceFlag) !== 0,
      isDeleted: (flags & deletedFlag) !== 0,
      id: view.getUint32(at + 12, true) + block[at + 16]! * 2 ** 32,
      key: block.subarray(keyAt, keyAt + keyBytes),
    };
    at = keyAt + keyBytes;
  }
  if (at !== block.length) throw damaged();
}

function damaged(): PlimsollError {
  return new PlimsollError("BLOCK_DAMAGED", { what: "keys", reason: "its entries do not add up" });
}
