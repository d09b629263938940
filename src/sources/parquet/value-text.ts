import type { SchemaElement } from "hyparquet";
import type { ParquetLibrary } from "./hyparquet-library.js";

/** A value as JSON; a text that is no UTF-8 has none. */
export type ValueText = string | BadText;

/** What makes its row one that cannot be read. */
export class BadText {
  readonly reason: string;

  constructor(reason: string) {
    this.reason = reason;
  }
}

/** Turns values as they are stored into JSON. Numbers are exact, whatever their size. */
export type ValueWriter = (value: unknown) => ValueText;

const dayMs = 86_400_000;
const julianEpoch = 2_440_588n;
const dayNanos = 86_400_000_000_000n;
const secondsMax = 253_402_300_799n;
const secondsMin = -62_167_219_200n;
const unitDigits = { MILLIS: 3, MICROS: 6, NANOS: 9 } as const;

export function valueWriter(
  element: SchemaElement,
  column: string,
  { parseFloat16 }: ParquetLibrary,
): ValueWriter {
  const { type, converted_type: converted, logical_type: logical } = element;
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const text = (value: unknown): ValueText => {
    try {
      return JSON.stringify(decoder.decode(value as Uint8Array));
    } catch {
      return new BadText(`column "${column}" holds bytes that are not UTF-8`);
    }
  };
  if (converted === "DECIMAL" || logical?.type === "DECIMAL") {
    const scale = (logical?.type === "DECIMAL" ? logical.scale : element.scale) ?? 0;
    return (value) => decimalText(unscaledOf(value), scale);
  }
  if (logical?.type === "TIMESTAMP") {
    const digits = unitDigits[logical.unit];
    const zone = logical.isAdjustedToUTC ? "Z" : "";
    return (value) => timestampText(value as bigint, digits, zone);
  }
  if (converted === "TIMESTAMP_MILLIS") return (value) => timestampText(value as bigint, 3, "Z");
  if (converted === "TIMESTAMP_MICROS") return (value) => timestampText(value as bigint, 6, "Z");
  if (converted === "DATE" || logical?.type === "DATE") return (value) => dateText(value as number);
  if (logical?.type === "TIME") return (value) => timeText(BigInt(value as bigint), unitDigits[logical.unit]);
  if (converted === "TIME_MILLIS") return (value) => timeText(BigInt(value as number), 3);
  if (converted === "TIME_MICROS") return (value) => timeText(BigInt(value as bigint), 6);
  if (type === "INT96") return (value) => timestampText(int96Nanos(value as bigint), 9, "");
  if (isUnsigned(element)) return (value) => unsignedText(value as number | bigint);
  if (type === "FLOAT") return (value) => floatText(value as number);
  if (logical?.type === "FLOAT16")
    return (value) => numberText(parseFloat16(value as Uint8Array) ?? Number.NaN);
  if (type === "DOUBLE") return (value) => numberText(value as number);
  if (converted === "UTF8" || converted === "ENUM") return text;
  if (logical?.type === "STRING" || logical?.type === "ENUM") return text;
  if (converted === "JSON" || logical?.type === "JSON") return (value) => jsonText(text(value));
  if (logical?.type === "UUID") return (value) => uuidText(value as Uint8Array);
  if (converted === "INTERVAL") return (value) => intervalText(value as Uint8Array);
  if (type === "BYTE_ARRAY" || type === "FIXED_LEN_BYTE_ARRAY") {
    return (value) => `"${bufferOf(value as Uint8Array).toString("base64")}"`;
  }
  return String;
}

function isUnsigned({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  if (logical?.type === "INTEGER") return !logical.isSigned;
  return converted?.startsWith("UINT_") ?? false;
}

function unsignedText(value: number | bigint): string {
  if (typeof value === "bigint") return String(BigInt.asUintN(64, value));
  return String(value >>> 0);
}

function unscaledOf(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number | bigint);
  if (value.length === 0) return 0n;
  const magnitude = BigInt(`0x${bufferOf(value).toString("hex")}`);
  return BigInt.asIntN(value.length * 8, magnitude);
}

/** All digits that the scale names, as in the file. */
export function decimalText(unscaled: bigint, scale: number): string {
  if (scale <= 0) return String(unscaled * 10n ** BigInt(-scale));
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  return `${unscaled < 0n ? "-" : ""}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

/** ISO 8601 with the digits of the unit; what lies beyond the years of four digits stays a number. */
function timestampText(value: bigint, digits: number, zone: string): string {
  const unit = 10n ** BigInt(digits);
  const count = BigInt(value);
  const seconds = (count - (((count % unit) + unit) % unit)) / unit;
  if (seconds > secondsMax || seconds < secondsMin) return String(count);
  const part = String(count - seconds * unit).padStart(digits, "0");
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `"${whole}.${part}${zone}"`;
}

function int96Nanos(value: bigint): bigint {
  return ((value >> 64n) - julianEpoch) * dayNanos + BigInt.asUintN(64, value);
}

function dateText(days: number): string {
  const ms = days * dayMs;
  if (ms > Number(secondsMax) * 1000 || ms < Number(secondsMin) * 1000) return String(days);
  return `"${new Date(ms).toISOString().slice(0, 10)}"`;
}

function timeText(value: bigint, digits: number): string {
  const unit = 10n ** BigInt(digits);
  const seconds = Number(value / unit);
  const two = (count: number) => String(Math.floor(count)).padStart(2, "0");
  const part = String(value % unit).padStart(digits, "0");
  return `"${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${part}"`;
}

/** JSON has no NaN, which stands for what is missing; what is infinite is a number beyond all others. */
function numberText(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? "-0.0" : String(value);
  return Number.isNaN(value) ? "null" : `${value < 0 ? "-" : ""}1e999`;
}

/** The shortest digits that are this number among those of its own size. */
function floatText(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return numberText(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}

/** A text that says it is JSON is taken at its word when it is. */
function jsonText(text: ValueText): ValueText {
  if (typeof text !== "string") return text;
  const inner = JSON.parse(text) as string;
  try {
    JSON.parse(inner);
    return inner.replace(/[\r\n]/g, " ");
  } catch {
    return text;
  }
}

function uuidText(bytes: Uint8Array): string {
  const hex = bufferOf(bytes).toString("hex");
  const parts = [0, 8, 12, 16, 20].map((from, part) => hex.slice(from, [8, 12, 16, 20, 32][part]));
  return `"${parts.join("-")}"`;
}

/** Months, days and milliseconds, as a duration of ISO 8601. */
function intervalText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [months, days, ms] = [0, 4, 8].map((at) => view.getUint32(at, true));
  return `"P${months}M${days}DT${decimalText(BigInt(ms!), 3)}S"`;
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
