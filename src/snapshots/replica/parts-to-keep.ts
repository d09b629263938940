import { replicaPartBytesMax } from "../../kernel/index.js";
import type { IdPart } from "./manifest.js";

/**
 * How many of the parts that are there stay as they are when ids come behind them. The last ones that are
 * small against what is new are put together with it, as segments are: each record travels O(log n) times,
 * and there are never many parts.
 */
export function partsToKeep(parts: readonly IdPart[], nextId: number): number {
  let kept = parts.length;
  let ids = nextId - (parts.at(-1)?.endId ?? 0);
  if (ids === 0) return kept;
  while (kept > 0) {
    const part = parts[kept - 1]!;
    const partIds = part.endId - part.firstId;
    if (part.rawBytes * 2 > replicaPartBytesMax || partIds > 2 * ids) break;
    ids += partIds;
    kept--;
  }
  return kept;
}
