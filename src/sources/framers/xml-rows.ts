import { isBlank, LineFramer } from "./lines.js";

const less = 0x3c;
const more = 0x3e;
const slash = 0x2f;
const question = 0x3f;

/**
 * Records are rows, each on a line. Blank lines, the declaration and the tags of the element around the rows
 * are none; any other line is taken for a row, so that the kernel turns it down. It goes by the same rule
 * (kernels/load-xml.ts).
 */
export class XmlRowsFramer extends LineFramer {
  protected override holdsRecord(bytes: Uint8Array, from: number, to: number): boolean {
    let at = blanksEnd(bytes, from, to);
    if (at === to) return false;
    if (bytes[at] === less && bytes[at + 1] === question && at + 1 < to) {
      at = declarationEnd(bytes, at + 2, to);
      if (at === -1) return true;
      if (at === to) return false;
    }
    if (bytes[at] !== less) return true;
    at++;
    if (at < to && bytes[at] === slash) at++;
    const name = at;
    while (at < to && (bytes[at]! | 0x20) - 0x61 >= 0 && (bytes[at]! | 0x20) - 0x61 < 26) at++;
    if (at === name || at === to || bytes[at] !== more) return true;
    return isRow(bytes, name, at) || blanksEnd(bytes, at + 1, to) < to;
  }
}

function isRow(bytes: Uint8Array, from: number, to: number): boolean {
  return to - from === 3 && bytes[from] === 0x72 && bytes[from + 1] === 0x6f && bytes[from + 2] === 0x77;
}

/** Behind `?>` and blanks; -1 when the line ends without it. */
function declarationEnd(bytes: Uint8Array, from: number, to: number): number {
  for (let at = from; at + 1 < to; at++) {
    if (bytes[at] === question && bytes[at + 1] === more) return blanksEnd(bytes, at + 2, to);
  }
  return -1;
}

function blanksEnd(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && isBlank(bytes[at]!)) at++;
  return at;
}
