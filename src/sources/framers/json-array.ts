import { PlimsollError } from "../../kernel/index.js";
import { countLines } from "./byte-scan.js";
import { carriageReturn, type FrameFault, type Framer, newline, quote, tooLarge } from "./framer.js";
import { RecordsPath } from "./records-path.js";

const backslash = 0x5c;
const comma = 0x2c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/** Nothing seen yet; in an array; in values one after another, without an array; behind the array. */
type Level = "start" | "array" | "values" | "closed";

/**
 * Records are the elements of an array, or values one after another (a single object is one record). An
 * element that begins with a brace ends where the braces outside strings balance, whatever else is wrong
 * with it, so that one broken element does not take the rest along.
 */
export class JsonArrayFramer implements Framer {
  records = 0;
  border = 0;
  fault: FrameFault | null = null;
  full = false;
  readonly #bytesMax: number;
  #level: Level = "start";
  #recordsMax = 0;
  #at = 0;
  /** Index of the first byte of the element under way, or -1 between elements. */
  #start = -1;
  #element = new Element(0);

  /** What leads to the array; null when it is the input itself. */
  readonly #path: RecordsPath | null;

  constructor(bytesMax: number, recordsAt: readonly string[] | null = null) {
    this.#bytesMax = bytesMax;
    this.#path = recordsAt === null ? null : new RecordsPath(recordsAt);
  }

  lines(bytes: Uint8Array): number {
    return countLines(bytes, this.border);
  }

  state(): unknown {
    return this.#level;
  }

  restore(state: unknown): void {
    this.#level = state as Level;
  }

  lead(bytes: Uint8Array, from: number, to: number): number {
    let start = from;
    if (this.#path !== null && this.#level === "start") {
      start = this.#path.scan(bytes, from, to);
      if (start === -1) return to;
      this.#level = "array";
    }
    // What follows the array belongs to what is around it.
    if (this.#path !== null && this.#level === "closed") return to;
    for (let at = start; at < to; at++) {
      const byte = bytes[at]!;
      if (isSpace(byte)) continue;
      if (this.#level === "start") {
        this.#level = byte === openBracket ? "array" : "values";
        if (this.#level === "values") return at;
      } else if (this.#level === "array" && byte === closeBracket) {
        this.#level = "closed";
        if (this.#path !== null) return to;
      } else if (this.#level !== "array" || byte !== comma) {
        return at;
      }
    }
    return to;
  }

  begin(recordsMax: number): void {
    this.records = 0;
    this.border = 0;
    this.fault = null;
    this.full = false;
    this.#recordsMax = recordsMax;
    this.#at = 0;
    this.#start = -1;
    if (this.#level === "closed") this.fault = garbage;
  }

  scan(bytes: Uint8Array, to: number): void {
    let at = this.#at;
    while (at < to) {
      if (this.#start === -1) {
        at = this.#between(bytes, at, to);
        if (this.full) return;
      } else {
        const end = this.#element.scan(bytes, at, to);
        if (end !== -1 && !this.#endElement(end)) return;
        at = end === -1 ? to : end;
      }
    }
    this.#at = to;
    if (this.#start !== -1 && to - this.#start > this.#bytesMax) {
      this.fault = tooLarge(this.#bytesMax, this.border);
    }
  }

  finish(_bytes: Uint8Array, to: number): void {
    if (this.#start === -1) return;
    if (this.#level === "array") this.#level = "closed";
    this.records++;
    this.border = to;
  }

  finishLead(): FrameFault | null {
    if (this.#path !== null && this.#level === "start") throw new PlimsollError("RECORDS_ABSENT");
    if (this.#level !== "array") return null;
    this.#level = "closed";
    return {
      code: "RECORD_TRUNCATED",
      reason: "the input ends before the array is closed",
      at: 0,
      end: null,
    };
  }

  beginPass(): void {
    this.#start = -1;
  }

  pass(bytes: Uint8Array, from: number, to: number): number {
    if (this.#level === "closed" || from === to) return -1;
    if (this.#start === -1) {
      this.#start = 0;
      this.#element = new Element(bytes[from]!);
    }
    return this.#element.scan(bytes, from, to);
  }

  /** Finds the beginning of the next element; the frame is full at the end of the array. */
  #between(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    while (at < to && (isSpace(bytes[at]!) || (this.#level === "array" && bytes[at] === comma))) at++;
    if (at === to) return to;
    if (this.#level === "array" && bytes[at] === closeBracket) {
      this.full = true;
    } else {
      this.#start = at;
      this.#element = new Element(bytes[at]!);
    }
    return at;
  }

  #endElement(end: number): boolean {
    if (end - this.#start > this.#bytesMax) {
      this.fault = tooLarge(this.#bytesMax, this.border);
      return false;
    }
    this.records++;
    this.border = end;
    this.#start = -1;
    this.full = this.records === this.#recordsMax;
    return !this.full;
  }
}

/** Finds the end of one element in bytes that come piece by piece. */
class Element {
  readonly #open: number;
  readonly #close: number;
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isBegun = false;

  constructor(first: number) {
    this.#open = first;
    this.#close = first === openBrace ? closeBrace : first === openBracket ? closeBracket : 0;
  }

  /** The index after the element's end, or -1 when it goes on behind `to`. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    if (this.#close !== 0) return this.#scanNested(bytes, from, to);
    const isFirst = !this.#isBegun;
    this.#isBegun = true;
    // The first byte belongs to the element whatever it is.
    const at = isFirst && from < to ? from + 1 : from;
    if (this.#open !== quote) return bareEnd(bytes, at, to);
    const end = this.#skipString(bytes, at, to);
    return end === to ? -1 : end + 1;
  }

  #scanNested(bytes: Uint8Array, from: number, to: number): number {
    const open = this.#open;
    const close = this.#close;
    let depth = this.#depth;
    let at = from;
    if (this.#isInString) {
      at = this.#skipString(bytes, at, to);
      if (at === to) return -1;
      this.#isInString = false;
      at++;
    }
    while (at < to) {
      const byte = bytes[at]!;
      if (byte === quote) {
        // Strings that are whole are passed over here, where nothing has to be kept.
        at++;
        let inner = 0;
        for (; at < to; at++) {
          inner = bytes[at]!;
          if (inner === quote) break;
          if (inner === backslash) at++;
        }
        if (at >= to) {
          this.#isInString = true;
          this.#isEscaped = at > to;
          break;
        }
      } else if (byte === open) depth++;
      else if (byte === close && --depth === 0) return at + 1;
      at++;
    }
    this.#depth = depth;
    return -1;
  }

  /** The index of the quote that closes the string, or `to`. */
  #skipString(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    if (this.#isEscaped && at < to) {
      this.#isEscaped = false;
      at++;
    }
    for (; at < to; at++) {
      const byte = bytes[at]!;
      if (byte === quote) return at;
      if (byte === backslash) at++;
    }
    this.#isEscaped ||= at > to;
    return to;
  }
}

function bareEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte === comma || byte === closeBracket || isSpace(byte)) return at;
  }
  return -1;
}

const garbage: FrameFault = {
  code: "JSON_SYNTAX",
  reason: "something follows the end of the array",
  at: 0,
  end: null,
};

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === newline || byte === carriageReturn || byte === 0x09;
}
