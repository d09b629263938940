import { entityCountMax } from "../kernel/index.js";
import type { ColumnRules } from "./column-rules.js";

/**
 * The compiled form of a mapping: everything numbered, so that kernels, runs and stores speak in numbers.
 * It is plain JSON (kept in the store's meta table and sent to workers as it is).
 */
export type FieldType = "string" | "int" | "float" | "bool" | "date" | "hex" | "json" | "pairs";

/**
 * `number` serves exact, range and order for int, float, bool and date; the others are for strings and pairs.
 * `stems` serves words by the rules of their language (docs/adr/0015-languages.md), `trigram` parts of
 * strings (0014-trigrams.md), `place` points on the earth (0017-places.md). `expiration` holds the second
 * from which on a record is hidden, by its first pair of that name.
 */
export type IndexKind =
  | "number"
  | "exact"
  | "prefix"
  | "text"
  | "stems"
  | "trigram"
  | "place"
  | "pairs"
  | "expiration";

export type ConflictRule =
  | { kind: "keep" }
  | { kind: "replace" }
  | { kind: "newest"; field: string }
  | { kind: "reject" };

export interface CompiledIndex {
  /** Number of the index in the store, from 1; 0 is the list of dead records. */
  number: number;
  entity: number;
  /** Slot of the field in its entity. */
  slot: number;
  field: string;
  kind: IndexKind;
  /**
   * Whether a column (the value of every record by id) is kept beside the postings: kinds number and prefix.
   */
  hasColumn: boolean;
  /** Whose rules the words of an index of stems go by. */
  language?: IndexLanguage;
  /** Set for indexes of words that leave out what is no text: the tags of HTML. */
  markup?: "html";
  /** The slot of the longitudes, when an index of places is on a field of latitudes. */
  longitudeSlot?: number;
}

export interface IndexLanguage {
  /** The language of records that name none; null for no rules. */
  code: string | null;
  /** The slot of the field that names the record's language. */
  slot: number | null;
}

export interface CompiledField {
  slot: number;
  name: string;
  /** Member names from the record's root; arrays on the way are transparent. */
  path: string[];
  type: FieldType;
  indexes: CompiledIndex[];
  /** Number of the entity whose key this field holds. */
  linkEntity: number | null;
  required: boolean;
  /** Whether a record may hold many values: relational targets have a table for them. */
  list?: true;
  /** What relational targets call its column, when the mapping says it. */
  column?: string;
  /** Set on fields that are there in the quads of one predicate only (docs/adr/0013-predicates.md). */
  predicate?: PredicateRule;
}

/** What a field by predicate holds of the quads that have the predicate. */
export interface PredicateRule {
  iri: string;
  /** The literal, whose text is read as the field's type, or the node that a link leads to. */
  holds: "value" | "object";
  /** Whether the literal may have a language tag. */
  hasLanguage: boolean;
}

export interface CompiledEntity {
  /** Number of the entity, which is also the number of its key space. */
  number: number;
  name: string;
  match: string | null;
  /** Slots of the key's parts, in order; empty when records have no key. */
  keySlots: number[];
  conflict: ConflictRule;
  /** Slot of the version field when the rule is `newest`. */
  versionSlot: number | null;
  /** Slot of the field that marks deletions (docs/adr/0018-deletions.md). */
  deletedSlot?: number;
  /** False when relational targets are to keep no members but those of the fields. */
  rest?: false;
  /** Set when the records are Nostr events: at most one entity of a mapping has these rules. */
  events?: EventSlots;
  /** Set when the records are quads (docs/adr/0012-quads.md); slots by `quadMembers`. */
  quads?: QuadRules;
  /** How columns of tables become members, where not one by one (docs/adr/0021-feeds.md). */
  columns?: ColumnRules;
  fields: CompiledField[];
}

/** Members of a quad's record, in the order of its key: the kernels number them by it. */
export const quadMembers = [
  "subject",
  "predicate",
  "object",
  "value",
  "language",
  "datatype",
  "graph",
] as const;

export type QuadMember = (typeof quadMembers)[number];

export interface QuadRules {
  /** The document whose blank nodes keep their labels as they are; null before the first is imported. */
  home: string | null;
  /** Whether quads of Dgraph's dialect were imported: then names need not be absolute in others either. */
  hasRelativeNames?: true;
}

/** The fields that the rules of Nostr events go by (docs/adr/0009-nostr-semantics.md), beside the key. */
export interface EventSlots {
  kind: number;
  author: number;
  createdAt: number;
  tags: number;
}

/** Why records of an entity cannot be deleted by their key, in words; null when they can. */
export function deletionFaultOf({ name, keySlots, events }: CompiledEntity): string | null {
  if (keySlots.length === 0) return `records of ${name} have no key by which one could be deleted`;
  return events === undefined ? null : `records of ${name} are events, which events of kind 5 delete`;
}

/** The key space of replaceable and addressable events: it lies behind those of all entities. */
export const groupKeyspace = entityCountMax;

/** The entity whose records are Nostr events. */
export function eventsEntity(mapping: CompiledMapping): CompiledEntity | undefined {
  return mapping.entities.find((entity) => entity.events !== undefined);
}

export interface CompiledMapping {
  version: 1;
  preset: string | null;
  entities: CompiledEntity[];
}
