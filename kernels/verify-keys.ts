/**
 * Reads the key segments side by side in order of hash and takes off what live records define, and what they
 * refer to without finding it. The references that the records call for come along in the same order: those
 * to keys that a live record defines are passed over on both sides.
 */
import { entryBytesWithin } from "./key-block";
import {
  KEY_BYTES_MAX,
  compareBytes,
  copyWild,
  entryHash,
  entryHasVersion,
  entryId,
  entryIsDeletion,
  entryIsReference,
  entryKey,
  entryKeyBytes,
  entryKeyspace,
  entryVersion,
  isEntryBelow,
  keyHash,
} from "./key-entry";
import { BLOCK_BUFFER_BYTES, BLOCK_BYTES_MAX, BLOCK_HEADER_BYTES, blockBytes } from "./tuple-block";
import { tupleTerm } from "./tuple";
import { isDead, isExcluded, keyCount, keyDetail, verify } from "./verify-state";

/** What `verifyKeys` came back for. */
export const KEYS_DONE: u32 = 0;
/** The next block of the input keysWanted() is needed. */
export const KEYS_NEED_BLOCK: u32 = 1;
/** The next references that the records call for are needed. */
export const KEYS_NEED_CALLS: u32 = 2;
/** Two live records define the key of keysEntry(): keysFaultId() is the other one. */
export const KEYS_TWICE: u32 = 3;
/** The entry keysEntry() has another hash than its key. */
export const KEYS_MISHASHED: u32 = 4;
/** The block of the input keysWanted() does not add up, or is out of order. */
export const KEYS_DAMAGED: u32 = 5;
export const KEYS_DISORDER: u32 = 6;
/** The head of that block names other keys than it holds. */
export const KEYS_MISNAMED: u32 = 7;
/** The deletion keysEntry() takes out the record keysFaultId(), which is alive. */
export const KEYS_UNDELETED: u32 = 8;

/** A segment that is read: its block follows behind the inputs. */
@unmanaged
class Input {
  entry: usize;
  end: usize;
  bytes: u32;
  left: u32;
  lastHash: u64;
  isEnded: u32;
  spare: u32;
}

/** A key that was met before: its block may be gone. */
@unmanaged
class Seen {
  hash: u64;
  id: u64;
  version: u64;
  keyspace: u32;
  keyBytes: u32;
}

const INPUT_BYTES: u32 = <u32>offsetof<Input>();

const definition = changetype<Seen>(memory.data(32 + 1024 + 32, 16));
const reference = changetype<Seen>(memory.data(32 + 1024 + 32, 16));
const deletion = changetype<Seen>(memory.data(32 + 1024 + 32, 16));

let inputs: usize = 0;
let inputCount: u32 = 0;
let wanted: u32 = 0;
let current: usize = 0;
let faultId: u64 = 0;
let keys: u32 = 0;
/** The hash at work without its role, and whether a live record defines it. */
let base: u64 = 0;
let isDefined: bool = false;
let hasCollision: bool = false;
let isHashTold: bool = false;
let calls: usize = 0;
let callsEnd: usize = 0;
let callsAreOver: bool = false;

export function verifyKeysBytes(count: u32): u32 {
  return count * (INPUT_BYTES + BLOCK_BUFFER_BYTES) + 16;
}

export function verifyKeysOpen(at: usize, count: u32): void {
  inputs = at;
  inputCount = count;
  memory.fill(at, 0, <usize>count * INPUT_BYTES);
  base = 0;
  isDefined = false;
  hasCollision = false;
  isHashTold = false;
  definition.keyBytes = KEY_BYTES_MAX + 1;
  reference.keyBytes = KEY_BYTES_MAX + 1;
  deletion.keyBytes = KEY_BYTES_MAX + 1;
  calls = 0;
  callsEnd = 0;
  callsAreOver = false;
  current = 0;
}

@inline
function inputOf(number: u32): Input {
  return changetype<Input>(inputs + <usize>number * INPUT_BYTES);
}

/** Where the next block of an input is written. */
export function keysBlock(number: u32): usize {
  return ((inputs + <usize>inputCount * INPUT_BYTES + 15) & ~15) + <usize>number * BLOCK_BUFFER_BYTES;
}

