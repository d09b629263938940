import { assert } from "../kernel/index.js";

/**
 * Fifteen digits fit a double whatever they are; from sixteen on an integer may lose its last ones. Only what
 * may stand before a number counts, for many a string of hexadecimal digits has so many decimal ones in a
 * row.
 */
const longDigits = /(?:^|[\s:,[-])\d{16}/;

/**
 * Parses JSON as JSON.parse does, except that integers a double cannot hold come back as BigInt, read from
 * their own digits. Text without such a number goes through the platform's parser.
 */
export function parseExactJson(text: string): unknown {
  const value = JSON.parse(text) as unknown;
  return longDigits.test(text) ? new ExactParser(text, exactValue).parse() : value;
}

/** The same with every number and boolean as the text it is written in. */
export function parseJsonLiterals(text: string): unknown {
  // The platform's parser judges the syntax, so that the walk may take it for granted.
  JSON.parse(text);
  return new ExactParser(text, literalText).parse();
}

function exactValue(literal: string): unknown {
  const value = JSON.parse(literal) as unknown;
  const isLong = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(literal);
  return isLong ? BigInt(literal) : value;
}

function literalText(literal: string): unknown {
  return literal === "null" ? null : literal;
}

type Container = { kind: "array"; items: unknown[] } | { kind: "object"; members: object; name: string };

/** A walk over text already known to be JSON; the stack is explicit because nesting is the input's choice. */
class ExactParser {
  readonly #text: string;
  readonly #read: (literal: string) => unknown;
  readonly #stack: Container[] = [];
  #at = 0;

  constructor(text: string, read: (literal: string) => unknown) {
    this.#text = text;
    this.#read = read;
  }

  parse(): unknown {
    for (;;) {
      const opened = this.#openOrScalar();
      if (opened.pending) continue;
      const done = this.#attach(opened.value);
      if (done !== undefined) return done.value;
    }
  }

  /** Reads a scalar or an empty container, or opens one and leaves the walk at its first member. */
  #openOrScalar(): { pending: boolean; value: unknown } {
    const start = this.#peek();
    if (start === "[") {
      this.#at++;
      if (this.#peek() === "]") {
        this.#at++;
        return { pending: false, value: [] };
      }
      this.#stack.push({ kind: "array", items: [] });
      return { pending: true, value: undefined };
    }
    if (start === "{") {
      this.#at++;
      if (this.#peek() === "}") {
        this.#at++;
        return { pending: false, value: {} };
      }
      this.#stack.push({ kind: "object", members: {}, name: this.#memberName() });
      return { pending: true, value: undefined };
    }
    return { pending: false, value: start === '"' ? this.#string() : this.#literal() };
  }

  /** Puts a value into the open container and closes all that end here; the outermost value ends the walk. */
  #attach(first: unknown): { value: unknown } | undefined {
    let value = first;
    for (;;) {
      const top = this.#stack.at(-1);
      if (top === undefined) return { value };
      if (top.kind === "array") top.items.push(value);
      else define(top.members, top.name, value);
      const mark = this.#peek();
      this.#at++;
      if (mark === ",") {
        if (top.kind === "object") top.name = this.#memberName();
        return undefined;
      }
      this.#stack.pop();
      value = top.kind === "array" ? top.items : top.members;
    }
  }

  #memberName(): string {
    this.#peek();
    const name = this.#string();
    assert(this.#peek() === ":", "a member name is followed by a colon");
    this.#at++;
    return name;
  }

  #string(): string {
    const start = this.#at;
    let end = start + 1;
    while (this.#text.charCodeAt(end) !== 0x22) end += this.#text.charCodeAt(end) === 0x5c ? 2 : 1;
    this.#at = end + 1;
    return JSON.parse(this.#text.slice(start, end + 1)) as string;
  }

  #literal(): unknown {
    const start = this.#at;
    while (this.#at < this.#text.length && !/[\s,\]}]/.test(this.#text[this.#at]!)) this.#at++;
    return this.#read(this.#text.slice(start, this.#at));
  }

  #peek(): string | undefined {
    while (/\s/.test(this.#text[this.#at] ?? "")) this.#at++;
    return this.#text[this.#at];
  }
}

/** An own member even when it is called `__proto__`, as JSON.parse makes it. */
function define(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}
