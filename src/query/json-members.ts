import { recordMembersMax } from "../kernel/index.js";
import { parseExactJson } from "./exact-json.js";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const bracket = 0x5b;
const bracketEnd = 0x5d;

/** A longer part is searched by the platform, whose call costs about as much as a loop over so many bytes. */
const longPartBytes = 256;

/** Digits that a double holds whatever they are. */
const shortDigits = 15;

/** Where the name and the value of a member begin and end in the text of its object. */
const placeNumbers = 4;

/**
 * The members of an object, found in its text without parsing it: most of a record is not asked about, and
 * what is not parsed need not be thrown away.
 */
export class JsonMembers {
  readonly #text: Buffer;
  readonly #places: number[];

  /** Null for what is not an object, or a large one. The text is known to be JSON. */
  static of(text: Buffer): JsonMembers | null {
    const places = memberPlaces(text);
    return places === null ? null : new JsonMembers(text, places);
  }

  private constructor(text: Buffer, places: number[]) {
    this.#text = text;
    this.#places = places;
  }

  /** The value of a member, as `parseExactJson` reads it; undefined when there is none. */
  value(name: string): unknown {
    const at = this.#find(name);
    return at < 0 ? undefined : parsePart(this.#text, this.#places[at + 2]!, this.#places[at + 3]!);
  }

  /** Whether a string of plain ASCII may stand somewhere in a member: where it is spelt otherwise too. */
  mayHold(name: string, ascii: string): boolean {
    const at = this.#find(name);
    if (at < 0) return false;
    const [start, end] = [this.#places[at + 2]!, this.#places[at + 3]!];
    return isWithin(this.#text.indexOf(ascii, start, "latin1"), end) || hasEscape(this.#text, start, end);
  }

  /**
   * The values behind a name of one ASCII letter in the lists of a list; null where the name is another, or
   * one there is spelt otherwise.
   */
  pairs(member: string, name: string): string[] | null {
    const values: string[] = [];
    const isTold = this.#eachPair(member, name, (start, end) => {
      values.push(parsePart(this.#text, start, end) as string);
      return false;
    });
    return isTold === null ? null : values;
  }

  /** Whether a value of plain ASCII is among them; nothing is made of the others. */
  hasPair(member: string, name: string, ascii: string): boolean | null {
    const text = this.#text;
    return this.#eachPair(member, name, (start, end) => {
      if (end - start - 2 === ascii.length) return isSpelt(text, start + 1, ascii);
      return hasEscape(text, start, end) && parsePart(text, start, end) === ascii;
    });
  }

  #eachPair(member: string, name: string, isLast: (start: number, end: number) => boolean): boolean | null {
    if (!isLetter(name)) return null;
    const at = this.#find(member);
    return at >= 0 && eachPair(this.#text, this.#places[at + 2]!, name.charCodeAt(0), isLast);
  }

  /** The last one counts where a name comes twice, as it does for JSON.parse. */
  #find(name: string): number {
    const places = this.#places;
    for (let at = places.length - placeNumbers; at >= 0; at -= placeNumbers) {
      if (this.#isNamed(places[at]!, places[at + 1]!, name)) return at;
    }
    return -1;
  }

  #isNamed(start: number, end: number, name: string): boolean {
    const text = this.#text;
    const length = end - start - 2;
    for (let at = 0; at < length; at++) {
      const byte = text[start + 1 + at]!;
      if (byte === backslash || byte >= 0x80) return parsePart(text, start, end) === name;
      if (byte !== name.charCodeAt(at)) return false;
    }
    return length === name.length;
  }
}

/** Where an object is taken apart, for `recordMembersMax` of them. */
const places: number[] = [];

