import { csvHeaderBytesMax, KiB, PlimsollError } from "../kernel/index.js";
import { splitRow } from "./csv-row.js";
import type { TextSession } from "./text-session.js";

/** Takes the first row of a session as its header; a file without any row has no columns. */
export async function readHeader(session: TextSession, source: string, delimiter: string): Promise<void> {
  const grow = (bytes: number) => new Uint8Array(Math.min(bytes, csvHeaderBytesMax));
  const read = await session.read(new Uint8Array(16 * KiB), grow, 1);
  const reject = read?.frame.rejects[0];
  if (reject !== undefined) {
    throw new PlimsollError("CSV_HEADER", { source, reason: reject.reason }, { place: reject.place });
  }
  const row = read === null ? "" : new TextDecoder().decode(read.buffer.subarray(0, read.frame.length));
  session.header = { delimiter, columns: read === null ? [] : columnNames(splitRow(row, delimiter)) };
  session.forgetRecords();
}

/** Every column has a name of its own: an empty one gets its number, a repeated one a suffix. */
export function columnNames(cells: readonly string[]): string[] {
  const taken = new Set<string>();
  return cells.map((cell, index) => {
    const base = cell.trim() === "" ? `column_${index + 1}` : cell.trim();
    let name = base;
    for (let number = 2; taken.has(name); number++) name = `${base}_${number}`;
    taken.add(name);
    return name;
  });
}
