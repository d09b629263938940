// The resolution of one key: which of its definitions wins by the key space's rule, and what becomes of the
// others. Entries of a group come in order of ids, those of former imports ("existing") first; whatever their
// number, only the best one so far is kept.
import { copyWild, entryBytes, entryId, entryKeyspace, entryVersion } from "./key-entry";
import { tupleAppendWords, tupleWord1 } from "./tuple";

/** Rules of a key space, one byte each. */
export const RULE_KEEP: u8 = 0;
export const RULE_REPLACE: u8 = 1;
export const RULE_NEWEST: u8 = 2;
export const RULE_REJECT: u8 = 3;
/** Nothing is settled: every entry goes on as it is, for merges of runs into larger runs. */
export const RULE_ALL: u8 = 4;

/** Reasons why a record is dead: the payload of its tuple in the list of dead records (index 0, term 0). */
export const DEAD_DUPLICATE: u32 = 1;
export const DEAD_SUPERSEDED: u32 = 2;
export const DEAD_REPLACED: u32 = 3;
export const DEAD_REJECTED: u32 = 4;

/** Counters of a key space, u64 each, in this order. */
export const COUNT_NEW: u32 = 0;
/** New records that took the place of an existing one. */
export const COUNT_REPLACING: u32 = 1;
export const COUNT_DUPLICATE: u32 = 2;
export const COUNT_SUPERSEDED: u32 = 3;
export const COUNT_REPLACED: u32 = 4;
export const COUNT_REJECTED: u32 = 5;
export const COUNT_DANGLING_NEW: u32 = 6;
export const COUNT_DANGLING_EXISTING: u32 = 7;
/** References of former imports whose key this import defines. */
export const COUNT_RESOLVED: u32 = 8;
export const KEY_COUNTERS: u32 = 9;

@unmanaged
export class KeyGroup {
  firstNewId: u64;
  /** KEY_COUNTERS u64 a key space. */
  counters: usize;
  /** A byte a key space. */
  rules: usize;
  /** Tuple buffer of dead records. */
  dead: usize;
  /** Copy of the best definition so far. */
  best: usize;
  isOpen: u32;
  hasExisting: u32;
  bestIsEmitted: u32;
  spare: u32;
}

export function count(g: KeyGroup, keyspace: u32, counter: u32): void {
  const place = g.counters + (<usize>(keyspace * KEY_COUNTERS + counter) << 3);
  store<u64>(place, load<u64>(place) + 1);
}

// @ts-ignore: decorator
@inline
export function isNew(g: KeyGroup, entry: usize): bool {
  return entryId(entry) >= g.firstNewId;
}

/** Reasons 1 to 4 stand in the order of their counters. */
function bury(g: KeyGroup, entry: usize, reason: u32): void {
  tupleAppendWords(g.dead, 0, tupleWord1(0, entryId(entry), reason));
  count(g, entryKeyspace(entry), COUNT_DUPLICATE + reason - DEAD_DUPLICATE);
}

function setBest(g: KeyGroup, entry: usize, isEmitted: bool): void {
  copyWild(g.best, entry, entryBytes(entry));
  g.bestIsEmitted = <u32>isEmitted;
}

/** Begins a group with its first definition. */
export function groupOpen(g: KeyGroup, entry: usize, isEmitted: bool): void {
  g.isOpen = 1;
  g.hasExisting = <u32>!isNew(g, entry);
  setBest(g, entry, isEmitted);
}

/** Holds a further definition against the best one; needs room for one dead tuple. */
export function groupAdd(g: KeyGroup, entry: usize, isEmitted: bool): void {
  // Former imports wrote none but winners, by the rules they had: the latest of them is the one that lives.
  if (!isNew(g, entry)) {
    setBest(g, entry, isEmitted);
    return;
  }
  const rule = load<u8>(g.rules + entryKeyspace(entry));
  const beats =
    rule == RULE_REPLACE || (rule == RULE_NEWEST && entryVersion(entry) > entryVersion(g.best));
  if (beats) {
    bury(g, g.best, isNew(g, g.best) ? DEAD_SUPERSEDED : DEAD_REPLACED);
    setBest(g, entry, isEmitted);
  } else {
    bury(g, entry, reasonOfLoser(g, rule, entry));
  }
}

function reasonOfLoser(g: KeyGroup, rule: u8, entry: usize): u32 {
  if (rule == RULE_REJECT) return DEAD_REJECTED;
  if (rule == RULE_NEWEST && entryVersion(entry) != entryVersion(g.best)) return DEAD_SUPERSEDED;
  return DEAD_DUPLICATE;
}

/** Counts the winner of the group that ends. */
export function groupClose(g: KeyGroup): void {
  g.isOpen = 0;
  if (isNew(g, g.best)) count(g, entryKeyspace(g.best), g.hasExisting ? COUNT_REPLACING : COUNT_NEW);
}
