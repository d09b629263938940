import { existsSync } from "node:fs";
import { join } from "node:path";
import { parseCheckpoint } from "../../src/pipeline/import-state.js";
import { lmdbTarget } from "../../src/targets/lmdb/index.js";

export interface Stage {
  name:
    | "starting"
    | "reading"
    | "preparing"
    | "merging"
    | "settling"
    | "dead records"
    | "rejects"
    | "published";
  /** Bytes of the present source that are committed. */
  offset: number;
}

/**
 * How far the import in a store has come, as its checkpoint says; nobody may be writing it. Before it the store had
 * ids below `nextIdBefore`.
 */
export async function stageOf(store: string, nextIdBefore = 0): Promise<Stage> {
  if (!existsSync(join(store, "plimsoll.json"))) return { name: "starting", offset: 0 };
  await using session = await lmdbTarget(store).open({
    mergeMapping: (stored) => stored!,
    tempDir: null,
    transactionBytes: 1 << 20,
    mappedBytes: 1 << 20,
    signal: new AbortController().signal,
  });
  const text = await session.checkpoint();
  if (text === null) {
    return { name: (session.sealed?.nextId ?? 0) === nextIdBefore ? "starting" : "published", offset: 0 };
  }
  const { phase, cursor, seal } = parseCheckpoint(text);
  if (phase === "read") return { name: "reading", offset: cursor?.offset ?? 0 };
  const names = {
    prepare: "preparing",
    merge: "merging",
    settle: "settling",
    dead: "dead records",
    rejects: "rejects",
  } as const;
  return { name: names[seal?.stage ?? "prepare"], offset: 0 };
}
