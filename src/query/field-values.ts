import { type CompiledEntity, type CompiledField, type Place, placeAt, placeOf } from "../model/index.js";
import type { Comparable, ValueTest } from "./filter-ast.js";
import type { LiveRecord } from "./live-record.js";
import { narrow } from "./numbers.js";
import type { QueryTerms } from "./query-terms.js";

const i64Max = 2n ** 63n - 1n;
const i64Min = -(2n ** 63n);

const examples: Record<CompiledField["type"], string> = {
  string: 'Write a string such as "rust"',
  int: "Write a whole number such as 42, or its digits as a string",
  float: "Write a number such as 1.5",
  bool: "Write true or false",
  date: 'Write an ISO 8601 date such as "2024-05-01" or "2024-05-01T12:00:00Z", or milliseconds since 1970',
  hex: 'Write hexadecimal digits such as "9af3"',
  json: "Write a string, a number, true or false",
  pairs: 'Write a string such as "rust"',
};

/** Reads the values of a field from a record, and operands from a filter, as the import reads them. */
export class FieldReader {
  readonly #terms: QueryTerms;

  constructor(terms: QueryTerms) {
    this.#terms = terms;
  }

  /** Values of the field in the form they are compared in, in source order. */
  values(field: CompiledField, record: LiveRecord): Comparable[] {
    const values: Comparable[] = [];
    for (const raw of rawValues(field, record)) {
      if (field.predicate !== undefined) {
        const value = typeof raw === "string" ? this.#terms.literal(field.type, raw) : undefined;
        if (value !== undefined) values.push(value);
        continue;
      }
      // A number in a field of strings counts as the text it was written in, which the parsed value has lost.
      if (field.type === "string" && typeof raw !== "string") return this.texts(field, record);
      const value = this.#comparable(field, raw);
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /**
   * Whether one of the values meets the test. Most conditions ask for one plain member, of which nothing is
   * made.
   */
  meets(field: CompiledField, test: ValueTest, record: LiveRecord): boolean {
    const plain = plainMember(field, record);
    if (plain === undefined || (field.type === "string" && typeof plain !== "string")) {
      for (const value of this.values(field, record)) if (meets(test, value)) return true;
      return false;
    }
    const value = this.#comparable(field, plain);
    return value !== undefined && meets(test, value);
  }

  /** The first of the values. */
  first(field: CompiledField, record: LiveRecord): Comparable | undefined {
    const plain = plainMember(field, record);
    if (plain === undefined || field.type === "string") return this.values(field, record)[0];
    return this.#comparable(field, plain);
  }

  /** Values as texts, numbers as they are written. */
  texts(field: CompiledField, record: LiveRecord): string[] {
    const raws = rawValues(field, record);
    // Integers have one form; whatever else is no string must be looked up in the text.
    const isPlain = raws.every((raw) => typeof raw === "string" || field.type === "int");
    if (isPlain) return raws.map(String);
    return literalsAt(field, record).filter((raw) => typeof raw === "string");
  }

  /** Values of the pairs with this name. */
  pairValues(field: CompiledField, name: string, record: LiveRecord): string[] {
    const [member, ...deeper] = field.path;
    if (member !== undefined && deeper.length === 0 && record.isReadByMember) {
      const values = record.memberPairs(member, name);
      if (values !== null) return values;
    }
    return pairEntries(field, record)
      .filter((entry) => entry.name === name)
      .map((entry) => entry.value);
  }

  /** Whether a pair with this name has a value that meets the test; without one, whether there is any. */
  meetsPair(field: CompiledField, name: string, test: ValueTest | null, record: LiveRecord): boolean {
    const [member] = field.path;
    const wanted = test === null ? null : onlyText(test);
    if (wanted !== null && member !== undefined && field.path.length === 1 && record.isReadByMember) {
      const isThere = record.memberHasPair(member, name, wanted);
      if (isThere !== null) return isThere;
    }
    const values = this.pairValues(field, name, record);
    if (test === null) return values.length > 0;
    for (const value of values) if (meets(test, value)) return true;
    return false;
  }

  /** Places of the field; the first latitude and the first longitude make one where each has a field. */
  places(entity: CompiledEntity, field: CompiledField, record: LiveRecord): Place[] {
    const slot = field.indexes.find(({ kind }) => kind === "place")?.longitudeSlot;
    if (slot === undefined) return rawValues(field, record).flatMap((raw) => placeOf(raw) ?? []);
    const [latitude] = rawValues(field, record);
    const [longitude] = rawValues(entity.fields[slot]!, record);
    return [placeAt(latitude, longitude) ?? []].flat();
  }

  exists(field: CompiledField, record: LiveRecord): boolean {
    return rawValues(field, record).length > 0;
  }

  /** A value of a filter in comparable form; undefined when it does not fit the field. */
  operand(field: CompiledField, value: unknown): Comparable | undefined {
    if (field.type === "int" && typeof value === "string") {
      return /^-?\d{1,400}$/.test(value) ? narrow(BigInt(value)) : undefined;
    }
    if (field.type === "pairs") return typeof value === "string" ? value : undefined;
    if (field.predicate !== undefined && field.type === "date" && typeof value === "string") {
      return this.#terms.literal("date", value);
    }
    if (field.type === "hex" && !(typeof value === "string" && /^[0-9a-f]*$/i.test(value))) return undefined;
    if (field.type === "string" && (typeof value === "number" || typeof value === "bigint"))
      return String(value);
    return this.#comparable(field, value);
  }

  example(field: CompiledField): string {
    return examples[field.type];
  }

  tokens(text: string): string[] {
    return this.#terms.tokens(text);
  }

  #comparable(field: CompiledField, raw: unknown): Comparable | undefined {
    switch (field.type) {
      case "string":
        return typeof raw === "string" ? raw : undefined;
      case "hex":
        return typeof raw === "string" ? raw.toLowerCase() : undefined;
      case "int":
        if (typeof raw === "bigint") return narrow(raw);
        return Number.isInteger(raw) ? narrow(BigInt(raw as number)) : undefined;
      case "float":
        if (typeof raw === "bigint") return Number(raw);
        return typeof raw === "number" ? raw + 0 : undefined;
      case "bool":
        return typeof raw === "boolean" ? Number(raw) : undefined;
      case "date":
        return this.#dateMilliseconds(raw);
      case "json":
        return typeof raw === "boolean" ? String(raw) : scalar(raw);
      case "pairs":
        return undefined;
    }
  }

  /** A number stands for itself; a fraction of a millisecond is cut off. */
  #dateMilliseconds(raw: unknown): Comparable | undefined {
    if (typeof raw === "bigint") return narrow(raw);
    if (typeof raw === "number") return narrow(BigInt(Math.trunc(raw)));
    return typeof raw === "string" ? this.#terms.dateMilliseconds(raw) : undefined;
  }
}

