// The resolution of one key: which of its definitions wins by the key space's rule, and what becomes of the
// others. Entries of a group come in order of ids, those of former imports ("existing") first; whatever their
// number, only the best one so far is kept. A deletion of a key is one of them in this order, and may be the
// best (docs/adr/0018-deletions.md). Those of events are references: they come behind the definitions and may
// take the best one out, which stays the one that defines the key.
import { compareExtras, copyWild, entryBytes, entryHasExtra, entryHasVersion } from "./key-entry";
import { entryId, entryIsDeletion, entryKeyspace, entryVersion } from "./key-entry";
import { tupleAppendWords, tupleWord1 } from "./tuple";

/** Rules of a key space, one byte each. */
export const RULE_KEEP: u8 = 0;
export const RULE_REPLACE: u8 = 1;
export const RULE_NEWEST: u8 = 2;
export const RULE_REJECT: u8 = 3;
/** Nothing is settled: every entry goes on as it is, for merges of runs into larger runs. */
export const RULE_ALL: u8 = 4;
/** Like RULE_KEEP; a deletion takes the record out if both have the same extra, their owner. */
export const RULE_OWNED: u8 = 5;
/**
 * Like RULE_NEWEST; of equal versions the lowest extra wins, and a deletion takes the record out if it is not
 * the older one.
 */
export const RULE_VERSIONS: u8 = 6;

/**
 * Reasons why a record is dead: the high half of the payload of its tuple in the list of dead records (index
 * 0, term 0). A record that is dead for several reasons counts for the highest (see payloadUnite).
 */
export const DEAD_DELETED: u32 = 1;
export const DEAD_REJECTED: u32 = 2;
export const DEAD_REPLACED: u32 = 3;
export const DEAD_SUPERSEDED: u32 = 4;
export const DEAD_DUPLICATE: u32 = 5;
/**
 * In the low half: the record may be dead for several reasons, in several groups, and must be counted by its
 * id.
 */
export const DEAD_BY_RULES: u32 = 1;
/** Index, beside the dead, of new records that took an existing one's place under such a rule. */
export const INDEX_REPLACING: u32 = 1;

/** Counters of a key space, u64 each, in this order. */
export const COUNT_NEW: u32 = 0;
/** New records that took the place of an existing one. */
export const COUNT_REPLACING: u32 = 1;
export const COUNT_REJECTED: u32 = 2;
/** Existing records that are dead now. */
export const COUNT_REPLACED: u32 = 3;
export const COUNT_SUPERSEDED: u32 = 4;
export const COUNT_DUPLICATE: u32 = 5;
export const COUNT_DANGLING_NEW: u32 = 6;
export const COUNT_DANGLING_EXISTING: u32 = 7;
/** References of former imports whose key this import defines. */
export const COUNT_RESOLVED: u32 = 8;
/** New records that a deletion took out. */
export const COUNT_DELETED: u32 = 9;
export const KEY_COUNTERS: u32 = 10;

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

@inline
export function isNew(g: KeyGroup, entry: usize): bool {
  return entryId(entry) >= g.firstNewId;
}

@inline
function ruleOf(g: KeyGroup, entry: usize): u8 {
  return load<u8>(g.rules + entryKeyspace(entry));
}

/** Whether a record may be in several groups of these rules, so that the host counts it by its id. */
@inline
function isCountedById(rule: u8): bool {
  return rule == RULE_OWNED || rule == RULE_VERSIONS;
}

/** All reasons but one have the numbers of their counters. */
function bury(g: KeyGroup, entry: usize, reason: u32): void {
  const isById = isCountedById(ruleOf(g, entry));
  const payload = (reason << 4) | (isById ? DEAD_BY_RULES : 0);
  tupleAppendWords(g.dead, 0, tupleWord1(0, entryId(entry), payload));
  if (isById) return;
  const ofDeleted = isNew(g, entry) ? COUNT_DELETED : COUNT_REPLACED;
  count(g, entryKeyspace(entry), reason == DEAD_DELETED ? ofDeleted : reason);
}

function setBest(g: KeyGroup, entry: usize, isEmitted: bool): void {
  copyWild(g.best, entry, entryBytes(entry));
  g.bestIsEmitted = <u32>isEmitted;
}