export function keysWanted(): u32 {
  return wanted;
}

export function keysEntry(): usize {
  return current;
}

export function keysFaultId(): f64 {
  return <f64>faultId;
}

/** Entries taken off since the last call. */
export function keysTaken(): u32 {
  const taken = keys;
  keys = 0;
  return taken;
}

/** Whether two keys were met under one hash: references are compared by hash, so the digests may differ. */
export function keysCollided(): bool {
  return hasCollision;
}

/** Hands over a block of the wanted input, 0 bytes at its end; returns whether its head adds up. */
export function keysFeed(bytes: u32): u32 {
  const input = inputOf(wanted);
  const block = keysBlock(wanted);
  input.isEnded = <u32>(bytes == 0);
  if (bytes == 0) return KEYS_DONE;
  input.entry = block + BLOCK_HEADER_BYTES;
  input.end = block + bytes;
  input.bytes = 0;
  const isWhole = bytes > BLOCK_HEADER_BYTES && bytes <= BLOCK_BYTES_MAX && blockBytes(block) == bytes;
  input.left = isWhole ? load<u32>(block) : 0;
  if (input.left == 0) {
    input.entry = 0;
    return KEYS_DAMAGED;
  }
  return load<u64>(block, 8) == entryHash(input.entry) ? KEYS_DONE : KEYS_MISNAMED;
}

/** Passes over the rest of the wanted input's block. */
export function keysSkip(): void {
  const input = inputOf(wanted);
  input.left = 0;
  input.bytes = 0;
  input.entry = 0;
}

/** Hands over the next references, sorted tuples (0, hash, id); none at their end. */
export function keysCalls(tuples: usize, count: u32): void {
  calls = tuples;
  callsEnd = tuples + (<usize>count << 4);
  callsAreOver = count == 0;
}

/** Goes on until the keys are done or the host is needed. */
export function verifyKeys(): u32 {
  while (true) {
    const status = nextEntry();
    if (status != KEYS_DONE) return status;
    if (current == 0) return settleCalls() && callsRest() ? KEYS_DONE : KEYS_NEED_CALLS;
    const hash = entryHash(current);
    if ((hash & ~1) != base) {
      if (!settleCalls()) return KEYS_NEED_CALLS;
      base = hash & ~1;
      isDefined = false;
    }
    if (!isHashTold && hash != hashOf(current)) {
      isHashTold = true;
      return KEYS_MISHASHED;
    }
    isHashTold = false;
    const input = inputOf(wanted);
    input.entry += input.bytes;
    input.bytes = 0;
    input.left--;
    const fault = entryTake(current);
    if (fault != KEYS_DONE) return fault;
  }
}

function hashOf(entry: usize): u64 {
  const hash = keyHash(entryKeyspace(entry), entryKey(entry), entryKeyBytes(entry));
  return hash | <u64>entryIsReference(entry);
}

/** Finds the least entry of all inputs: `current`, 0 at the end, and `wanted`, the input that holds it. */
function nextEntry(): u32 {
  let least: usize = 0;
  let leastInput: u32 = 0;
  for (let i: u32 = 0; i < inputCount; i++) {
    const input = inputOf(i);
    if (input.isEnded) continue;
    wanted = i;
    if (input.left == 0) {
      const status = input.entry == 0 ? KEYS_NEED_BLOCK : blockEnd(input);
      input.entry = 0;
      return status;
    }
    if (input.bytes == 0) {
      input.bytes = input.entry < input.end ? entryBytesWithin(input.entry, input.end) : 0;
      if (input.bytes == 0) return KEYS_DAMAGED;
      const hash = entryHash(input.entry);
      const isRising = hash >= input.lastHash;
      input.lastHash = hash;
      if (!isRising) return KEYS_DISORDER;
    }
    if (least == 0 || isEntryBelow(input.entry, least)) {
      least = input.entry;
      leastInput = i;
    }
  }
  wanted = leastInput;
  current = least;
  return KEYS_DONE;
}

