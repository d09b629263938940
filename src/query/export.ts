import { systemClock } from "../kernel/index.js";
import type { CompiledEntity, CompiledField } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { matchingIds } from "./evaluate.js";
import { parseFilter, parseText } from "./filter.js";
import type { Query } from "./filter-ast.js";
import { entityNamed } from "./filter-where.js";
import type { LiveRecord } from "./live-record.js";
import { parseNostrAsOne } from "./nostr-filter.js";
import { facetsText, quadLine } from "./quad-line.js";
import { isObject, listText, queryFault } from "./query-fault.js";
import { openQueryStore, type QueryStore } from "./query-store.js";

const lineFeed = Uint8Array.of(0x0a);

export const exportFormats = ["jsonl", "csv", "nquads", "dgraph-rdf"] as const;
export type ExportFormat = (typeof exportFormats)[number];

export interface ExportOptions {
  /** All entities when it is left out. */
  entity?: string;
  /** `nquads` and `dgraph-rdf` write the quads alone, and the latter their facets too. */
  format: ExportFormat;
  /** Only records that match; of a filter of the one or the other kind. */
  filter?: unknown;
  nostr?: unknown;
  signal?: AbortSignal;
  /** The time, in milliseconds since 1970, by which records have expired or not; default: now. */
  nowMs?: number;
}

export interface ExportedRecord {
  id: number;
  /** Without the end of its line. */
  line: Uint8Array;
}

/** Lines in the order of import, from an id on: so that an export can stop anywhere and go on. */
export interface RecordExport {
  /** What stands before the first record, with its line's end; null for JSON lines. */
  head: Uint8Array | null;
  /** "\n", or CSV's "\r\n". */
  lineEnd: Uint8Array;
  records(fromId: number): Generator<ExportedRecord>;
}

/**
 * Every live record in the order of import, as pieces of the output; one block of records is in memory at a
 * time.
 */
export function* exportRecords(reader: StoreReader, options: ExportOptions): Generator<Uint8Array> {
  const { head, lineEnd, records } = openExport(reader, options);
  if (head !== null) yield head;
  for (const { line } of records(0)) {
    yield line;
    yield lineEnd;
  }
}

export function openExport(reader: StoreReader, options: ExportOptions): RecordExport {
  const store = openQueryStore(reader);
  const asked = askedOf(store, options);
  const named = options.entity === undefined ? null : entityNamed(store.mapping, options.entity, "entity");
  if (named !== null && asked !== null && asked.entity !== named) {
    throw queryFault("entity", `is ${named.name}, and the filter asks for ${asked.entity.name}`, "Name one");
  }
  const entity = asked?.entity ?? named;
  const live = (fromId: number) =>
    asked === null
      ? visibleRecords(store, entity, options, fromId)
      : matchingRecords(store, asked, options, fromId);
  if (options.format === "csv") return csvExport(entity ?? onlyEntity(store), live);
  if (options.format !== "jsonl") {
    const lineOf = options.format === "nquads" ? standardLine : dialectLine;
    return quadsExport(quadEntity(store, entity, options.format), lineOf, live);
  }
  return {
    head: null,
    lineEnd: lineFeed,
    *records(fromId) {
      for (const { id, bytes } of live(fromId)) yield { id, line: bytes };
    },
  };
}

/** The id of the record with a key, after which an export goes on. */
export function exportPlace(reader: StoreReader, options: ExportOptions, cursor: string): number {
  const store = openQueryStore(reader);
  const { entity: name } = options;
  const named = name === undefined ? null : entityNamed(store.mapping, name, "entity");
  const entity = askedOf(store, options)?.entity ?? named ?? onlyEntity(store);
  const key = keyOf(store, entity, cursor);
  const id = key === null ? undefined : store.links.find(entity, key);
  if (id !== undefined) return id;
  throw queryFault("cursor", `is no key of a record of ${entity.name}`, "Give the key of the last record");
}

/** The key as text, as a JSON value, or as a JSON list of the values of several fields. */
function keyOf(store: QueryStore, entity: CompiledEntity, text: string): Uint8Array | null {
  const asText = entity.keySlots.length === 1 ? store.keys.ofOperands(entity, [text]) : null;
  if (asText !== null) return asText;
  let value: unknown;
  try {
    value = parseText(text);
  } catch {
    return null;
  }
  return store.keys.ofOperands(entity, Array.isArray(value) ? value : [value]);
}

function askedOf(store: QueryStore, options: ExportOptions): Query | null {
  const { filter, nostr } = options;
  if (filter !== undefined && nostr !== undefined) {
    throw queryFault("nostr", "cannot be given together with filter", "Give one of them");
  }
  if (filter === undefined && nostr === undefined) return null;
  const asked =
    filter === undefined ? parseNostrAsOne(store, nostr) : parseFilter(store.mapping, store.fields, filter);
  if (asked.limit === null && asked.offset === 0) return asked;
  throw queryFault("limit", "is for queries: an export is of all that matches", "Leave it out");
}

