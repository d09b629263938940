import { nextNewline, wordsOf } from "./byte-scan.js";
import { carriageReturn, type FrameFault, type Framer, newline, tooLarge } from "./framer.js";

const space = 0x20;
const tab = 0x09;

/** Records are lines that hold one; what that means is the format's, as is what ends a line. */
export abstract class LineFramer implements Framer {
  records = 0;
  border = 0;
  fault: FrameFault | null = null;
  full = false;
  readonly #bytesMax: number;
  #recordsMax = 0;
  #lines = 0;
  #at = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether the line from `from` to its line break at `to` is a record. */
  protected abstract holdsRecord(bytes: Uint8Array, from: number, to: number): boolean;

  /** Index of the first byte in [from, to) that ends a line, or `to`. */
  protected lineEnd(bytes: Uint8Array, words: Int32Array, from: number, to: number): number {
    return nextNewline(bytes, words, from, to);
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
    while (at < to && isBlank(bytes[at]!)) at++;
    return at;
  }

  begin(recordsMax: number): void {
    this.records = 0;
    this.border = 0;
    this.fault = null;
    this.full = false;
    this.#recordsMax = recordsMax;
    this.#lines = 0;
    this.#at = 0;
  }

  scan(bytes: Uint8Array, to: number): void {
    const words = wordsOf(bytes, to);
    let border = this.border;
    for (
      let at = this.lineEnd(bytes, words, this.#at, to);
      at < to;
      at = this.lineEnd(bytes, words, border, to)
    ) {
      if (at - border >= this.#bytesMax) {
        this.fault = tooLarge(this.#bytesMax, border);
        return;
      }
      if (this.holdsRecord(bytes, border, at)) this.records++;
      border = at + 1;
      this.border = border;
      if (bytes[at] === newline) this.#lines++;
      if (this.records === this.#recordsMax) {
        this.full = true;
        return;
      }
    }
    this.#at = to;
    if (to - border > this.#bytesMax) this.fault = tooLarge(this.#bytesMax, border);
  }

  finish(bytes: Uint8Array, to: number): void {
    if (this.holdsRecord(bytes, this.border, to)) this.records++;
    this.border = to;
  }

  finishLead(): null {
    return null;
  }

  beginPass(): void {}

  pass(bytes: Uint8Array, from: number, to: number): number {
    const at = this.lineEnd(bytes, wordsOf(bytes, to), from, to);
    return at === to ? -1 : at + 1;
  }
}

export function isBlank(byte: number): boolean {
  return byte === space || byte === newline || byte === carriageReturn || byte === tab;
}
