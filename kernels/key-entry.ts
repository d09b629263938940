// A key entry says that a record defines or references a key, or that who defines it is deleted:
//   u64 hash | u16 key space | u8 flags | u8 0 | u40 id | [u64 version] | varint key bytes | key | [extra]
// The hash is XXH64 of the key with the key space as seed; its lowest bit is the role, so that the
// definitions of a key sort before its references. Deletions are of the one role or the other: those by the
// key itself have the place of a definition, those that events ask for that of a reference. The extra is 32
// bytes that are no part of the key: what a key space with rules of its own needs to decide by
// (key-group.ts). A key buffer is an arena of entries and a tuple (hash, place in the arena) for each.
import { xxh64 } from "./xxh64";
import { varintWidth, varintWrite } from "./varint";

export const KEY_REFERENCE: u32 = 1;
export const KEY_HAS_VERSION: u32 = 2;
/** Takes out the record that defines the key. */
export const KEY_DELETED: u32 = 4;
export const KEY_HAS_EXTRA: u32 = 8;
export const KEY_EXTRA_BYTES: u32 = 32;
export const KEY_BYTES_MAX: u32 = 1024;

const FIXED_BYTES: usize = 17;
/** Fixed part, version, length, key and extra at their longest. */
export const KEY_ENTRY_BYTES_MAX: u32 = 17 + 8 + 2 + KEY_BYTES_MAX + KEY_EXTRA_BYTES;

/** What copyWild may read and write beyond its range. */
export const COPY_SLACK_BYTES: u32 = 16;

/** Header of a key buffer. */
@unmanaged
export class KeyBuffer {
  count: u32;
  capacity: u32;
  tuples: usize;
  arenaBytes: u32;
  arenaCapacity: u32;
  arena: usize;
}

export const KEY_BUFFER_BYTES: u32 = <u32>offsetof<KeyBuffer>();

/** Lays an empty buffer out: `capacity` tuples at `tuples`, `arenaCapacity` bytes at `arena`. */
export function keyBufferInit(
  buffer: usize,
  tuples: usize,
  capacity: u32,
  arena: usize,
  arenaCapacity: u32,
): void {
  const header = changetype<KeyBuffer>(buffer);
  header.count = 0;
  header.capacity = capacity;
  header.tuples = tuples;
  header.arenaBytes = 0;
  header.arenaCapacity = arenaCapacity;
  header.arena = arena;
}

/** Copies in steps of 16 bytes: for short ranges far cheaper than memory.copy. */
@inline
export function copyWild(to: usize, from: usize, bytes: u32): void {
  for (let i: u32 = 0; i < bytes; i += 16) v128.store(to + i, v128.load(from + i));
}

/** Hash of a key without its role bit. */
@inline
export function keyHash(keyspace: u32, key: usize, keyBytes: u32): u64 {
  return xxh64(key, keyBytes, <u64>keyspace) & ~(<u64>1);
}

/**
 * Appends an entry; false when the buffer has no room. `version` is the sortable form and counts only with
 * the flag KEY_HAS_VERSION, `extra` points at KEY_EXTRA_BYTES and counts only with KEY_HAS_EXTRA. Keys longer
 * than KEY_BYTES_MAX are the caller's to refuse.
 */
export function keyAppend(
  buffer: usize,
  keyspace: u32,
  role: u32,
  flags: u32,
  id: u64,
  version: u64,
  key: usize,
  keyBytes: u32,
  extra: usize,
): bool {
  const header = changetype<KeyBuffer>(buffer);
  const versionBytes: u32 = flags & KEY_HAS_VERSION ? 8 : 0;
  const extraBytes: u32 = flags & KEY_HAS_EXTRA ? KEY_EXTRA_BYTES : 0;
  const bytes = <u32>FIXED_BYTES + versionBytes + varintWidth(keyBytes) + keyBytes + extraBytes;
  const arenaRoom = header.arenaCapacity - header.arenaBytes;
  if (header.count == header.capacity || arenaRoom < bytes + COPY_SLACK_BYTES) return false;
  const hash = keyHash(keyspace, key, keyBytes) | <u64>role;
  const entry = header.arena + header.arenaBytes;
  store<u64>(entry, hash);
  store<u16>(entry, <u16>keyspace, 8);
  store<u8>(entry, <u8>(flags | role), 10);
  store<u8>(entry, 0, 11);
  store<u32>(entry, <u32>id, 12);
  store<u8>(entry, <u8>(id >> 32), 16);
  let out = entry + FIXED_BYTES;
  if (versionBytes) store<u64>(out, version);
  out = varintWrite(out + versionBytes, <u64>keyBytes);
  copyWild(out, key, keyBytes);
  if (extraBytes) copyWild(out + keyBytes, extra, extraBytes);
  const tuple = header.tuples + (<usize>header.count << 4);
  store<u64>(tuple, hash);
  store<u64>(tuple, <u64>header.arenaBytes, 8);
  header.count++;
  header.arenaBytes += bytes;
  return true;
}

