import { systemClock } from "../kernel/index.js";
import type { CompiledEntity, CompiledField } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { entityNamed } from "./filter-where.js";
import type { LiveRecord } from "./live-record.js";
import { isObject, listText, queryFault } from "./query-fault.js";
import { openQueryStore, type QueryStore } from "./query-store.js";

export interface ExportOptions {
  /** All entities when it is left out. */
  entity?: string;
  format: "jsonl" | "csv";
  signal?: AbortSignal;
  /** The time, in milliseconds since 1970, by which records have expired or not; default: now. */
  nowMs?: number;
}

const lineFeed = Uint8Array.of(0x0a);

/**
 * Every live record in the order of import, as pieces of the output; one block of records is in memory at a
 * time.
 */
export function* exportRecords(reader: StoreReader, options: ExportOptions): Generator<Uint8Array> {
  const store = openQueryStore(reader);
  const entity = options.entity === undefined ? null : entityNamed(store.mapping, options.entity, "entity");
  if (options.format === "csv") {
    yield* exportCsv(store, entity ?? onlyEntity(store), options);
    return;
  }
  for (const record of visibleRecords(store, entity, options)) {
    yield record.bytes;
    yield lineFeed;
  }
}

/** Records that are neither dead nor expired, by id; of one entity or of all. */
function* visibleRecords(
  store: QueryStore,
  entity: CompiledEntity | null,
  { signal, nowMs = systemClock.wallMs() }: ExportOptions,
): Generator<LiveRecord> {
  const expired = store.mapping.entities.map((one) => store.expired.at(one, nowMs)?.open(0) ?? null);
  for (const entry of store.reader.recordBlocks(0)) {
    signal?.throwIfAborted();
    if (entity !== null && entry.block[1] !== entity.number) continue;
    const block = store.records.decode(entry.firstId, entry.block);
    const hidden = expired[block.entity] ?? null;
    for (let at = 0; at < block.count; at++) {
      const record = store.records.inBlock(block, at);
      hidden?.seek(record.id);
      const isVisible = hidden?.id !== record.id && !store.dead.has(record.id);
      if (isVisible && record.id < store.sealed.nextId) yield record;
    }
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

/**
 * A column for each field that is a member of the record itself; what is no plain value is written as JSON.
 */
function* exportCsv(
  store: QueryStore,
  entity: CompiledEntity,
  options: ExportOptions,
): Generator<Uint8Array> {
  const fields = entity.fields.filter(
    ({ path, type }) => path.length === 1 && type !== "pairs" && type !== "json",
  );
  yield Buffer.from(`${fields.map((field) => quoted(field.path[0]!)).join(",")}\r\n`);
  for (const record of visibleRecords(store, entity, options)) {
    yield Buffer.from(`${fields.map((field) => cellOf(field, record)).join(",")}\r\n`);
  }
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
