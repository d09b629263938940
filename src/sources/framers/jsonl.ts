import { isBlank, LineFramer } from "./lines.js";

const space = 0x20;

/** Records are lines; a line of spaces, tabs and CR alone is none. */
export class JsonlFramer extends LineFramer {
  protected override holdsRecord(bytes: Uint8Array, from: number, to: number): boolean {
    if (from < to && bytes[from]! > space) return true;
    for (let at = from; at < to; at++) if (!isBlank(bytes[at]!)) return true;
    return false;
  }
}
