import { dgraphElementBytesMax, PlimsollError } from "../../kernel/index.js";
import type { PushDecompressor } from "../bytes/push-bytes.js";
import { NodeStatements, StatementFault } from "./node-statements.js";

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const openList = 0x5b;
const closeList = 0x5d;
const openObject = 0x7b;
const closeObject = 0x7d;
const lineFeed = 0x0a;

/** How much of an object that is turned down is shown. */
const shownCharacters = 2000;

/**
 * Reads a list of objects, each a node with what hangs on it, and hands on what they say as statements of
 * Dgraph's dialect. One object is held at a time, of a bounded size. One that cannot be read as statements
 * is handed on as a line that is none, so that it is turned down where all lines are, and the next goes on;
 * what is no list of objects ends the source.
 */
export class DgraphJsonReader implements PushDecompressor {
  readonly #name: string;
  readonly #onData: (data: Uint8Array) => void;
  readonly #nodes = new NodeStatements();
  /** The parts of the object that is being read. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #depth = 0;
  #isInText = false;
  #isEscaped = false;
  /** What may come: the list, an object or the list's end, a comma or the end, nothing. */
  #awaits: "list" | "object" | "comma" | "nothing" = "list";
  #line = 1;

  constructor(name: string, onData: (data: Uint8Array) => void) {
    this.#name = name;
    this.#onData = onData;
  }

  push(bytes: Uint8Array, isLast: boolean): void {
    let objectAt = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (byte === lineFeed) this.#line++;
      if (this.#depth === 0) {
        if (byte === openObject && this.#awaits === "object") {
          this.#depth = 1;
          objectAt = at;
        } else this.#between(byte);
      } else if (this.#closes(byte)) {
        this.#keep(bytes.subarray(objectAt, at + 1));
        this.#finish();
      }
    }
    // A copy: the bytes are another piece's by the time that the object ends.
    if (this.#depth > 0) this.#keep(Uint8Array.from(bytes.subarray(objectAt)));
    if (isLast && this.#awaits !== "nothing") throw this.#fault("it ends before its list does");
  }

  /** A byte outside of objects. */
  #between(byte: number): void {
    if (byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)) return;
    if (byte === openList && this.#awaits === "list") this.#awaits = "object";
    else if (byte === comma && this.#awaits === "comma") this.#awaits = "object";
    else if (byte === closeList && this.#awaits !== "list" && this.#awaits !== "nothing") {
      this.#awaits = "nothing";
    } else throw this.#fault("a list of objects was expected");
  }

  /** Whether a byte within an object ends it. */
  #closes(byte: number): boolean {
    if (this.#isInText) {
      if (this.#isEscaped) this.#isEscaped = false;
      else if (byte === backslash) this.#isEscaped = true;
      else if (byte === quote) this.#isInText = false;
      return false;
    }
    if (byte === quote) this.#isInText = true;
    else if (byte === openObject || byte === openList) this.#depth++;
    else if (byte === closeObject || byte === closeList) this.#depth--;
    return this.#depth === 0;
  }

  #keep(part: Uint8Array): void {
    this.#partBytes += part.length;
    if (this.#partBytes > dgraphElementBytesMax) {
      throw this.#fault(`an object takes more than ${dgraphElementBytesMax} bytes`);
    }
    this.#parts.push(part);
  }

  #finish(): void {
    const bytes = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#partBytes = 0;
    this.#awaits = "comma";
    this.#onData(Buffer.from(this.#statementsOf(bytes), "utf8"));
  }

  #statementsOf(bytes: Buffer): string {
    try {
      const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
      return this.#nodes.of(text);
    } catch (error) {
      if (!(error instanceof StatementFault || error instanceof SyntaxError || error instanceof TypeError)) {
        throw error;
      }
      const reason = `the object that ends in line ${this.#line}: ${error.message}`;
      const shown = bytes
        .toString("utf8")
        .slice(0, shownCharacters)
        .replaceAll(/[\r\n]+/g, " ");
      return `${JSON.stringify(reason)} ${shown}\n`;
    }
  }

  #fault(reason: string): PlimsollError {
    const details = { source: this.#name, line: this.#line, reason };
    return new PlimsollError("DGRAPH_JSON", details, { place: { source: this.#name, line: this.#line } });
  }
}
