// What a merge of keys puts out: winners, references that stay open, deletions, and the blocks they fill.
// What is remembered are the definitions under the present hash, because their references follow (the role is
// the hash's lowest bit). Two keys under one 63-bit hash are all but impossible by chance, yet handled.
import { compareKeys, copyWild, entryBytes, entryHash, entryIsDeletion } from "./key-entry";
import { KEY_BYTES_MAX, entryKeyspace } from "./key-entry";
import { keyBlockSeal } from "./key-block";
import { COUNT_DANGLING_EXISTING, COUNT_DANGLING_NEW, COUNT_RESOLVED } from "./key-group";
import { count, deletes, groupClose, groupDelete, isNew } from "./key-group";
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
  // Deletions are kept for ever: the record may lie in a segment that is not here, or come again.
  if (!entryIsDeletion(g.best)) remember(m, g.best, g.hasExisting);
}

/**
 * Appends a definition to the list of those under the present hash: u32 bytes of the entry, u16 existing, u16
 * deleted, the entry.
 */
function remember(m: KeyMerge, entry: usize, isExisting: u32): void {
  const hash = entryHash(entry);
  if (m.definedHash != hash) {
    m.definedHash = hash;
    m.definedBytes = 0;
  }
  const bytes = entryBytes(entry);
  if (m.definedBytes + 2 * KEY_BYTES_MAX > DEFINED_BYTES) {
    m.failure = KEY_MERGE_COLLISIONS;
    return;
  }
  const item = m.defined + m.definedBytes;
  store<u32>(item, bytes);
  store<u16>(item, <u16>isExisting, 4);
  store<u16>(item, 0, 6);
  copyWild(item + DEFINED_HEADER_BYTES, entry, bytes);
  m.definedBytes += DEFINED_HEADER_BYTES + bytes;
}

export function settleReference(m: KeyMerge, entry: usize, isEmitted: bool): void {
  if (entryIsDeletion(entry)) {
    settleDeletion(m, entry, isEmitted);
    return;
  }
  const g = m.group;
  const keyspace = entryKeyspace(entry);
  const item = findDefined(m, entry);
  if (item == 0) {
    count(g, keyspace, isNew(g, entry) ? COUNT_DANGLING_NEW : COUNT_DANGLING_EXISTING);
    if (isEmitted) emit(m, entry);
  } else if (!isNew(g, entry) && load<u16>(item, 4) == 0) {
    count(g, keyspace, COUNT_RESOLVED);
  }
}

/** Deletions are kept for ever: what they take out may come after them, and come again. */
function settleDeletion(m: KeyMerge, entry: usize, isEmitted: bool): void {
  const g = m.group;
  if (isEmitted) emit(m, entry);
  const item = findDefined(m, entry);
  if (item == 0 || load<u16>(item, 6) != 0) return;
  const definition = item + DEFINED_HEADER_BYTES;
  const isSettledBefore = !isNew(g, entry) && !isNew(g, definition);
  if (isSettledBefore || !deletes(g, entry, definition)) return;
  store<u16>(item, 1, 6);
  groupDelete(g, definition);
}

/** The remembered definition of a reference's key, or 0. */
function findDefined(m: KeyMerge, entry: usize): usize {
  if (m.definedHash != (entryHash(entry) & ~(<u64>1))) return 0;
  const end = m.defined + m.definedBytes;
  let item = m.defined;
  while (item < end) {
    const definition = item + DEFINED_HEADER_BYTES;
    if (compareKeys(definition, entry) == 0) return item;
    item = definition + load<u32>(item);
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
