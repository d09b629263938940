import { keyEntryBytesMin, keyFlag } from "../../src/postings/index.js";

/** An entry of a key block, its key aside. */
export interface BareKey {
  hash: bigint;
  flags: number;
}

/** An entry with an empty key, as kernels/key-entry.ts lays it out. */
function bytesOf({ hash, flags }: BareKey): Uint8Array {
  const view = new DataView(new ArrayBuffer(keyEntryBytesMin));
  view.setBigUint64(0, hash | BigInt(flags & keyFlag.reference), true);
  view.setUint8(10, flags);
  return new Uint8Array(view.buffer);
}

/** A block with its header, as kernels/key-block.ts lays it out. */
export function keyBlockOf(entries: readonly BareKey[]): Uint8Array {
  const bytes = entries.map(bytesOf);
  const block = Buffer.concat([new Uint8Array(24), ...bytes]);
  block.writeUInt32LE(entries.length, 0);
  block.set(bytes[0]!.subarray(0, 8), 8);
  block.set(bytes.at(-1)!.subarray(0, 8), 16);
  return block;
}
