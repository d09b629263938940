import { nextLineEnd } from "./byte-scan.js";
import { isBlank, LineFramer } from "./lines.js";

const space = 0x20;
const tab = 0x09;
const hash = 0x23;

/**
 * Records are statements of N-Triples or N-Quads, one a line; LF and CR both end a line. Blank lines and
 * comments are none.
 */
export class QuadsFramer extends LineFramer {
  protected override lineEnd(bytes: Uint8Array, words: Int32Array, from: number, to: number): number {
    return nextLineEnd(bytes, words, from, to);
  }

  protected override holdsRecord(bytes: Uint8Array, from: number, to: number): boolean {
    for (let at = from; at < to; at++) {
      const byte = bytes[at]!;
      if (byte !== space && byte !== tab) return byte !== hash && !isBlank(byte);
    }
    return false;
  }
}
