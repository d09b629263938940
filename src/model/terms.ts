import { type Kernel, PlimsollError, termTextBytesMax } from "../kernel/index.js";
import type { FieldType } from "./compiled-mapping.js";
import { fieldTypeNumber, valueFlag, valueType } from "./entity-program.js";
import { installUnicodeTables, unicodeTablesBytes } from "./unicode-tables.js";

export interface Token {
  /** As it stands in the index: lower-case, cut to its bound. */
  text: string;
  term: bigint;
}

/** A part of a key in the type of its field. */
export interface KeyPartValue {
  type: FieldType;
  value: string | number | bigint | boolean;
}

/** In front of a text: room for the name of a pair. */
const headBytes = 16;
const outBytes = 96;
const slackBytes = 64;
const signBit = 1n << 63n;

/** Terms of values outside of records, by the same kernel that makes those of records. */
export class TermEncoder {
  readonly #kernel: Kernel;
  readonly #out: number;
  readonly #text: number;
  readonly #textBytesMax: number;

  /** Takes `bytesNeeded` of the kernel's memory. */
  constructor(kernel: Kernel, textBytesMax = termTextBytesMax) {
    installUnicodeTables(kernel);
    this.#kernel = kernel;
    this.#textBytesMax = textBytesMax;
    this.#out = kernel.alloc(outBytes);
    this.#text = kernel.alloc(headBytes + textBytesMax + slackBytes) + headBytes;
  }

  static bytesNeeded(kernel: Kernel, textBytesMax = termTextBytesMax): number {
    return unicodeTablesBytes(kernel) + outBytes + headBytes + textBytesMax + slackBytes + 32;
  }

  /** Strings, and hex in lower case. */
  exact(text: string): bigint {
    this.#kernel.exports.termExact(this.#text, this.#put(text), this.#out);
    return this.#term();
  }

  prefix(text: string): bigint {
    this.#kernel.exports.termPrefix(this.#text, this.#put(text), this.#out);
    return this.#term();
  }

  /** The name is one ASCII letter. */
  pair(name: string, value: string): bigint {
    this.#kernel.exports.termPair(name.charCodeAt(0), this.#text, this.#put(value), this.#out);
    return this.#term();
  }

  /**
   * The value of a field of type int, float, bool or date. Integers may be given as their digits, dates as
   * ISO 8601.
   */
  number(type: FieldType, value: unknown): bigint {
    const term = this.numberIfFits(type, value);
    if (term === undefined) throw new PlimsollError("VALUE_TYPE", { value: String(value), type });
    return term;
  }

  numberIfFits(type: FieldType, value: unknown): bigint | undefined {
    const json = literalOf(type, value);
    if (json === undefined) return undefined;
    const end = this.#put(json.text);
    const field = fieldTypeNumber[type];
    const { exports } = this.#kernel;
    if (exports.termNumber(field, json.type, json.flags, this.#text, end, this.#out) === 0) return undefined;
    return this.#term();
  }

  /** Milliseconds since 1970 of an ISO 8601 date; undefined when it is none. */
  dateMilliseconds(text: string): number | undefined {
    const term = this.numberIfFits("date", text);
    return term === undefined ? undefined : Number(BigInt.asIntN(64, term ^ signBit));
  }

  tokens(text: string): Token[] {
    const { exports, u8 } = this.#kernel;
    const tokens: Token[] = [];
    exports.textOpen(this.#text, this.#put(text), 0);
    for (;;) {
      const bytes = exports.termToken(this.#out);
      if (bytes === 0) return tokens;
      const start = this.#out + 8;
      tokens.push({ text: decoder.decode(u8.subarray(start, start + bytes)), term: this.#term() });
    }
  }

  /** The text in lower case, as UTF-8, code point by code point. */
  folded(text: string): Buffer {
    const { exports, u8 } = this.#kernel;
    const pieces: Uint8Array[] = [];
    exports.trigramsOpen(this.#text, this.#put(text), 0);
    for (let bytes = exports.foldNext(); bytes > 0; bytes = exports.foldNext()) {
      const start = exports.foldedStretch();
      pieces.push(u8.slice(start, start + bytes));
    }
    return Buffer.concat(pieces);
  }

  /** The bytes of a key, as key entries hold them; undefined when a hex part is none. */
  keyBytes(parts: readonly KeyPartValue[]): Uint8Array | undefined {
    const pieces: Uint8Array[] = [];
    for (const part of parts) {
      const bytes = partBytes(part);
      if (bytes === undefined) return undefined;
      if (parts.length > 1) pieces.push(varint(bytes.length));
      pieces.push(bytes);
    }
    return Buffer.concat(pieces);
  }

  /** Hash of a key in a key space, its role bit clear. */
  keyHash(keyspace: number, key: Uint8Array): bigint {
    this.#kernel.u8.set(key, this.#text);
    return BigInt.asUintN(64, this.#kernel.exports.keyHash(keyspace, this.#text, key.length));
  }

  /** Writes a text and returns its end. */
  #put(text: string): number {
    const bytes = encodeText(text);
    if (bytes.length > this.#textBytesMax) {
      throw new PlimsollError("TEXT_TOO_LONG", { bytes: bytes.length, bytesMax: this.#textBytesMax });
    }
    this.#kernel.u8.set(bytes, this.#text);
    return this.#text + bytes.length;
  }

  #term(): bigint {
    return this.#kernel.view.getBigUint64(this.#out, true);
  }
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** UTF-8; a lone surrogate becomes the three bytes that the kernels make of its escape. */
function encodeText(text: string): Uint8Array {
  if (!/\p{Surrogate}/u.test(text)) return encoder.encode(text);
  const pieces: Uint8Array[] = [];
  for (const part of text.split(/(\p{Surrogate})/u)) {
    const unit = part.charCodeAt(0);
    const isLone = part.length === 1 && unit >= 0xd800 && unit < 0xe000;
    pieces.push(
      isLone ? Uint8Array.of(0xed, 0x80 | ((unit >> 6) & 63), 0x80 | (unit & 63)) : encoder.encode(part),
    );
  }
  return Buffer.concat(pieces);
}

/** How a value would stand in a record, with the type and flags that the scanner would give it. */
function literalOf(
  type: FieldType,
  value: unknown,
): { text: string; type: number; flags: number } | undefined {
  if (typeof value === "boolean") {
    return { text: String(value), type: valueType.bool, flags: value ? valueFlag.true : 0 };
  }
  if (typeof value === "bigint")
    return { text: String(value), type: valueType.number, flags: valueFlag.integer };
  if (typeof value === "number") {
    if (Number.isInteger(value)) return literalOf(type, BigInt(value));
    if (Number.isNaN(value)) return undefined;
    // JSON has no infinity, but numbers so large that they become it.
    const text = Number.isFinite(value) ? String(value) : value > 0 ? "1e999" : "-1e999";
    return { text, type: valueType.number, flags: 0 };
  }
  if (typeof value !== "string") return undefined;
  if (type === "date") return { text: value, type: valueType.string, flags: 0 };
  if (type === "int" && /^-?\d+$/.test(value))
    return { text: value, type: valueType.number, flags: valueFlag.integer };
  return undefined;
}

function partBytes({ type, value }: KeyPartValue): Uint8Array | undefined {
  if (type !== "hex") return encodeText(Object.is(value, -0) ? "0" : String(value));
  const text = String(value);
  return text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text) ? Buffer.from(text, "hex") : undefined;
}

function varint(value: number): Uint8Array {
  return value < 0x80 ? Uint8Array.of(value) : Uint8Array.of((value & 0x7f) | 0x80, value >> 7);
}