/** Begins a group with its first definition or deletion. */
export function groupOpen(g: KeyGroup, entry: usize, isEmitted: bool): void {
  g.isOpen = 1;
  g.hasExisting = <u32>(!isNew(g, entry) && !entryIsDeletion(entry));
  setBest(g, entry, isEmitted);
}

/** Holds a further definition or deletion against the best one; needs room for one dead tuple. */
export function groupAdd(g: KeyGroup, entry: usize, isEmitted: bool): void {
  // Former imports wrote none but winners, by the rules they had: the latest of them is the one that lives.
  if (!isNew(g, entry)) {
    g.hasExisting = <u32>!entryIsDeletion(entry);
    setBest(g, entry, isEmitted);
    return;
  }
  if (entryIsDeletion(entry)) {
    addDeletion(g, entry, isEmitted);
    return;
  }
  const rule = ruleOf(g, entry);
  if (entryIsDeletion(g.best)) {
    // What comes after a deletion is there again, but for what is no newer where versions decide.
    if (rule == RULE_NEWEST && entryHasVersion(g.best) && entryVersion(entry) <= entryVersion(g.best)) {
      bury(g, entry, DEAD_DELETED);
    } else {
      setBest(g, entry, isEmitted);
    }
    return;
  }
  if (beats(rule, entry, g.best)) {
    bury(g, g.best, isNew(g, g.best) ? DEAD_SUPERSEDED : DEAD_REPLACED);
    setBest(g, entry, isEmitted);
  } else {
    bury(g, entry, reasonOfLoser(g, rule, entry));
  }
}

/**
 * A deletion takes the best one out; where versions decide and it has one, only what is no newer. Of two
 * deletions the newer one stays, else the first.
 */
function addDeletion(g: KeyGroup, entry: usize, isEmitted: bool): void {
  const isByVersion = ruleOf(g, entry) == RULE_NEWEST && entryHasVersion(entry);
  if (entryIsDeletion(g.best)) {
    const isNewer = !entryHasVersion(g.best) || entryVersion(entry) > entryVersion(g.best);
    if (isByVersion && isNewer) setBest(g, entry, isEmitted);
  } else if (!isByVersion || entryVersion(entry) >= entryVersion(g.best)) {
    bury(g, g.best, DEAD_DELETED);
    setBest(g, entry, isEmitted);
  }
}

function beats(rule: u8, entry: usize, best: usize): bool {
  if (rule == RULE_REPLACE) return true;
  if (rule != RULE_NEWEST && rule != RULE_VERSIONS) return false;
  const version = entryVersion(entry);
  const bestVersion = entryVersion(best);
  if (version != bestVersion) return version > bestVersion;
  return rule == RULE_VERSIONS && compareExtras(entry, best) < 0;
}

function reasonOfLoser(g: KeyGroup, rule: u8, entry: usize): u32 {
  if (rule == RULE_REJECT) return DEAD_REJECTED;
  const isOther = rule == RULE_VERSIONS && compareExtras(entry, g.best) != 0;
  const hasVersions = rule == RULE_NEWEST || rule == RULE_VERSIONS;
  if (isOther || (hasVersions && entryVersion(entry) != entryVersion(g.best))) return DEAD_SUPERSEDED;
  return DEAD_DUPLICATE;
}

/** Counts the winner of the group that ends; needs room for one tuple. */
export function groupClose(g: KeyGroup): void {
  g.isOpen = 0;
  if (!isNew(g, g.best) || entryIsDeletion(g.best)) return;
  if (!isCountedById(ruleOf(g, g.best))) {
    count(g, entryKeyspace(g.best), g.hasExisting ? COUNT_REPLACING : COUNT_NEW);
  } else if (g.hasExisting) {
    tupleAppendWords(g.dead, <u64>INDEX_REPLACING << 48, tupleWord1(0, entryId(g.best), 0));
  }
}

/** Whether the rule of its key space has a deletion take this definition of its key out. */
export function deletes(g: KeyGroup, deletion: usize, definition: usize): bool {
  const rule = ruleOf(g, deletion);
  if (rule == RULE_VERSIONS) return entryVersion(definition) <= entryVersion(deletion);
  return rule == RULE_OWNED && entryHasExtra(definition) && compareExtras(definition, deletion) == 0;
}

/** Takes a definition out; needs room for one tuple. */
export function groupDelete(g: KeyGroup, definition: usize): void {
  bury(g, definition, DEAD_DELETED);
}
