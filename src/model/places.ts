import { type Kernel, placeBytesMax, placeCharsMax } from "../kernel/index.js";
import { valueFlag, valueType } from "./entity-program.js";

/** A point on the earth, in degrees of WGS 84. */
export interface Place {
  longitude: number;
  latitude: number;
}

/** A character as an escape. */
const escapedBytesMax = 6;

const decimal = /^[+-]?\d{1,3}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/;
const pair = /^([^,\s]+)\s*,\s*([^,\s]+)$/;

/**
 * The place that a value is: a point of GeoJSON, its two coordinates, either of them as text (in single
 * quotes too, as Dgraph has it), or a text of latitude and longitude such as "59.9,10.7". Null when it is
 * none.
 */
export function placeOf(value: unknown): Place | null {
  if (typeof value === "string") return value.length > placeCharsMax ? null : placeOfText(value.trim());
  if (Array.isArray(value)) {
    const [longitude, latitude] = value as unknown[];
    return placeAt(latitude, longitude);
  }
  if (typeof value !== "object" || value === null) return null;
  const { type, coordinates } = value as Record<string, unknown>;
  return type === "Point" && Array.isArray(coordinates) ? placeOf(coordinates) : null;
}

/** The place at two values: numbers, or texts of decimal degrees. */
export function placeAt(latitude: unknown, longitude: unknown): Place | null {
  const [north, east] = [degreesOf(latitude, 90), degreesOf(longitude, 180)];
  return north === null || east === null ? null : { longitude: east, latitude: north };
}

function degreesOf(value: unknown, max: number): number | null {
  const isText = typeof value === "string" && value.length <= placeCharsMax && decimal.test(value.trim());
  const degrees =
    isText || typeof value === "number" || typeof value === "bigint" ? Number(value) : Number.NaN;
  return Math.abs(degrees) <= max ? degrees + 0 : null;
}

function placeOfText(text: string): Place | null {
  if (text.startsWith("{") || text.startsWith("["))
    return placeOf(jsonOf(text) ?? jsonOf(text.replaceAll("'", '"')));
  const [, latitude, longitude] = pair.exec(text) ?? [];
  return placeAt(latitude, longitude);
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Places in the order of a curve that fills the map: the earth is halved by longitude and by latitude in
 * turn, 64 times, so that what is in one part of it has one stretch of terms.
 */
export function placeTerm({ longitude, latitude }: Place): bigint {
  const [x, y] = [cellOf(longitude, 180), cellOf(latitude, 90)];
  const high = spread(x >>> 16) * 2 + spread(y >>> 16);
  const low = spread(x & 0xffff) * 2 + spread(y & 0xffff);
  return (BigInt(high) << 32n) | BigInt(low);
}

/** The number of the last of 32 halvings that degrees lie in. */
export function cellOf(degrees: number, max: number): number {
  return Math.min(2 ** 32 - 1, Math.max(0, Math.floor(((degrees + max) / (2 * max)) * 2 ** 32)));
}

/** The lower 16 bits, each in front of a zero. */
function spread(bits: number): number {
  let wide = (bits | (bits << 8)) & 0x00ff00ff;
  wide = (wide | (wide << 4)) & 0x0f0f0f0f;
  wide = (wide | (wide << 2)) & 0x33333333;
  return (wide | (wide << 1)) & 0x55555555;
}

/**
 * The place of a value as a kernel found it: the entry of its list, and for a latitude that of its longitude.
 */
export function placeOfEntry(kernel: Kernel, entry: number, longitude: number): Place | null {
  const value = entryValue(kernel, entry);
  return longitude === 0 ? placeOf(value) : placeAt(value, entryValue(kernel, longitude));
}

/**
 * Long values are none, and are not made values of the heap to see that: what is read of a record is bounded.
 */
function entryValue({ u8, view }: Kernel, entry: number): unknown {
  const [type, flags] = [view.getUint8(entry + 2), view.getUint8(entry + 3)];
  const bytes = u8.subarray(view.getUint32(entry + 4, true), view.getUint32(entry + 8, true));
  if (bytes.length > (type === valueType.string ? placeCharsMax * escapedBytesMax : placeBytesMax))
    return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8");
  if (type === valueType.string) return (flags & valueFlag.escapes) === 0 ? text : JSON.parse(`"${text}"`);
  return JSON.parse(text);
}