/** Records that are neither dead nor expired, by id; of one entity or of all. */
function* visibleRecords(
  store: QueryStore,
  entity: CompiledEntity | null,
  { signal, nowMs = systemClock.wallMs() }: ExportOptions,
  fromId: number,
): Generator<LiveRecord> {
  const expired = store.mapping.entities.map((one) => store.expired.at(one, nowMs)?.open(fromId) ?? null);
  for (const entry of store.reader.recordBlocks(fromId)) {
    signal?.throwIfAborted();
    if (entity !== null && entry.block[1] !== entity.number) continue;
    const block = store.records.decode(entry.firstId, entry.block);
    const hidden = expired[block.entity] ?? null;
    for (let at = 0; at < block.count; at++) {
      const record = store.records.inBlock(block, at);
      if (record.id < fromId || record.id >= store.sealed.nextId) continue;
      hidden?.seek(record.id);
      if (hidden?.id !== record.id && !store.dead.has(record.id)) yield record;
    }
  }
}

function* matchingRecords(
  store: QueryStore,
  asked: Query,
  options: ExportOptions,
  fromId: number,
): Generator<LiveRecord> {
  for (const id of matchingIds(store, asked, fromId, options)) {
    const record = store.records.any(id);
    if (record !== undefined) yield record;
  }
}

function onlyEntity(store: QueryStore): CompiledEntity {
  const [only, ...others] = store.mapping.entities.filter((entity) => entity.fields.length > 0);
  if (only !== undefined && others.length === 0) return only;
  const names = store.mapping.entities.map((entity) => entity.name);
  throw queryFault(
    "entity",
    "is missing, and CSV holds one entity",
    `Name one with --entity: ${listText(names)}`,
  );
}

/** The entity whose records are quads: the one that is asked for, or the only one. */
function quadEntity(store: QueryStore, asked: CompiledEntity | null, format: ExportFormat): CompiledEntity {
  const entities = store.mapping.entities.filter(({ quads }) => quads !== undefined);
  const found = asked === null ? entities : entities.filter((entity) => entity === asked);
  if (found.length === 1) return found[0]!;
  const names = listText(entities.map(({ name }) => name));
  if (found.length > 1)
    throw queryFault("entity", "is missing, and several hold quads", `Name one: ${names}`);
  const what = asked === null ? "The store holds" : `${asked.name} holds`;
  throw queryFault(
    "format",
    `is ${format}, and there are no quads`,
    `${what} other records: write them as jsonl`,
  );
}

/** A quad as N-Quads, which have no place for facets: those must not be lost unsaid. */
function standardLine(record: LiveRecord): string {
  if (facetsText(record) === null) return quadLine(record.value);
  const what = `is nquads, which holds no facets, and record ${record.id} has some`;
  throw queryFault("format", what, "Write the quads as dgraph-rdf");
}

function dialectLine(record: LiveRecord): string {
  const facets = facetsText(record);
  if (facets !== undefined) return quadLine(record.value, facets);
  const what = `is dgraph-rdf, and record ${record.id} has facets that are none of Dgraph's`;
  throw queryFault("format", what, "Write the quads as jsonl");
}

function quadsExport(
  entity: CompiledEntity,
  lineOf: (record: LiveRecord) => string,
  live: (fromId: number) => Generator<LiveRecord>,
): RecordExport {
  return {
    head: null,
    lineEnd: lineFeed,
    *records(fromId) {
      for (const record of live(fromId)) {
        if (record.entity === entity.number) yield { id: record.id, line: Buffer.from(lineOf(record)) };
      }
    },
  };
}

/**
 * A column for each field that is a member of the record itself; what is no plain value is written as JSON.
 */
function csvExport(entity: CompiledEntity, live: (fromId: number) => Generator<LiveRecord>): RecordExport {
  const fields = entity.fields.filter(
    ({ path, type, predicate }) =>
      path.length === 1 && type !== "pairs" && type !== "json" && predicate === undefined,
  );
  return {
    head: Buffer.from(`${fields.map((field) => quoted(field.path[0]!)).join(",")}\r\n`),
    lineEnd: Buffer.from("\r\n"),
    *records(fromId) {
      for (const record of live(fromId)) {
        if (record.entity !== entity.number) continue;
        yield { id: record.id, line: Buffer.from(fields.map((field) => cellOf(field, record)).join(",")) };
      }
    },
  };
}

/** Numbers as they are written in the record. */
function cellOf(field: CompiledField, record: LiveRecord): string {
  const name = field.path[0]!;
  if (!isObject(record.literals) || !Object.hasOwn(record.literals, name)) return "";
  const value = record.literals[name];
  if (value === null) return "";
  if (typeof value === "string") return quoted(value);
  return quoted(JSON.stringify((record.value as Record<string, unknown>)[name], digitsOf));
}

/** JSON has no BigInt, and a string keeps all its digits. */
function digitsOf(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

/** RFC 4180: quotes around what holds a quote, a comma or a line break, and where blanks would be lost. */
function quoted(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
