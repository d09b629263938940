/**
 * The program of an entity: what to do with each value of a record. The host writes it (src/model/entity-
 * program.ts) with offsets from its first byte; fields named "runtime" belong to the kernel and begin as
 * zeros.
 */

/** Head of a program. */
@unmanaged
export class Program {
  bytes: u32;
  /** Member trie; a multiple of 8. */
  trie: u32;
  slotCount: u32;
  slots: u32;
  keyPartCount: u32;
  keyParts: u32;
  requiredCount: u32;
  /** Numbers of the slots that a record must have, u32 each. */
  required: u32;
  /** Texts that are not by predicate: those come behind them. */
  textCount: u32;
  texts: u32;
  columnCount: u32;
  /** Index numbers of the columns, u32 each. */
  columnsAt: u32;
  entity: u32;
  hasCheck: u32;
  /** The program of the CSV or the XML kernel; 0 when the records are no rows. */
  rows: u32;
  /** Runtime: number of the record at work, so that no table needs clearing. */
  stamp: u32;
  /** RULES_...: whether the records have rules of their own. */
  rules: u32;
  /** For events: the key space of replaceable ones, and the slot of the tags. */
  groupSpace: u32;
  tagsSlot: u32;
  /** For sources of quads whose values go into fields as they are read: the slots of their members. */
  quadSlots: u32;
  /** The predicates that have fields of their own, 0 when none has: see load-predicates.ts. */
  predicates: u32;
  predicateMask: u32;
  /** The slot of the version, SLOT_NONE without one. */
  versionSlot: u32;
  /** Not 0 when every record deletes the one with its key. */
  isDeleting: u32;
  /** Not 0 when records that delete are put out like others, for targets that see to them themselves. */
  keepsDeletions: u32;
  /** The program of the row that a record becomes (row-program.ts); 0 when it becomes none here. */
  rowsOfTable: u32;
  /** Not 0 when records are not put out in blocks. */
  hasNoBlocks: u32;
}

export const RULES_NONE: u32 = 0;
/** Nostr events: see load-events.ts. */
export const RULES_EVENTS: u32 = 1;
/** Quads, whose key is all of them: see load-quad-keys.ts. */
export const RULES_QUADS: u32 = 2;

@unmanaged
export class Slot {
  type: u8;
  spare: u8;
  opCount: u16;
  ops: u32;
  /** Runtime: the last record that had a value here, and the letter of the pair at work. */
  stamp: u32;
  pairName: u32;
}

/** What to do with a value. */
export const OP_NUMBER: u32 = 0;
export const OP_EXACT: u32 = 1;
export const OP_PREFIX: u32 = 2;
export const OP_TEXT: u32 = 3;
export const OP_PAIRS: u32 = 4;
export const OP_KEY: u32 = 5;
export const OP_VERSION: u32 = 6;
export const OP_LINK: u32 = 7;
export const OP_EXPIRATION: u32 = 8;
export const OP_TRIGRAM: u32 = 9;
/** Words by the rules of their language: see stems.ts. */
export const OP_STEMS: u32 = 10;
export const OP_PLACE: u32 = 11;
/** A value that is true makes the record a deletion. */
export const OP_DELETED: u32 = 12;
/** A value of a column of the row. */
export const OP_COLUMN: u32 = 13;

export const COLUMN_NONE: u32 = 0xffffffff;
export const SLOT_NONE: u32 = 0xffffffff;

@unmanaged
export class Op {
  kind: u32;
  index: u32;
  /** Number of the column, or COLUMN_NONE; OP_EXPIRATION, runtime: whether the value is yet to come. */
  column: u32;
  /**
   * OP_TEXT, OP_STEMS: number of the text; OP_KEY, OP_COLUMN: number of the part, of the column; OP_LINK: key
   * space; OP_PLACE: slot of the longitude; OP_EXPIRATION, runtime: the last record in which the name was
   * met.
   */
  argument: u32;
}

/**
 * A part of the key, or behind those a value that the rules of events go by; all but the slot is runtime: the
 * value entry of the record at work.
 */
@unmanaged
export class KeyPart {
  slot: u32;
  stamp: u32;
  entry: u32;
}

/** A text index, and runtime: the tokens of the record at work. */
@unmanaged
export class Text {
  index: u32;
  /** The language of records that name none, as stems.ts has it; 0 for none. */
  language: u32;
  /** The slot of the field that names the language; SLOT_NONE when it is the same for all. */
  languageSlot: u32;
  /** Not 0 when the words are those between the tags of HTML. */
  isHtml: u32;
  /** Runtime, as all that follows. */
  languageNow: u32;
  stamp: u32;
  tokens: u32;
  tupleFirst: u32;
  tupleEnd: u32;
}

/** An entry of the scanner's value list. */
@unmanaged
export class Value {
  slot: u16;
  type: u8;
  flags: u8;
  start: u32;
  end: u32;
  spare: u32;
}
