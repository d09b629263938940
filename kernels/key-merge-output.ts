// What a merge of keys puts out: winners, references that stay open, and the blocks they fill. What is
// remembered are the keys defined under the present hash, because their references follow (the role is the
// hash's lowest bit). Two keys under one 63-bit hash are all but impossible by chance, yet handled.
import { compareBytes, copyWild, entryBytes, entryHash } from "./key-entry";
import { KEY_BYTES_MAX, entryKey, entryKeyBytes, entryKeyspace } from "./key-entry";
import { keyBlockSeal } from "./key-block";
import { COUNT_DANGLING_EXISTING, COUNT_DANGLING_NEW, COUNT_RESOLVED } from "./key-group";
import { count, groupClose, isNew } from "./key-group";
import { DEFINED_BYTES, DEFINED_HEADER_BYTES, KEY_MERGE_BLOCK_READY } from "./key-merge-state";
import { KEY_MERGE_COLLISIONS, KEY_MERGE_DONE, KeyMerge } from "./key-merge-state";
import { BLOCK_BYTES_MAX, BLOCK_HEADER_BYTES } from "./tuple-block";

/**
 * Ends the open group of definitions: its winner is written, its key remembered for the references to come.
 */
export function closeGroup(m: KeyMerge): void {
  const g = m.group;
  if (!g.isOpen) return;
  groupClose(g);
  if (g.bestIsEmitted) emit(m, g.best);
  remember(m, g.best, g.hasExisting);
}

/**
 * Appends a key to the list of those defined under the present hash: u32 key bytes, u16 key space, u8
 * existing, key.
 */
function remember(m: KeyMerge, entry: usize, isExisting: u32): void {
  const hash = entryHash(entry);
  if (m.definedHash != hash) {
    m.definedHash = hash;
    m.definedBytes = 0;
  }
  const keyBytes = entryKeyBytes(entry);
  if (m.definedBytes + 2 * KEY_BYTES_MAX > DEFINED_BYTES) {
    m.failure = KEY_MERGE_COLLISIONS;
    return;
  }
  const item = m.defined + m.definedBytes;
  store<u32>(item, keyBytes);
  store<u16>(item, <u16>entryKeyspace(entry), 4);
  store<u16>(item, <u16>isExisting, 6);
  copyWild(item + DEFINED_HEADER_BYTES, entryKey(entry), keyBytes);
  m.definedBytes += DEFINED_HEADER_BYTES + keyBytes;
}

export function settleReference(m: KeyMerge, entry: usize, isEmitted: bool): void {
  const g = m.group;
  const keyspace = entryKeyspace(entry);
  const item = findDefined(m, entry);
  if (item == 0) {
    count(g, keyspace, isNew(g, entry) ? COUNT_DANGLING_NEW : COUNT_DANGLING_EXISTING);
    if (isEmitted) emit(m, entry);
  } else if (!isNew(g, entry) && load<u16>(item, 6) == 0) {
    count(g, keyspace, COUNT_RESOLVED);
  }
}

/** The remembered definition of a reference's key, or 0. */
function findDefined(m: KeyMerge, entry: usize): usize {
  if (m.definedHash != (entryHash(entry) & ~(<u64>1))) return 0;
  const keyspace = entryKeyspace(entry);
  const key = entryKey(entry);
  const keyBytes = entryKeyBytes(entry);
  const end = m.defined + m.definedBytes;
  let item = m.defined;
  while (item < end) {
    const itemBytes = load<u32>(item);
    const itemKey = item + DEFINED_HEADER_BYTES;
    if (load<u16>(item, 4) == keyspace && compareBytes(itemKey, itemBytes, key, keyBytes) == 0) return item;
    item = itemKey + itemBytes;
  }
  return 0;
}

/** Appends an entry to the output. One that passes the block's end closes the block, and begins the next. */
export function emit(m: KeyMerge, entry: usize): void {
  const bytes = entryBytes(entry);
  const out = m.output + m.outputBytes;
  if (!m.sealedBytes && m.outputBytes + bytes > BLOCK_BYTES_MAX) sealOutput(m);
  copyWild(out, entry, bytes);
  if (!m.sealedBytes) m.outputLast = out;
  m.outputBytes += bytes;
  m.outputCount++;
}

function sealOutput(m: KeyMerge): void {
  keyBlockSeal(m.output, m.outputCount, m.outputBytes - BLOCK_HEADER_BYTES, entryHash(m.outputLast));
  m.sealedBytes = m.outputBytes;
  m.outputCount = 0;
}

/** Brings what lay behind the block that was taken to the front of the next one. */
export function beginBlock(m: KeyMerge): void {
  const first = m.output + BLOCK_HEADER_BYTES;
  const restBytes = m.outputBytes - m.sealedBytes;
  memory.copy(first, m.output + m.sealedBytes, restBytes);
  m.sealedBytes = 0;
  m.outputBytes = BLOCK_HEADER_BYTES + restBytes;
  const end = first + restBytes;
  for (let entry = first; entry < end; entry += entryBytes(entry)) m.outputLast = entry;
}

export function finishOutput(m: KeyMerge): u32 {
  if (m.outputCount == 0) return KEY_MERGE_DONE;
  sealOutput(m);
  return KEY_MERGE_BLOCK_READY;
}
