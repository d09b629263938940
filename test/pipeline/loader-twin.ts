import type { CompiledEntity, CompiledField, CompiledIndex } from "../../src/model/index.js";
import { exactTwin, floatTwin, integerTwin, tokensTwin, trigramsTwin } from "../kernels/term-twin.js";

/** What a record becomes, computed from JSON.parse by the definitions. */
export interface Twin {
  tuples: string[];
  keys: string[];
  columns: [string, bigint][];
}

/** A number as it is written, which JSON.parse loses: records of the tests hold them as `{ "#": text }` while parsed. */
class Literal {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** Null where the record is rejected, with the code. */
export function recordTwin(entity: CompiledEntity, text: string, id: number): Twin | string {
  const record = parseLiterally(text);
  if (record === undefined) return "JSON_SYNTAX";
  if (typeof record !== "object" || record === null || Array.isArray(record) || record instanceof Literal)
    return "NOT_OBJECT";
  const twin: Twin = { tuples: [], keys: [], columns: [] };
  const keyParts: Buffer[] = [];
  let version: bigint | null = null;
  const missing: string[] = [];
  for (const field of entity.fields) {
    const values = valuesAt(record, field);
    const isKey = entity.keySlots.includes(field.slot);
    if (values.length === 0) {
      if (isKey) missing.push("KEY_MISSING");
      else if (field.required) missing.push("FIELD_MISSING");
      continue;
    }
    if (values.some((value) => !fits(field, value))) return "FIELD_TYPE";
    if (isKey && values.length > 1) return "FIELD_TYPE";
    if (isKey) keyParts[entity.keySlots.indexOf(field.slot)] = keyBytes(field, values[0]);
    for (const index of field.indexes) addTuples(twin, field, index, values, id);
    if (entity.versionSlot === field.slot) version = numberTerm(field, values[0]);
    if (field.linkEntity === null) continue;
    for (const value of values) {
      const bytes = keyBytes(field, value);
      if (bytes.length > 1024) return "KEY_TOO_LONG";
      twin.keys.push(`${field.linkEntity}:1:${id}:null:${bytes.toString("hex")}`);
    }
  }
  if (missing.includes("FIELD_MISSING")) return "FIELD_MISSING";
  if (missing.length > 0) return "KEY_MISSING";
  if (entity.keySlots.length > 0) {
    const key =
      keyParts.length === 1
        ? keyParts[0]!
        : Buffer.concat(keyParts.flatMap((part) => [varint(part.length), part]));
    if (key.length > 1024 || keyParts.some((part) => part.length > 1024)) return "KEY_TOO_LONG";
    twin.keys.push(`${entity.number}:${version === null ? 0 : 2}:${id}:${version}:${key.toString("hex")}`);
  }
  return twin;
}

function addTuples(
  twin: Twin,
  field: CompiledField,
  index: CompiledIndex,
  values: unknown[],
  id: number,
): void {
  const terms: bigint[] = [];
  let payload = 0;
  if (index.kind === "text") {
    const tokens = values.flatMap((value) => tokensTwin(textOf(value)));
    terms.push(...tokens.map((token) => exactTwin(Buffer.from(token))));
    payload = 1 | (Math.min(15, Math.floor(Math.log2(Math.max(1, tokens.length)))) << 4);
  } else if (index.kind === "trigram") {
    terms.push(...values.flatMap((value) => trigramsTwin(textOf(value)).map(exactTwin)));
  } else if (index.kind === "pairs") {
    for (const entry of values.flat(1)) {
      if (!Array.isArray(entry)) continue;
      const [name, value] = entry as unknown[];
      if (typeof name !== "string" || !/^[A-Za-z]$/.test(name) || typeof value !== "string") continue;
      terms.push(exactTwin(Buffer.from(`${name}\0${value}`)));
    }
  } else {
    for (const value of values) terms.push(termOf(field, index, value));
  }
  for (const term of terms) twin.tuples.push(`${index.number}:${term}:${id}:${payload}`);
  if (index.hasColumn) twin.columns.push([`${index.number}:${id}`, terms[0]!]);
}

function termOf(field: CompiledField, index: CompiledIndex, value: unknown): bigint {
  if (index.kind === "number") return numberTerm(field, value);
  const text = field.type === "hex" ? textOf(value).toLowerCase() : textOf(value);
  if (index.kind === "exact") return exactTwin(Buffer.from(text));
  return Buffer.concat([Buffer.from(text).subarray(0, 8), Buffer.alloc(8)])
    .subarray(0, 8)
    .readBigUInt64BE();
}

function numberTerm(field: CompiledField, value: unknown): bigint {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (field.type === "date" && typeof value === "string") return integerTwin(BigInt(Date.parse(value)));
  const text = textOf(value);
  if (field.type === "float") return floatTwin(Number(text));
  if (/^-?\d+$/.test(text)) return integerTwin(BigInt(text));
  return integerTwin(BigInt(Math.trunc(Number(text))));
}

function fits(field: CompiledField, value: unknown): boolean {
  switch (field.type) {
    case "string":
      return typeof value === "string" || typeof value === "boolean" || value instanceof Literal;
    case "int":
      return value instanceof Literal && /^-?\d+$/.test(value.text);
    case "float":
      return value instanceof Literal;
    case "bool":
      return typeof value === "boolean";
    case "date":
      return (
        value instanceof Literal ||
        (typeof value === "string" && /^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(Date.parse(value)))
      );
    case "hex":
      return typeof value === "string" && value.length % 2 === 0 && /^[0-9a-f]*$/i.test(value);
    case "json":
      return true;
    case "pairs":
      return Array.isArray(value);
  }
}

function keyBytes(field: CompiledField, value: unknown): Buffer {
  const text = textOf(value);
  return field.type === "hex"
    ? Buffer.from(text, "hex")
    : Buffer.from(text === "-0" && value instanceof Literal ? "0" : text);
}

function textOf(value: unknown): string {
  return value instanceof Literal ? value.text : String(value);
}

function varint(value: number): Buffer {
  return value < 0x80 ? Buffer.of(value) : Buffer.of((value & 0x7f) | 0x80, value >> 7);
}

/** Values at the path, arrays being transparent; json and pairs are taken whole. */
function valuesAt(record: object, field: CompiledField): unknown[] {
  const isWhole = field.type === "json" || field.type === "pairs";
  let level: unknown[] = [record];
  for (const name of field.path) {
    level = level
      .flatMap((value) => flat(value))
      .flatMap((value) => {
        const isObject = typeof value === "object" && value !== null && !(value instanceof Literal);
        return isObject && Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : [];
      });
  }
  return (isWhole ? level : level.flatMap(flat)).filter((value) => value !== null && value !== undefined);
}

function flat(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flat) : [value];
}

/** JSON.parse with numbers as they are written. */
function parseLiterally(text: string): unknown {
  try {
    JSON.parse(text);
  } catch {
    return undefined;
  }
  const marked = text.replace(
    /("(?:[^"\\]|\\.)*")|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)/g,
    (_, string: string, number: string) => (string === undefined ? `{"#":"${number}"}` : string),
  );
  return JSON.parse(marked, (_, value: unknown) => {
    const isMark = typeof value === "object" && value !== null && Object.keys(value).join() === "#";
    return isMark ? new Literal((value as { "#": string })["#"]) : value;
  });
}