/** The integer held to 64 bits, as the index holds it. */
export function saturate(value: number | bigint): bigint {
  const whole = BigInt(value);
  return whole > i64Max ? i64Max : whole < i64Min ? i64Min : whole;
}

export function meets(test: ValueTest, value: Comparable): boolean {
  if (test.anyOf !== null && !test.anyOf.includes(value)) return false;
  if (test.prefix !== null && !(typeof value === "string" && value.startsWith(test.prefix))) return false;
  if (test.contains !== null && !(typeof value === "string" && value.includes(test.contains))) return false;
  if (test.lower !== null) {
    const order = compareValues(value, test.lower.value);
    if (order < 0 || (order === 0 && !test.lower.isInclusive)) return false;
  }
  if (test.upper !== null) {
    const order = compareValues(value, test.upper.value);
    if (order > 0 || (order === 0 && !test.upper.isInclusive)) return false;
  }
  return test.pattern === null || (typeof value === "string" && test.pattern.matches(value));
}

/** Numbers by value, text by code points, which is the order of its UTF-8 bytes. */
export function compareValues(left: Comparable, right: Comparable): number {
  if (typeof left === "string" && typeof right === "string") return compareText(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function compareText(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at);
    const b = right.charCodeAt(at);
    if (a !== b) return fixedUnit(a) - fixedUnit(b);
  }
  return left.length - right.length;
}

