import { type ColumnRules, type FieldType, shapeColumns, shapeRecord } from "../model/index.js";
import { type FieldSample, sampleFields, sampleType } from "./field-sample.js";
import { inferColumns } from "./infer-columns.js";
import { sampleColumns } from "./infer-tables.js";
import { type IndexName, type Mapping, type MappingField, mappingFault } from "./mapping.js";

export interface InferenceSample {
  entityName: string;
  records: readonly Record<string, unknown>[];
  /** All values are text, as the cells of a CSV file are. */
  isText: boolean;
  /** The columns of a table, whose cells the records then are by column; absent for others. */
  columns?: readonly string[];
  /** Every member gets a field, for targets that keep nothing but fields. */
  isRelational?: boolean;
}

export interface InferredMapping {
  mapping: Mapping;
  /** The preset whose shape all the records have: it fits better than what can be inferred. */
  preset: "nostr" | null;
  /** What was decided and from what, for people. */
  notes: string[];
}

const keyNames = ["id", "_id", "uuid", "guid", "key", "@id", "sku"];
const keyTypes: readonly FieldType[] = ["string", "int", "hex"];

/** A name that only ends like a key is believed when this many different values were seen. */
const distinctKeyCountMin = 20;

const exactBytesMax = 64;
const textBytesAverage = 40;

/** Types, key and indexes, judged by the sampled records alone. */
export function inferMapping(sample: InferenceSample): InferredMapping {
  const { entityName, isText } = sample;
  const { records, columns, notes } = shapedSample(sample);
  if (records.length === 0) {
    throw mappingFault(
      "the sample",
      "records",
      "must hold at least one JSON object or row to infer a mapping from (an empty feed needs one, by --mapping)",
    );
  }
  const samples = sampleFields(records, isText);
  const key = inferKey(entityName, samples, records.length, isText);
  const fields = sample.isRelational
    ? relationalFields(records, samples, isText)
    : memberFields(samples, key, isText, columns);
  const count = `${records.length} sampled record${records.length === 1 ? "" : "s"}`;
  notes.push(
    key === null
      ? `${entityName}: no key (no field is named like one and unique in ${count}): nothing is a duplicate`
      : `${entityName}: key "${key}" is unique in ${count}`,
  );
  const preset = records.every(isNostrEvent) ? "nostr" : null;
  const entity = { ...(key === null ? {} : { key }), ...(columns === null ? {} : { columns }), fields };
  return { mapping: { version: 1, entities: { [entityName]: entity } }, preset, notes };
}

function memberFields(
  samples: readonly FieldSample[],
  key: string | null,
  isText: boolean,
  columns: ColumnRules | null,
): Record<string, FieldType | MappingField> {
  const fields: Record<string, FieldType | MappingField> = {};
  for (const field of samples) {
    const name = field.path.join(".");
    if (Object.hasOwn(fields, name)) continue;
    // What pairs hold differs from name to name and from row to row: a guess would turn rows down.
    const isPaired = field.path.length > 1 && Object.hasOwn(columns?.pairs ?? {}, field.path[0]!);
    const type = isPaired ? "string" : sampleType(field, isText);
    const written: MappingField = { type };
    if (field.path.some((member) => member.includes("."))) written.path = field.path;
    const index = name === key ? null : inferIndex(field, type);
    if (index !== null) written.index = index;
    fields[name] = Object.keys(written).length === 1 ? type : written;
  }
  return fields;
}

/** Indexes of tables are those that somebody asks for. */
function relationalFields(
  records: readonly Record<string, unknown>[],
  samples: readonly FieldSample[],
  isText: boolean,
): Record<string, FieldType | MappingField> {
  const columns = sampleColumns(records, samples, isText);
  return Object.fromEntries(
    columns.map(({ name, field }) => [name, Object.keys(field).length === 1 ? field.type : field]),
  );
}

/** The records of a table by the shape that its header and its cells suggest. */
export function shapedSample({ entityName, records, columns = [] }: InferenceSample): {
  records: readonly Record<string, unknown>[];
  columns: ColumnRules | null;
  notes: string[];
} {
  const inferred = inferColumns(columns, records);
  if (inferred === null) return { records, columns: null, notes: [] };
  const nodes = shapeColumns(columns, inferred.rules);
  const cellsOf = (record: Record<string, unknown>) =>
    columns.map((column) => (record[column] ?? null) as string);
  return {
    records: records.map((record) => shapeRecord(nodes, cellsOf(record))),
    columns: inferred.rules,
    notes: inferred.notes.map((note) => `${entityName}: ${note}`),
  };
}

/** Whether a record has the shape of a Nostr event (NIP-01). */
export function isNostrEvent(record: Record<string, unknown>): boolean {
  const { id, pubkey, sig, kind, created_at: createdAt, tags, content } = record;
  const isHex = (value: unknown, length: number) =>
    typeof value === "string" && value.length === length && /^[0-9a-f]+$/.test(value);
  const isNumbers = Number.isInteger(kind) && Number.isInteger(createdAt);
  return (
    isNumbers &&
    isHex(id, 64) &&
    isHex(pubkey, 64) &&
    isHex(sig, 128) &&
    Array.isArray(tags) &&
    typeof content === "string"
  );
}

function inferKey(
  entityName: string,
  samples: readonly FieldSample[],
  recordCount: number,
  isText: boolean,
): string | null {
  const isKey = (field: FieldSample) =>
    field.path.length === 1 &&
    !field.isMultiple &&
    field.recordCount === recordCount &&
    field.distinct.size === recordCount &&
    keyTypes.includes(sampleType(field, isText));
  const candidates = samples.filter(isKey).map((field) => field.path[0]!);
  const ranked = candidates
    .map((name) => ({ name, rank: keyRank(name, entityName, recordCount) }))
    .filter(({ rank }) => rank !== null)
    .sort((left, right) => left.rank! - right.rank!);
  return ranked[0]?.name ?? null;
}

/** The lower, the more a name speaks for a key; null when it does not. */
function keyRank(name: string, entityName: string, recordCount: number): number | null {
  const exact = keyNames.indexOf(name.toLowerCase());
  if (exact >= 0) return exact;
  const ending = /^(.+?)(?:[-_](id|uuid|guid|key|sku)|I[Dd]|Uuid|UUID|Key|Sku|SKU)$/.exec(name);
  if (ending === null) return null;
  const subject = letters(ending[1]!);
  const entity = letters(entityName);
  if (subject === entity) return keyNames.length;
  // Prices and stocks have the number of their article, so that it is a key of articles alone.
  if (/sku$/i.test(name)) return entity.endsWith(subject) ? keyNames.length : null;
  return recordCount >= distinctKeyCountMin ? keyNames.length + 1 : null;
}

function letters(name: string): string {
  return name.replace(/[-_.]/g, "").toLowerCase();
}

function inferIndex(field: FieldSample, type: FieldType): IndexName | null {
  if (type === "json") return null;
  if (type === "int" || type === "float" || type === "date") return "range";
  if (type !== "string") return "exact";
  if (field.bytesTotal / field.valueCount > textBytesAverage && field.hasBlank) return "text";
  const isShort = field.bytesMax <= exactBytesMax;
  const isRepeated = field.distinct.size * 2 <= field.valueCount;
  return isShort || isRepeated ? "exact" : null;
}