function memberPlaces(text: Buffer): number[] | null {
  let at = afterSpace(text, 0);
  if (text[at] !== 0x7b) return null;
  let count = 0;
  at = afterSpace(text, at + 1);
  while (text[at] === quote) {
    const nameEnd = stringEnd(text, at);
    const start = afterSpace(text, afterSpace(text, nameEnd) + 1);
    const end = valueEnd(text, start);
    if (count === recordMembersMax * placeNumbers) return null;
    places[count++] = at;
    places[count++] = nameEnd;
    places[count++] = start;
    places[count++] = end;
    const behind = afterSpace(text, end);
    at = text[behind] === 0x2c ? afterSpace(text, behind + 1) : behind;
  }
  return text[at] === 0x7d ? places.slice(0, count) : null;
}

function afterSpace(text: Buffer, from: number): number {
  let at = from;
  while (text[at] === 0x20 || text[at] === 0x0a || text[at] === 0x0d || text[at] === 0x09) at++;
  return at;
}

function stringEnd(text: Buffer, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== quote) at += text[at] === backslash ? 2 : 1;
  return at + 1;
}

function valueEnd(text: Buffer, start: number): number {
  if (text[start] === quote) return stringEnd(text, start);
  let at = start;
  let depth = 0;
  while (at < text.length) {
    const byte = text[at]!;
    if (byte === quote) {
      at = stringEnd(text, at);
      continue;
    }
    if (byte === 0x5b || byte === 0x7b) depth++;
    else if (depth === 0) {
      if (byte === comma || byte === 0x7d || byte === bracketEnd || byte <= 0x20) return at;
    } else if ((byte === 0x5d || byte === 0x7d) && --depth === 0) return at + 1;
    at++;
  }
  return at;
}

/** The second values of the lists that begin with a letter, until one of them is the last that is wanted. */
function eachPair(
  text: Buffer,
  start: number,
  letter: number,
  isLast: (start: number, end: number) => boolean,
): boolean | null {
  if (text[start] !== bracket) return false;
  let at = afterSpace(text, start + 1);
  while (text[at] !== bracketEnd) {
    if (text[at] === bracket) {
      const name = afterSpace(text, at + 1);
      if (text[name] === quote) {
        if (text[name + 1] === backslash) return null;
        const isNamed = text[name + 1] === letter && text[name + 2] === quote;
        const second = isNamed ? secondString(text, name + 3) : -1;
        if (second >= 0 && isLast(second, stringEnd(text, second))) return true;
      }
    }
    at = afterSpace(text, valueEnd(text, at));
    if (text[at] === comma) at = afterSpace(text, at + 1);
    else if (text[at] !== bracketEnd) return null;
  }
  return false;
}

/** Where the string begins that comes behind the first value of a list; -1 for whatever else there is. */
function secondString(text: Buffer, firstEnd: number): number {
  const mark = afterSpace(text, firstEnd);
  if (text[mark] !== comma) return -1;
  const start = afterSpace(text, mark + 1);
  return text[start] === quote ? start : -1;
}

function isLetter(name: string): boolean {
  return /^[A-Za-z]$/.test(name);
}

function isSpelt(text: Buffer, start: number, ascii: string): boolean {
  for (let at = 0; at < ascii.length; at++) if (text[start + at] !== ascii.charCodeAt(at)) return false;
  return true;
}

function parsePart(text: Buffer, start: number, end: number): unknown {
  if (text[start] === quote) {
    if (!hasEscape(text, start, end)) return text.toString("utf8", start + 1, end - 1);
  } else if (end - start <= shortDigits) {
    const number = digitsOf(text, start, end);
    if (number >= 0) return number;
  }
  return parseExactJson(text.toString("utf8", start, end));
}

function hasEscape(text: Buffer, start: number, end: number): boolean {
  if (end - start > longPartBytes) return isWithin(text.indexOf(backslash, start), end);
  for (let at = start; at < end; at++) if (text[at] === backslash) return true;
  return false;
}

function isWithin(at: number, end: number): boolean {
  return at >= 0 && at < end;
}

/** A whole number of a few digits; -1 for whatever else there is. */
function digitsOf(text: Buffer, start: number, end: number): number {
  let number = 0;
  for (let at = start; at < end; at++) {
    const digit = text[at]! - 0x30;
    if (digit < 0 || digit > 9) return -1;
    number = number * 10 + digit;
  }
  return start < end ? number : -1;
}
