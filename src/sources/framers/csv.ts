import { nextNewline, nextNewlineOrQuote, wordsOf } from "./byte-scan.js";
import { carriageReturn, type FrameFault, type Framer, newline, quote, tooLarge } from "./framer.js";

/**
 * Records are rows. A quote opens a quoted cell only as the first byte of a cell. A quoted cell that spans
 * lines and has text right after its closing quote was never closed: that quote opens a later cell.
 */
export class CsvFramer implements Framer {
  records = 0;
  border = 0;
  fault: FrameFault | null = null;
  full = false;
  readonly #bytesMax: number;
  readonly #delimiter: number;
  #recordsMax = 0;
  #lines = 0;
  #at = 0;
  /** Index of the quote that opened the cell, or -1 outside quotes. */
  #quoteAt = -1;
  #quoteLines = 0;
  /** Line breaks within the row at the border. */
  #rowLines = 0;
  #pass: CsvPass;

  constructor(bytesMax: number, delimiter: string) {
    this.#bytesMax = bytesMax;
    this.#delimiter = delimiter.charCodeAt(0);
    this.#pass = new CsvPass(this.#delimiter, bytesMax);
  }

  lines(): number {
    return this.#lines;
  }

  state(): unknown {
    return null;
  }

  restore(): void {}

  lead(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    for (;;) {
      if (bytes[at] === newline && at < to) at++;
      else if (bytes[at] === carriageReturn && bytes[at + 1] === newline && at + 1 < to) at += 2;
      else return at;
    }
  }

  begin(recordsMax: number): void {
    this.records = 0;
    this.border = 0;
    this.fault = null;
    this.full = false;
    this.#recordsMax = recordsMax;
    this.#lines = 0;
    this.#at = 0;
    this.#beginRow();
  }

  scan(bytes: Uint8Array, to: number): void {
    const words = wordsOf(bytes, to);
    let at = nextNewlineOrQuote(bytes, words, this.#at, to);
    while (at < to) {
      if (at - this.border >= this.#bytesMax) {
        this.#stopTooLarge(bytes, to);
        return;
      }
      if (bytes[at] === newline) {
        if (this.#quoteAt >= 0) this.#rowLines++;
        else if (!this.#endRow(bytes, at)) return;
      } else if (this.#quoteAt < 0) {
        if (at === this.border || bytes[at - 1] === this.#delimiter) this.#openQuote(at);
      } else {
        // Whether the quote closes the cell is told by the byte after it.
        if (at + 1 === to) break;
        if (bytes[at + 1] === quote) at++;
        else if (!this.#closeQuote(bytes, at, to)) return;
      }
      at = nextNewlineOrQuote(bytes, words, at + 1, to);
    }
    this.#at = at;
    if (to - this.border > this.#bytesMax) this.#stopTooLarge(bytes, to);
  }

  finish(bytes: Uint8Array, to: number): void {
    const isClosed = this.#quoteAt < 0 || this.#at === to - 1;
    if (!isClosed) {
      this.#stopQuote(bytes, to, "the file ends within the quotes");
      return;
    }
    if (!isEmptyRow(bytes, this.border, to)) this.records++;
    this.border = to;
    this.#lines += this.#rowLines;
  }

  finishLead(): null {
    return null;
  }

  beginPass(): void {
    this.#pass = new CsvPass(this.#delimiter, this.#bytesMax, this.fault?.code === "CSV_QUOTE");
  }

  pass(bytes: Uint8Array, from: number, to: number): number {
    return this.#pass.pass(bytes, from, to);
  }

  #beginRow(): void {
    this.#quoteAt = -1;
    this.#rowLines = 0;
  }

  #endRow(bytes: Uint8Array, at: number): boolean {
    if (!isEmptyRow(bytes, this.border, at)) this.records++;
    this.border = at + 1;
    this.#lines += this.#rowLines + 1;
    this.#beginRow();
    this.full = this.records === this.#recordsMax;
    return !this.full;
  }

  #openQuote(at: number): void {
    this.#quoteAt = at;
    this.#quoteLines = this.#rowLines;
  }

  #closeQuote(bytes: Uint8Array, at: number, to: number): boolean {
    const after = bytes[at + 1];
    const isCellEnd = after === this.#delimiter || after === newline || after === carriageReturn;
    if (!isCellEnd && this.#rowLines > this.#quoteLines) {
      this.#stopQuote(bytes, to, "text follows the closing quote of a cell that spans lines");
      return false;
    }
    this.#quoteAt = -1;
    return true;
  }

  #stopTooLarge(bytes: Uint8Array, to: number): void {
    if (this.#quoteAt < 0) this.fault = tooLarge(this.#bytesMax, this.border);
    else this.#stopQuote(bytes, to, `no closing quote within ${this.#bytesMax} bytes`);
  }

  /** The reject covers the row up to the end of the line on which the quote opened. */
  #stopQuote(bytes: Uint8Array, to: number, reason: string): void {
    const lineEnd = bytes.indexOf(newline, this.#quoteAt);
    const end = lineEnd === -1 || lineEnd >= to ? null : lineEnd + 1;
    this.fault = { code: "CSV_QUOTE", reason, at: this.#quoteAt, end };
  }
}

type PassState = "cellStart" | "plain" | "quoted" | "afterQuote";

/** Passes over one row that is not held. Quotes that stay open for too long count as text from then on. */
class CsvPass {
  readonly #delimiter: number;
  readonly #quotedMax: number;
  #isRaw: boolean;
  #state: PassState = "cellStart";
  #quotedBytes = 0;

  constructor(delimiter: number, quotedMax: number, isRaw = false) {
    this.#delimiter = delimiter;
    this.#quotedMax = quotedMax;
    this.#isRaw = isRaw;
  }

  pass(bytes: Uint8Array, from: number, to: number): number {
    let at = from;
    for (; at < to && !this.#isRaw; at++) {
      const byte = bytes[at]!;
      if (this.#state === "quoted") {
        if (byte === quote) this.#state = "afterQuote";
        this.#isRaw = ++this.#quotedBytes > this.#quotedMax;
      } else if (byte === newline) return at + 1;
      else this.#state = this.#stateAfter(byte);
    }
    const end = nextNewline(bytes, wordsOf(bytes, to), at, to);
    return end === to ? -1 : end + 1;
  }

  #stateAfter(byte: number): PassState {
    if (byte === this.#delimiter) return "cellStart";
    if (byte !== quote || this.#state === "plain") return "plain";
    if (this.#state === "cellStart") this.#quotedBytes = 0;
    return "quoted";
  }
}

function isEmptyRow(bytes: Uint8Array, from: number, to: number): boolean {
  return from === to || (from + 1 === to && bytes[from] === carriageReturn);
}
