import { closeSync, openSync, readSync } from "node:fs";
import { rejectLineBytesMax } from "../kernel/index.js";
import type { RejectLine } from "../pipeline/index.js";

/** The first rejects of some sources in a rejects file, as examples of what it holds. */
export function readRejects(
  path: string | null,
  sources: readonly string[] | null,
  countMax: number,
): RejectLine[] {
  if (path === null) return [];
  const found: RejectLine[] = [];
  try {
    for (const line of linesOf(path)) {
      const reject = JSON.parse(line) as RejectLine;
      if (sources === null || sources.includes(reject.source ?? "")) found.push(reject);
      if (found.length === countMax) break;
    }
  } catch {
    // Examples are no reason to fail: rejects may have gone to a pipe.
  }
  return found;
}

/** Whole lines, with no more than one and a half buffers held. */
function* linesOf(path: string): Generator<string> {
  const buffer = Buffer.allocUnsafe(rejectLineBytesMax);
  const file = openSync(path, "r");
  try {
    let held = 0;
    for (;;) {
      const read = readSync(file, buffer, held, buffer.length - held, null);
      if (read === 0) return;
      held += read;
      let start = 0;
      for (let end = buffer.indexOf(10, start); end >= 0 && end < held; end = buffer.indexOf(10, start)) {
        yield buffer.toString("utf8", start, end);
        start = end + 1;
      }
      if (start === 0 && held === buffer.length) return;
      buffer.copyWithin(0, start, held);
      held -= start;
    }
  } finally {
    closeSync(file);
  }
}
