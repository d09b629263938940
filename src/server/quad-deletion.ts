import { liveCommitBytes, liveCommitRecords, liveMatchedQuadsMax, PlimsollError } from "../kernel/index.js";
import type { LiveLayer, WriteOutcome } from "../live/index.js";
import type { CompiledEntity } from "../model/index.js";
import { query } from "../query/index.js";
import type { Exchange } from "./exchange.js";

/** `S P * .` or `S * * .`, with a graph or without one. */
const pattern = /^(<[^>]*>|_:\S+)\s+(<[^>]*>|\*)\s+\*\s+(?:(<[^>]*>|_:\S+)\s+)?\.$/;

/** The pattern of all quads that a statement deletes; null for one that names its quad in full. */
export function matchOf(line: Uint8Array): string | null {
  const found = pattern.exec(Buffer.from(line).toString("utf8"));
  if (found === null) return null;
  const [, subject, predicate, graph] = found;
  return `${subject} ${predicate === "*" ? "?" : predicate} ? ${graph ?? ""}`;
}

/**
 * Deletes what matches, commit by commit: each looks for the next ones of those that are left. A bound ends
 * that, since what is gone is passed over each time, and the statement may be sent again.
 */
export async function deleteMatches(
  { store, signal }: Exchange,
  layer: LiveLayer,
  { name: entity }: CompiledEntity,
  match: string,
): Promise<WriteOutcome & { quads: number }> {
  const find = (limit: number, bytesMax: number) =>
    store.use(signal, async (reader, signal) => {
      const found: Uint8Array[] = [];
      let left = bytesMax;
      for (const { bytes } of query(reader, { entity, match, limit }, { signal })) {
        found.push(bytes.slice());
        left -= bytes.length;
        if (left <= 0) break;
      }
      return found;
    });
  let quads = 0;
  for (;;) {
    const found = await find(liveCommitRecords, liveCommitBytes);
    if (found.length === 0) return { state: "deleted", quads };
    if (quads >= liveMatchedQuadsMax) throw tooMany(match);
    await layer.write(found.map((bytes) => ({ entity, isDeletion: true, bytes })));
    quads += found.length;
  }
}

function tooMany(match: string): PlimsollError {
  const mend = "which are deleted: send it again for the rest";
  const what = `${match.trim()} met ${liveMatchedQuadsMax} quads, ${mend}`;
  return new PlimsollError("REQUEST_INVALID", { what });
}