@inline
export function entryHash(entry: usize): u64 {
  return load<u64>(entry);
}

@inline
export function entryKeyspace(entry: usize): u32 {
  return load<u16>(entry, 8);
}

@inline
export function entryIsReference(entry: usize): bool {
  return (load<u8>(entry, 10) & KEY_REFERENCE) != 0;
}

@inline
export function entryIsDeletion(entry: usize): bool {
  return (load<u8>(entry, 10) & KEY_DELETED) != 0;
}

@inline
export function entryId(entry: usize): u64 {
  return <u64>load<u32>(entry, 12) | (<u64>load<u8>(entry, 16) << 32);
}

@inline
export function entryHasVersion(entry: usize): bool {
  return (load<u8>(entry, 10) & KEY_HAS_VERSION) != 0;
}

/** Version in its sortable form; an entry without one is older than all that have one. */
@inline
export function entryVersion(entry: usize): u64 {
  return load<u8>(entry, 10) & KEY_HAS_VERSION ? load<u64>(entry, FIXED_BYTES) : 0;
}

@inline
function keyLengthAt(entry: usize): usize {
  return entry + FIXED_BYTES + (load<u8>(entry, 10) & KEY_HAS_VERSION ? 8 : 0);
}

@inline
export function entryKeyBytes(entry: usize): u32 {
  const at = keyLengthAt(entry);
  const low = <u32>load<u8>(at);
  return low < 0x80 ? low : (low & 0x7f) | (<u32>load<u8>(at, 1) << 7);
}

@inline
export function entryKey(entry: usize): usize {
  const at = keyLengthAt(entry);
  return at + (load<u8>(at) < 0x80 ? 1 : 2);
}

@inline
export function entryBytes(entry: usize): u32 {
  const extraBytes: u32 = entryHasExtra(entry) ? KEY_EXTRA_BYTES : 0;
  return <u32>(entryKey(entry) - entry) + entryKeyBytes(entry) + extraBytes;
}

@inline
export function entryHasExtra(entry: usize): bool {
  return (load<u8>(entry, 10) & KEY_HAS_EXTRA) != 0;
}

/** Order of two entries by their extras, one without before all others. */
export function compareExtras(a: usize, b: usize): i32 {
  const aBytes: u32 = entryHasExtra(a) ? KEY_EXTRA_BYTES : 0;
  const bBytes: u32 = entryHasExtra(b) ? KEY_EXTRA_BYTES : 0;
  return compareBytes(entryKey(a) + entryKeyBytes(a), aBytes, entryKey(b) + entryKeyBytes(b), bBytes);
}

/**
 * Bytes in order, the shorter first when it is a prefix: negative, 0 or positive. Reads up to 7 bytes beyond.
 */
export function compareBytes(a: usize, aBytes: u32, b: usize, bBytes: u32): i32 {
  const common = min(aBytes, bBytes);
  for (let i: u32 = 0; i < common; i += 8) {
    let x = load<u64>(a + i);
    let y = load<u64>(b + i);
    if (common - i < 8) {
      const mask = (<u64>1 << (<u64>(common - i) << 3)) - 1;
      x &= mask;
      y &= mask;
    }
    if (x != y) return bswap(x) < bswap(y) ? -1 : 1;
  }
  return <i32>aBytes - <i32>bBytes;
}

/** Order of two entries by key space and key. */
export function compareKeys(a: usize, b: usize): i32 {
  const spaces = <i32>entryKeyspace(a) - <i32>entryKeyspace(b);
  if (spaces != 0) return spaces;
  return compareBytes(entryKey(a), entryKeyBytes(a), entryKey(b), entryKeyBytes(b));
}

/** Full order of entries: hash (with the role), key space, key, id. */
export function isEntryBelow(a: usize, b: usize): bool {
  const hashA = entryHash(a);
  const hashB = entryHash(b);
  if (hashA != hashB) return hashA < hashB;
  const order = compareKeys(a, b);
  return order != 0 ? order < 0 : entryId(a) < entryId(b);
}
