import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MiB } from "../../src/kernel/index.js";
import { compileMapping, mappingToYaml, mergeMappings, parseMapping } from "../../src/mapping/index.js";
import { resolveLine } from "../../src/memory/index.js";
import type { Checkpoint } from "../../src/pipeline/checkpoint.js";
import { parseCheckpoint } from "../../src/pipeline/import-state.js";
import {
  type ImportPlan,
  type ImportProgress,
  type ImportReport,
  runImport,
} from "../../src/pipeline/index.js";
import { findPreset } from "../../src/presets/index.js";
import {
  count,
  exportRecords,
  type StoreStats,
  stats,
  type VerifyResult,
  verify,
} from "../../src/query/index.js";
import { resolveSources } from "../../src/sources/index.js";
import { lmdbTarget, openStoreReader } from "../../src/targets/lmdb/index.js";
import { projectFile, startPlimsoll } from "./cli.js";

/** What the unfinished import of a store has committed; null when there is none. Nobody may be writing it. */
export async function checkpointIn(store: string): Promise<Checkpoint | null> {
  if (!existsSync(join(store, "plimsoll.json"))) return null;
  await using session = await lmdbTarget(store).open({
    mergeMapping: (stored) => stored!,
    tempDir: null,
    transactionBytes: 1 << 20,
    mappedBytes: 1 << 20,
    signal: new AbortController().signal,
  });
  const text = await session.checkpoint();
  return text === null ? null : parseCheckpoint(text);
}

export interface Unfinished {
  /** Words of the command, `--into` and the store left out. */
  words: readonly string[];
  store: string;
  cwd: string;
  input?: string | Uint8Array;
  /** The call of the target's session behind or before which the process dies. */
  at: { moment: "before" | "after"; verb: string; call: number };
  /** Whether the import stopped where the test wants it. */
  isThere: (checkpoint: Checkpoint) => boolean;
}

/** Kills an import into a new store at a certain call, which is where it is wanted. */
export async function killImport(options: Unfinished): Promise<Checkpoint> {
  const { words, store, cwd, input, at, isThere } = options;
  rmSync(store, { recursive: true, force: true });
  const program = [projectFile("test/support/die-at-verb.js"), at.moment, at.verb, String(at.call)];
  const args = ["import", ...words, "--into", store, "--progress", "none"];
  const { signal, error } = await startPlimsoll(args, {
    cwd,
    program,
    ...(input === undefined ? {} : { input }),
  }).ended;
  if (signal !== "SIGKILL") throw new Error(`it was not killed: ${error}`);
  const checkpoint = await checkpointIn(store);
  if (checkpoint === null || !isThere(checkpoint)) {
    throw new Error(`it was killed elsewhere: ${JSON.stringify(checkpoint)}`);
  }
  return checkpoint;
}

/** Behind a commit in mid-source. */
export const whileReading = { moment: "after", verb: "commit", call: 3 } as const;

export const isReading = (checkpoint: Checkpoint): boolean =>
  checkpoint.phase === "read" && checkpoint.accepted.some((count) => count > 0);

export interface HereOptions {
  cwd: string;
  sources: readonly string[];
  store: string;
  mapping: string;
  plan?: Partial<ImportPlan>;
  /** Bytes of the line above what the process takes already. */
  roomBytes?: number;
  graduality?: number;
  onProgress?: (progress: ImportProgress) => void;
}

/** The import runs in this process: its workers run what was built, the same as the command's. */
export async function importHere(options: HereOptions): Promise<ImportReport> {
  const { signal } = new AbortController();
  const onProgress = options.onProgress ?? (() => {});
  return runImport(await planHere(options), { signal, onProgress, onNotice: () => {} });
}

export async function planHere(options: HereOptions): Promise<ImportPlan> {
  const { cwd, store } = options;
  const wanted = compileMapping(parseMapping(options.mapping, "the test's mapping"));
  const lineBytes = process.memoryUsage.rss() + (options.roomBytes ?? 160 * MiB);
  return {
    sources: await resolveSources(options.sources, { cwd }),
    target: lmdbTarget(store),
    mergeMapping: (stored) => mergeMappings(stored, wanted),
    entityOf: () => wanted.entities[0]!.name,
    memory: { line: resolveLine(String(lineBytes)), graduality: options.graduality ?? 5 },
    threads: 1,
    tempDir: null,
    isRecordChecked: true,
    rejects: { path: `${store}.rejects.jsonl`, isAbort: false, rejectsMax: null, rerun: () => null },
    offset: 0,
    limit: null,
    isFresh: false,
    syncBytes: 1 << 20,
    delayMsMax: 0,
    ...options.plan,
  };
}

/** What can be seen of a store, read in this process: live records, and what a verification finds. */
export async function seenHere(
  store: string,
): Promise<{ lines: string[]; stats: StoreStats; faults: string[]; verified: VerifyResult }> {
  await using reader = await openStoreReader(store);
  const pieces = [...exportRecords(reader, { format: "jsonl" })].map((piece) => Buffer.from(piece));
  const lines = Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
  const verified = await verify(reader);
  const faults = verified.firstFaults.map((fault) => fault.text);
  return { lines, stats: stats(reader), faults, verified };
}

/** Everything that can be seen of a store, for comparison: no times, and no sizes, which depend on the way. */
export async function visibleState(
  store: string,
): Promise<{ lines: string[]; stats: unknown; verified: unknown }> {
  const { lines, stats: found, verified } = await seenHere(store);
  const { bytes: _bytes, segments: _segments, ...seen } = found;
  const { blocks: _blocks, ...checked } = verified;
  const lastImport = seen.lastImport === null ? null : { ...seen.lastImport, sealedAt: "", id: "" };
  return { lines: lines.sort(), stats: { ...seen, lastImport }, verified: checked };
}

export async function countHere(store: string, filter: unknown): Promise<number> {
  await using reader = await openStoreReader(store);
  return count(reader, filter);
}

/** The mapping of events, as a file of it would be. */
export const nostrPreset = mappingToYaml(compileMapping(findPreset("nostr")!));

/** Lines of JSON. */
export function jsonl(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