/** At the end of a block nothing is left over, and its head names the last hash. */
function blockEnd(input: Input): u32 {
  if (input.entry != input.end) return KEYS_DAMAGED;
  return load<u64>(keysBlock(wanted), 16) == input.lastHash ? KEYS_NEED_BLOCK : KEYS_MISNAMED;
}

/** Takes an entry off; not KEYS_DONE when it and a live record cannot both be right. */
function entryTake(entry: usize): u32 {
  const id = entryId(entry);
  if (entryIsDeletion(entry) && !entryIsReference(entry)) return tombstoneTake(entry);
  if (isDead(id)) {
    // A deleted record goes on to define its key: the merge took no reference to it for open.
    if (!entryIsReference(entry) && entryKeyspace(entry) == verify.ownedSpace) isDefined = true;
    return KEYS_DONE;
  }
  if (entryIsDeletion(entry)) {
    if (isSeen(deletion, entry)) return KEYS_DONE;
    remember(deletion, entry);
  } else if (entryIsReference(entry)) {
    if (isDefined || isSeen(reference, entry)) return KEYS_DONE;
    remember(reference, entry);
  } else {
    isDefined = true;
    const hasDefiner = isSeenKey(definition, entry);
    const isSame = hasDefiner && definition.id == id;
    faultId = definition.id;
    if (!hasDefiner) remember(definition, entry);
    if (isSame) return KEYS_DONE;
    if (hasDefiner) {
      take(entry, id);
      return KEYS_TWICE;
    }
  }
  take(entry, id);
  return KEYS_DONE;
}

/**
 * Nothing but its entry is stored of a deletion by its key. Links that led to the record had found it, and
 * are noted nowhere: none to this key are asked for.
 */
function tombstoneTake(entry: usize): u32 {
  isDefined = true;
  if (!isSeenKey(definition, entry)) return KEYS_DONE;
  faultId = definition.id;
  const isOlder = entryHasVersion(entry) && entryVersion(entry) < definition.version;
  return isOlder ? KEYS_DONE : KEYS_UNDELETED;
}

function take(entry: usize, id: u64): void {
  keys++;
  if (verify.spanCount == 0 || !isExcluded(id)) keyCount(entryHash(entry), id, keyDetail(entry), -1);
}

function isSeen(seen: Seen, entry: usize): bool {
  return isSeenKey(seen, entry) && seen.id == entryId(entry);
}

function isSeenKey(seen: Seen, entry: usize): bool {
  if (seen.keyBytes > KEY_BYTES_MAX || seen.hash != entryHash(entry)) return false;
  const key = changetype<usize>(seen) + offsetof<Seen>();
  const isSame =
    seen.keyspace == entryKeyspace(entry) &&
    compareBytes(key, seen.keyBytes, entryKey(entry), entryKeyBytes(entry)) == 0;
  if (!isSame) hasCollision = true;
  return isSame;
}

function remember(seen: Seen, entry: usize): void {
  seen.hash = entryHash(entry);
  seen.id = entryId(entry);
  seen.version = entryVersion(entry);
  seen.keyspace = entryKeyspace(entry);
  seen.keyBytes = entryKeyBytes(entry);
  copyWild(changetype<usize>(seen) + offsetof<Seen>(), entryKey(entry), seen.keyBytes);
}

/** Adds the called references up to the hash at work; false when more of them are needed. */
function settleCalls(): bool {
  while (!callsAreOver) {
    if (calls == callsEnd) return false;
    const hash = tupleTerm(load<u64>(calls), load<u64>(calls, 8));
    if (hash > base + 1) return true;
    if (hash < base || !isDefined) callAdd(hash);
    calls += 16;
  }
  return true;
}

/** Adds what is left of the called references: nothing defines them. */
function callsRest(): bool {
  while (!callsAreOver) {
    if (calls == callsEnd) return false;
    callAdd(tupleTerm(load<u64>(calls), load<u64>(calls, 8)));
    calls += 16;
  }
  return true;
}

@inline
function callAdd(hash: u64): void {
  keyCount(hash, (load<u64>(calls, 8) >> 8) & 0xffffffffff, 0, 1);
}
