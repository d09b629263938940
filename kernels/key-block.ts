// Key blocks: sorted key entries one after another behind a header of 24 bytes
// (u32 count, u32 body bytes, u64 first hash, u64 last hash).
import {
  KEY_ENTRY_BYTES_MAX,
  KeyBuffer,
  compareBytes,
  copyWild,
  entryBytes,
  entryHash,
  entryId,
  entryKey,
  entryKeyBytes,
  entryKeyspace,
} from "./key-entry";
import { BLOCK_BYTES_MAX, BLOCK_HEADER_BYTES, blockBytes } from "./tuple-block";

/** Encodes as many entries of a sorted buffer as fit one block, from the `from`-th on; returns how many. */
export function keyBlockEncode(buffer: usize, from: u32, block: usize): u32 {
  const header = changetype<KeyBuffer>(buffer);
  const limit = block + BLOCK_BYTES_MAX;
  let out = block + BLOCK_HEADER_BYTES;
  let last = out;
  let taken = from;
  while (taken < header.count) {
    const entry = header.arena + <usize>load<u64>(header.tuples + (<usize>taken << 4), 8);
    const bytes = entryBytes(entry);
    if (out + bytes > limit) break;
    copyWild(out, entry, bytes);
    last = out;
    out += bytes;
    taken++;
  }
  keyBlockSeal(block, taken - from, <u32>(out - block) - BLOCK_HEADER_BYTES, entryHash(last));
  return taken - from;
}

/** Writes a block's header. */
export function keyBlockSeal(block: usize, count: u32, bodyBytes: u32, lastHash: u64): void {
  store<u32>(block, count);
  store<u32>(block, bodyBytes, 4);
  store<u64>(block, entryHash(block + BLOCK_HEADER_BYTES), 8);
  store<u64>(block, lastHash, 16);
}

/** Bytes of the entry at `entry`, or 0 when it does not lie whole before `end`. */
@inline
export function entryBytesWithin(entry: usize, end: usize): u32 {
  const bytes = entryBytes(entry);
  return bytes <= KEY_ENTRY_BYTES_MAX && entry + bytes <= end ? bytes : 0;
}

/** Id of the record that defines a key according to this block: the newest such entry's, or -1. */
export function keyBlockFind(block: usize, keyspace: u32, key: usize, keyBytes: u32, hash: u64): f64 {
  let found: f64 = -1;
  const end = block + min(blockBytes(block), BLOCK_BYTES_MAX);
  let bytes: u32 = 0;
  for (let entry = block + BLOCK_HEADER_BYTES; entry < end; entry += bytes) {
    bytes = entryBytesWithin(entry, end);
    if (bytes == 0 || entryHash(entry) > hash) break;
    if (entryHash(entry) != hash || entryKeyspace(entry) != keyspace) continue;
    if (compareBytes(entryKey(entry), entryKeyBytes(entry), key, keyBytes) == 0) found = <f64>entryId(entry);
  }
  return found;
}
