import { resolve } from "node:path";
import {
  collectGarbage,
  isPlimsollError,
  liveFixedBytes,
  liveMemoryBytesMax,
  liveMemoryBytesMin,
  liveMemoryFraction,
  liveMergeBytesMax,
  liveMergeBytesMin,
  PlimsollError,
} from "../kernel/index.js";
import { type ResolvedLine, resolveLine } from "../memory/index.js";
import type { CompiledMapping } from "../model/index.js";
import { type ImportPlan, type ImportReport, runImport } from "../pipeline/index.js";
import type { LiveImport } from "../ports/index.js";
import { type PreparedImport, prepareImport } from "../preparation/index.js";
import { memorySource } from "../settings/index.js";
import type { CommandHost } from "./host.js";

/** An import whose records are written live, and its report as what became of them says. */
export interface LiveImportCommand {
  prepared: PreparedImport;
  reported: (report: ImportReport) => ImportReport;
  close: () => void;
}

/** How a line is divided between the import, what it writes into, and merges beside them. */
interface LiveBytes {
  layer: number;
  merge: number;
}

export async function prepareLiveImport(host: CommandHost): Promise<LiveImportCommand> {
  const { values } = host;
  const line = resolveLine(values.text("memory") ?? "auto", { requestSource: memorySource(values) });
  if (line.cut !== null) host.note(`${line.cut}: the smaller one is the line.\n`);
  const bytes = liveBytesOf(line);
  const besideBytes = liveFixedBytes + bytes.layer + bytes.merge;
  const prepared = await prepareImport({ ...host, line, besideBytes }, "import");
  const { path } = prepared.target;
  if (path === null) throw usage("--live needs a store: it cannot be a dry run, nor go to null:");
  for (const name of prepared.entityNames) checkRule(prepared.mapping.compiled, name);
  const { target, lock, counts } = await openTarget(host, prepared, path, bytes);
  return {
    prepared: { ...prepared, plan: { ...prepared.plan, target } },
    reported: (report) => reportedWith(report, counts()),
    close: () => lock[Symbol.dispose](),
  };
}

async function openTarget(host: CommandHost, prepared: PreparedImport, path: string, bytes: LiveBytes) {
  const [{ liveTarget }, { recordCheckOf }, lmdb] = await Promise.all([
    import("../live/index.js"),
    import("../presets/index.js"),
    import("../targets/lmdb/index.js"),
  ]);
  const dir = resolve(lmdb.liveDir(path));
  const lock = lockStore(() => lmdb.lockLiveFolder(dir), path);
  let counts: LiveImport["counts"] | null = null;
  let turn: Promise<unknown> = Promise.resolve();
  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work);
    turn = done.catch(() => {});
    return done;
  };
  const target = liveTarget({
    store: prepared.plan.target,
    isDeleting: prepared.plan.isDeleting ?? false,
    onEnd: (ended) => {
      counts = ended;
    },
    storeName: path,
    dir,
    bytesMax: bytes.layer,
    openReader: (onWanted) => lmdb.openStoreReader(path, { onWanted }),
    openSession: () => lmdb.openLiveSession(path),
    exclusively,
    mergeSegments: (numbers) => exclusively(() => mergeSegments(host, prepared, numbers, bytes.merge)),
    checkOf: (mapping) => recordCheckOf(mapping, false),
    note: host.note,
  });
  return { target, lock, counts: () => counts };
}

/** The last segments become one, within the part of the line that was set aside for it. */
async function mergeSegments(
  host: CommandHost,
  { plan, line }: PreparedImport,
  mergedSegments: readonly number[],
  bytes: number,
): Promise<void> {
  if (bytes === 0) return;
  collectGarbage();
  const within = { ...line, bytes: Math.min(line.bytes, process.memoryUsage.rss() + bytes) };
  const merging: ImportPlan = {
    ...plan,
    sources: [],
    mergeMapping: (stored) => stored!,
    memory: { line: within, graduality: plan.memory.graduality },
    threads: 1,
    rejects: { ...plan.rejects, path: null },
    isFresh: false,
    mergedSegments,
  };
  await runImport(merging, { signal: host.signal, onProgress: () => {}, onNotice: () => {} });
}

function liveBytesOf({ bytes }: ResolvedLine): LiveBytes {
  const layer = Math.min(liveMemoryBytesMax, Math.max(liveMemoryBytesMin, bytes * liveMemoryFraction));
  const merge = Math.min(liveMergeBytesMax, bytes * liveMemoryFraction);
  return { layer: Math.round(layer), merge: merge < liveMergeBytesMin ? 0 : Math.round(merge) };
}

/** A server that has live records of the store takes more of them itself. */
function lockStore(lock: () => Disposable, store: string): Disposable {
  try {
    return lock();
  } catch (error) {
    if (!isPlimsollError(error) || error.code !== "STORE_LOCKED") throw error;
    throw new PlimsollError("STORE_SERVED", { store, pid: error.details.pid ?? "another" });
  }
}

function checkRule({ entities }: CompiledMapping, name: string): void {
  const entity = entities.find((candidate) => candidate.name === name);
  if (entity?.conflict.kind !== "reject") return;
  throw usage(`--live cannot be with the conflict rule reject of ${name}: it is settled when an import ends`);
}

function usage(what: string): PlimsollError {
  return new PlimsollError("USAGE", { what, command: "import" });
}

/** What became of the records when they were written. */
function reportedWith(report: ImportReport, counts: LiveImport["counts"] | null): ImportReport {
  if (counts === null) return report;
  const { read } = report.records;
  const { stored, replaced, superseded, duplicate: duplicates, deleted } = counts;
  const rejected = read - stored - superseded - duplicates - deleted;
  const records = { read, stored: stored - replaced, replaced, superseded, duplicates, deleted, rejected };
  return { ...report, records };
}
