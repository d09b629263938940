import { recordsPathNameBytesMax } from "../../kernel/index.js";
import { quote } from "./framer.js";

const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * What may come next: a value on the way, a name in an object on the way, what follows a name, a value to
 * pass.
 */
type Awaits = "value" | "name" | "colon" | "other";

/** Finds the array that stands at a path of members, in bytes that come piece by piece. */
export class RecordsPath {
  readonly #names: readonly string[];
  #matched = 0;
  #awaits: Awaits = "value";
  /** Open braces and brackets of a value that is passed over. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  /** Bytes of the name under way; null in strings that are values. */
  #name: number[] | null = null;
  /** Whether the path leads nowhere. */
  #isLost = false;

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** The index of the first byte within the array, or -1 when it is not reached before `to`. */
  scan(bytes: Uint8Array, from: number, to: number): number {
    for (let at = from; at < to && !this.#isLost; at++) {
      const byte = bytes[at]!;
      if (this.#isInString) this.#string(byte);
      else if (isSpace(byte)) continue;
      else if (this.#awaits === "value") {
        const isEnd = this.#matched === this.#names.length;
        if (isEnd && byte === openBracket) return at + 1;
        if (isEnd || byte !== openBrace) this.#isLost = true;
        this.#awaits = "name";
      } else if (this.#awaits === "other") this.#pass(byte);
      else this.#member(byte);
    }
    return -1;
  }

  /** A byte between the names and the values of an object on the way. */
  #member(byte: number): void {
    if (this.#awaits === "colon") {
      if (byte !== colon) this.#isLost = true;
      const isOurs = this.#nameText() === this.#names[this.#matched];
      if (isOurs) this.#matched++;
      this.#awaits = isOurs ? "value" : "other";
      this.#name = null;
    } else if (byte === quote) {
      this.#isInString = true;
      this.#name = [];
    } else if (byte !== comma) this.#isLost = true;
  }

  /** A byte of a value that is not on the way. */
  #pass(byte: number): void {
    if (byte === quote) this.#isInString = true;
    else if (byte === openBrace || byte === openBracket) this.#depth++;
    else if (this.#depth === 0 && byte === comma) this.#awaits = "name";
    else if (this.#depth === 0 && byte === closeBrace) this.#isLost = true;
    else if (byte === closeBrace || byte === closeBracket) this.#depth--;
  }

  #string(byte: number): void {
    const isEnd = !this.#isEscaped && byte === quote;
    this.#isEscaped = !this.#isEscaped && byte === backslash;
    if (isEnd) {
      this.#isInString = false;
      if (this.#name !== null) this.#awaits = "colon";
    } else if (this.#name !== null && this.#name.length < recordsPathNameBytesMax) this.#name.push(byte);
  }

  #nameText(): string | null {
    try {
      return JSON.parse(`"${Buffer.from(this.#name ?? []).toString("utf8")}"`) as string;
    } catch {
      return null;
    }
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
