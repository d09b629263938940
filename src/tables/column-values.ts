import { type RecordView, valueFlag, valueType } from "../model/index.js";
import type { RowPageWriter } from "./row-page.js";
import type { ColumnType } from "./table-plan.js";

/** Bytes of a value's entry in a record's list: see RecordView. */
export const valueEntryBytes = 16;
const startAt = 1;
const endAt = 2;

const intMin = -(2n ** 63n);
const intMax = 2n ** 63n - 1n;
const intPattern = /^-?\d{1,19}$/;
const datePattern =
  /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d+))?)?(?:([Zz])|([+-]\d{2}):?(\d{2}))?)?$/;
/** Digits of which any number is exact. */
const exactDigitsMax = 15;
const minus = 0x2d;
const zero = 0x30;
const quote = 0x22;
const dayBytes = 10;
const dayMs = 86_400_000;
const daysOf400Years = 146_097;
const loneSurrogate = /\p{Surrogate}/u;

/** What a value is put into a page as; the kernel has held it to the type of its field. */
export interface ColumnRule {
  type: ColumnType;
  /** Hex digits are kept in lower case, so that equal keys are equal text. */
  isHex: boolean;
}

/** Puts one value of a record into a page; false when it does not fit the column. */
export function putValue(writer: RowPageWriter, view: RecordView, entry: number, rule: ColumnRule): boolean {
  const type = view.bytes[entry + 2]!;
  const start = view.words[(entry >> 2) + startAt]!;
  const end = view.words[(entry >> 2) + endAt]!;
  switch (rule.type) {
    case "text":
      return putText(writer, view, entry, start, end, rule.isHex);
    case "json":
      return putJson(writer, view, type, start, end);
    case "int":
      return putInt(writer, view, start, end);
    case "float":
      return putFloat(writer, view, start, end);
    case "bool":
      if (type !== valueType.bool) return false;
      writer.putBool((view.bytes[entry + 3]! & valueFlag.true) !== 0);
      return true;
    case "date":
      return putDate(writer, view, entry, type, start, end);
  }
}

/** A string's text without escapes, or the text of a number or truth value; null when it is no Unicode. */
export function textOf(view: RecordView, entry: number): string | null {
  const start = view.words[(entry >> 2) + startAt]!;
  const end = view.words[(entry >> 2) + endAt]!;
  const text = view.bytes.toString("utf8", start, end);
  if ((view.bytes[entry + 3]! & valueFlag.escapes) === 0) return text;
  const plain = JSON.parse(`"${text}"`) as string;
  return loneSurrogate.test(plain) ? null : plain;
}

function putText(
  writer: RowPageWriter,
  view: RecordView,
  entry: number,
  start: number,
  end: number,
  isHex: boolean,
): boolean {
  if (!isHex && (view.bytes[entry + 3]! & valueFlag.escapes) === 0) {
    writer.putText(view.bytes, start, end);
    return true;
  }
  const text = textOf(view, entry);
  if (text === null) return false;
  const bytes = Buffer.from(isHex ? text.toLowerCase() : text, "utf8");
  writer.putText(bytes, 0, bytes.length);
  return true;
}

/** Strings are listed without their quotes. */
function putJson(writer: RowPageWriter, view: RecordView, type: number, start: number, end: number): boolean {
  const isQuoted = type === valueType.string && view.bytes[start - 1] === quote;
  writer.putJson(view.bytes, isQuoted ? start - 1 : start, isQuoted ? end + 1 : end);
  return true;
}

function putInt(writer: RowPageWriter, { bytes }: RecordView, start: number, end: number): boolean {
  if (end - start <= exactDigitsMax) {
    const isNegative = bytes[start] === minus;
    let value = 0;
    for (let at = isNegative ? start + 1 : start; at < end; at += 1) {
      const digit = bytes[at]! - zero;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    writer.putInt(isNegative && value !== 0 ? -value : value);
    return end > (isNegative ? start + 1 : start);
  }
  const text = bytes.toString("latin1", start, end);
  if (!intPattern.test(text)) return false;
  const value = BigInt(text);
  if (value < intMin || value > intMax) return false;
  writer.putBigInt(value);
  return true;
}

/** Minus zero and zero are one value. */
function putFloat(writer: RowPageWriter, { bytes }: RecordView, start: number, end: number): boolean {
  const text = bytes.toString("latin1", start, end);
  const value = Number(text);
  if (!Number.isFinite(value) || text.trim() === "") return false;
  writer.putFloat(value === 0 ? 0 : value);
  return true;
}

/** A number counts milliseconds since 1970. */
function putDate(
  writer: RowPageWriter,
  view: RecordView,
  entry: number,
  type: number,
  start: number,
  end: number,
): boolean {
  const isDay = type === valueType.string && end - start === dayBytes;
  const ms = isDay ? parseDay(view.bytes, start) : parseMoment(view, type, entry);
  if (!isWithinDates(ms)) return false;
  writer.putDate(ms);
  return true;
}

const dateMsMin = Date.UTC(0, 0, 1) - (Date.UTC(1900, 0, 1) - Date.parse("0001-01-01T00:00:00Z"));
const dateMsMax = Date.parse("9999-12-31T23:59:59.999Z");

/** Years of four digits: all that sort alike as text and as dates, and that every database has. */
function isWithinDates(ms: number): boolean {
  return ms >= dateMsMin && ms <= dateMsMax;
}

/** YYYY-MM-DD, which the kernel has found to be a day of the calendar. */
function parseDay(bytes: Buffer, at: number): number {
  const digit = (index: number) => bytes[at + index]! - zero;
  const year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
  const [month, day] = [digit(5) * 10 + digit(6), digit(8) * 10 + digit(9)];
  // Date.UTC takes years below 100 for those of the last century: years repeat themselves every 400.
  return Date.UTC(year + 400, month - 1, day) - daysOf400Years * dayMs;
}

function parseMoment(view: RecordView, type: number, entry: number): number {
  const text = textOf(view, entry) ?? "";
  return type === valueType.number ? Math.trunc(Number(text)) : parseDate(text);
}

/** The same form as the kernel reads: UTC unless a zone is given, digits beyond milliseconds cut off. */
function parseDate(text: string): number {
  const parts = datePattern.exec(text);
  if (parts === null) return Number.NaN;
  const [, day, minutes = "00:00", seconds = "00", fraction = "", , hours, zoneMinutes] = parts;
  const zone = hours === undefined ? "Z" : `${hours}:${zoneMinutes}`;
  return Date.parse(`${day}T${minutes}:${seconds}.${fraction.padEnd(3, "0").slice(0, 3)}${zone}`);
}
