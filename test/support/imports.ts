import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MiB } from "../../src/kernel/index.js";
import { compileMapping, mergeMappings, parseMapping } from "../../src/mapping/index.js";
import { resolveLine } from "../../src/memory/index.js";
import type { Checkpoint } from "../../src/pipeline/checkpoint.js";
import { parseCheckpoint } from "../../src/pipeline/import-state.js";
import {
  type ImportPlan,
  type ImportProgress,
  type ImportReport,
  runImport,
} from "../../src/pipeline/index.js";
import { count, exportRecords, type StoreStats, stats, verify } from "../../src/query/index.js";
import { resolveSources } from "../../src/sources/index.js";
import { lmdbTarget, openStoreReader } from "../../src/targets/lmdb/index.js";
import { startPlimsoll } from "./cli.js";

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
  /** Whether the import stopped where the test wants it. */
  isThere: (checkpoint: Checkpoint) => boolean;
  /** Brings a new store to where the import begins. */
  prepare?: () => Promise<void>;
}

const triesMax = 40;

/** Kills imports into new stores, sooner or later, until one has stopped where it is wanted. */
export async function killImport(options: Unfinished): Promise<Checkpoint> {
  const { words, store, cwd, input, isThere } = options;
  let delayMs = 60;
  for (let tries = 0; tries < triesMax; tries++) {
    rmSync(store, { recursive: true, force: true });
    rmSync(`${store}.rejects.jsonl`, { force: true });
    await options.prepare?.();
    const args = ["import", ...words, "--into", store, "--progress", "json"];
    const running = startPlimsoll(args, { cwd, ...(input === undefined ? {} : { input }) });
    await running.told('{"phase"').catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    running.child.kill("SIGKILL");
    const { code, error } = await running.ended;
    if (code !== null && code !== 0) throw new Error(error);
    const checkpoint = await checkpointIn(store);
    if (checkpoint !== null && isThere(checkpoint)) return checkpoint;
    const isLate = code === 0 || checkpoint?.phase === "seal";
    delayMs = isLate ? delayMs * 0.75 : delayMs * 1.3 + 5;
  }
  throw new Error(`no kill of ${triesMax} stopped the import where it is wanted`);
}

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
): Promise<{ lines: string[]; stats: StoreStats; faults: string[] }> {
  await using reader = await openStoreReader(store);
  const pieces = [...exportRecords(reader, { format: "jsonl" })].map((piece) => Buffer.from(piece));
  const lines = Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
  const { firstFaults } = await verify(reader);
  const faults = firstFaults.map((fault) => fault.text);
  return { lines, stats: stats(reader), faults };
}

export async function countHere(store: string, filter: unknown): Promise<number> {
  await using reader = await openStoreReader(store);
  return count(reader, filter);
}

/** Lines of JSON. */
export function jsonl(records: readonly unknown[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join("");
}