/** Surrogates stand for the code points above all others, though their units lie below U+E000. */
function fixedUnit(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** The value of a field that is a member with a plain value; undefined for whatever else there is. */
function plainMember(field: CompiledField, record: LiveRecord): unknown {
  const [name] = field.path;
  if (name === undefined || field.path.length > 1 || field.predicate !== undefined) return undefined;
  if (!record.isReadByMember) return undefined;
  const value = record.member(name);
  return typeof value === "object" ? undefined : value;
}

const plainText = /^[ !#-[\]-~]*$/;

/** What a test asks for, when that is one text which is the same in a record. */
function onlyText(test: ValueTest): string | null {
  const [value, ...others] = test.anyOf ?? [];
  const isOnly = typeof value === "string" && others.length === 0 && plainText.test(value);
  const { prefix, contains, lower, upper, pattern } = test;
  const isMore = prefix ?? contains ?? lower ?? upper ?? pattern;
  return isOnly && isMore === null ? value : null;
}

const predicatePath = ["predicate"];

/** Values at the field's path that are not null; arrays on the way and at its end are transparent. */
function rawValues(field: CompiledField, record: LiveRecord): unknown[] {
  if (field.predicate !== undefined) {
    const [predicate] = valuesAt(predicatePath, record, false);
    if (predicate !== field.predicate.iri) return [];
  }
  return valuesAt(field.path, record, field.type === "json");
}

/** The same of any path; a whole value is one that is an array, too. */
function valuesAt(path: string[], record: LiveRecord, isWhole: boolean): unknown[] {
  const values: unknown[] = [];
  const [name] = path;
  if (name !== undefined && record.isReadByMember) collect(record.member(name), path, 1, isWhole, values);
  else collect(record.value, path, 0, isWhole, values);
  return values;
}

/** Every number and boolean as the text it is written in. */
function literalsAt(field: CompiledField, record: LiveRecord): unknown[] {
  const values: unknown[] = [];
  collect(record.literals, field.path, 0, field.type === "json", values);
  return values;
}

function collect(value: unknown, path: string[], depth: number, isWhole: boolean, values: unknown[]): void {
  if (value === null || value === undefined) return;
  if (depth === path.length && (isWhole || !Array.isArray(value))) {
    values.push(value);
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) collect(item, path, depth, isWhole, values);
    return;
  }
  const name = path[depth]!;
  if (typeof value !== "object" || !Object.hasOwn(value, name)) return;
  collect((value as Record<string, unknown>)[name], path, depth + 1, isWhole, values);
}

/** Entries that have a term: the name is one ASCII letter, the value a string. */
export function pairEntries(field: CompiledField, record: LiveRecord): { name: string; value: string }[] {
  const entries: { name: string; value: string }[] = [];
  for (const list of valuesAt(field.path, record, true)) {
    if (!Array.isArray(list)) continue;
    for (const entry of list as unknown[]) {
      if (!Array.isArray(entry)) continue;
      const [name, value] = entry as unknown[];
      if (typeof name !== "string" || !/^[A-Za-z]$/.test(name) || typeof value !== "string") continue;
      entries.push({ name, value });
    }
  }
  return entries;
}

const wholeNumber = /^0*(\d{1,20})$|^0*[1-9]\d*$/;
const termMax = 2n ** 64n - 1n;

/** The second of the first pair called "expiration", if it is a whole number; held to 64 bits. */
export function expirationSeconds(field: CompiledField, record: LiveRecord): bigint | undefined {
  const [member] = field.path;
  // Nearly no record has one, and its pairs need not be parsed to know that.
  if (member !== undefined && record.isReadByMember && !record.memberMayHold(member, "expiration")) {
    return undefined;
  }
  for (const list of valuesAt(field.path, record, true)) {
    if (!Array.isArray(list)) continue;
    const first = (list as unknown[]).find((entry) => Array.isArray(entry) && entry[0] === "expiration");
    if (first === undefined) continue;
    const value = (first as unknown[])[1];
    const found = typeof value === "string" ? wholeNumber.exec(value) : null;
    if (found === null) return undefined;
    const seconds = found[1] === undefined ? termMax : BigInt(found[1]);
    return seconds > termMax ? termMax : seconds;
  }
  return undefined;
}

function scalar(raw: unknown): Comparable | undefined {
  return typeof raw === "string" || typeof raw === "number" || typeof raw === "bigint" ? raw : undefined;
}
