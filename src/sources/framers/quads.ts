import { nextLineEnd, wordsOf } from "./byte-scan.js";
import { carriageReturn, type FrameFault, type Framer, newline, tooLarge } from "./framer.js";

const space = 0x20;
const tab = 0x09;
const hash = 0x23;

/**
 * Records are statements of N-Triples or N-Quads, one a line; LF and CR both end a line. Blank lines and
 * comments are none.
 */
export class QuadsFramer implements Framer {
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
      let at = nextLineEnd(bytes, words, this.#at, to);
      at < to;
      at = nextLineEnd(bytes, words, border, to)
    ) {
      if (at - border >= this.#bytesMax) {
        this.fault = tooLarge(this.#bytesMax, border);
        return;
      }
      if (holdsStatement(bytes, border, at)) this.records++;
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
    if (holdsStatement(bytes, this.border, to)) this.records++;
    this.border = to;
  }

  finishLead(): null {
    return null;
  }

  beginPass(): void {}

  pass(bytes: Uint8Array, from: number, to: number): number {
    const at = nextLineEnd(bytes, wordsOf(bytes, to), from, to);
    return at === to ? -1 : at + 1;
  }
}

function holdsStatement(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const byte = bytes[at]!;
    if (byte !== space && byte !== tab) return byte !== hash && !isBlank(byte);
  }
  return false;
}

function isBlank(byte: number): boolean {
  return byte === space || byte === newline || byte === carriageReturn || byte === tab;
}
