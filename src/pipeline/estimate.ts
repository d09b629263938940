import type { ShareTable } from "../memory/index.js";
import type { IndexSizes } from "../postings/index.js";
import type { ImportPlan } from "./import-plan.js";
import { distinctAt, type Growth, postingBytesAt } from "./posting-growth.js";
import { forecastRuns } from "./run-forecast.js";
import type { SampleImport, StoreSizes } from "./sample-import.js";
import { mergeInputsMaxOf } from "./worker-layout.js";

/** What an import is expected to read, to write and to take. */
export interface ImportEstimate {
  /** Records read, and those of them that stay: fewer the farther apart equal keys stand. */
  records: number;
  recordsStored: { low: number; high: number };
  recordsRejected: number;
  /** Decompressed. */
  bytesInput: number;
  bytesStored: number;
  bytesSpilled: number;
  /** The store and the runs together, at the end of the merge. */
  bytesDiskPeak: number;
  runs: number;
  mergePasses: number;
  seconds: { read: number; merge: number; total: number };
}

export interface EstimateOptions {
  plan: Pick<ImportPlan, "offset" | "limit" | "syncBytes" | "syncRecords" | "mergeInputsMax">;
  table: ShareTable;
  /** What the target's folder takes, by a short write and sync; null when nothing is written. */
  diskBytesPerSecond: number | null;
}

/** A dead record's place in their list. */
const deadRecordBytes = 3;

/** Draws a sample out to the whole input; null when the size of the input is unknown. */
export function estimateImport(sample: SampleImport, options: EstimateOptions): ImportEstimate | null {
  const whole = inputOf(sample, options.plan);
  if (whole === null) return null;
  const { report, spilled, store } = sample;
  const { times } = whole;
  const read = report.records.read;
  const accepted = (read - report.records.rejected) * times;
  const kept = keptRecords(sample, times);
  const growthTo = (records: number): Growth => ({
    sampled: read,
    records,
    idMax: whole.records,
    places: sample.places,
  });
  const readSeconds = readSecondsOf(sample, times, options.table.workers);
  const forecast = forecastRuns({
    fills: store === null ? 0 : spilled.fills * times,
    threads: options.table.workers,
    readSeconds,
    bytesInput: whole.bytesInput,
    records: whole.records,
    syncBytes: options.plan.syncBytes,
    syncRecords: options.plan.syncRecords ?? null,
    mergeInputsMax: mergeInputsMax(options),
  });
  const runBytes = runBytesOf(
    sample,
    growthTo,
    whole.records / Math.max(1, forecast.runs),
    forecast.runs,
    times,
  );
  const bytesSpilled = runBytes * (1 + forecast.mergedAgain);
  const bytesStored = store === null ? 0 : storedBytesOf(sample, store, growthTo(whole.records), kept, times);
  const syncSeconds = (syncSecondsPerRun(sample) * forecast.runs) / options.table.workers;
  const seconds = { read: readSeconds + syncSeconds, merge: mergeSecondsOf(sample, { ...forecast, times }) };
  return {
    records: Math.round(whole.records),
    recordsStored: { low: Math.round(kept.low), high: Math.round(kept.high) },
    recordsRejected: Math.round(whole.records - accepted),
    bytesInput: Math.round(whole.bytesInput),
    bytesStored: Math.round(bytesStored),
    bytesSpilled: Math.round(bytesSpilled),
    bytesDiskPeak: Math.round(bytesStored + runBytes),
    runs: forecast.runs,
    mergePasses: forecast.mergePasses,
    seconds: atDiskSpeed(seconds, options.diskBytesPerSecond, { bytesSpilled, bytesStored }),
  };
}

/** All of the input, by what the sampled part of its stored bytes held. */
function inputOf(sample: SampleImport, plan: EstimateOptions["plan"]) {
  let bytes = 0;
  let bytesSampled = 0;
  let ratioBytes = 0;
  let ratioStored = 0;
  let compressed = 0;
  for (const { source, reading } of sample.sources) {
    bytesSampled += reading.bytes;
    if (source.compression === "none" || reading.storedBytes === 0) continue;
    ratioBytes += reading.bytes;
    ratioStored += reading.storedBytes;
  }
  for (const { source, sizeBytes } of sample.inputs) {
    if (sizeBytes === null) return null;
    if (source.compression === "none") bytes += sizeBytes;
    else compressed += sizeBytes;
  }
  bytes += compressed * (ratioStored > 0 ? ratioBytes / ratioStored : 1);
  const isWhole =
    sample.sources.length === sample.inputs.length && sample.sources.every(({ reading }) => reading.isWhole);
  if (isWhole || bytesSampled === 0) bytes = bytesSampled;
  const { read } = sample.report.records;
  const records = read * (bytesSampled > 0 ? bytes / bytesSampled : 1);
  const wanted = Math.max(0, Math.min(records - plan.offset, plan.limit ?? Number.POSITIVE_INFINITY));
  const part = records > 0 ? wanted / records : 1;
  return { records: wanted, bytesInput: bytes * part, times: read > 0 ? wanted / read : 1 };
}

/**
 * Records that stay when equal keys have been settled. Repeats that stand side by side are as frequent in the
 * whole as in the sample; those that lie anywhere are mostly with one of the two outside of it.
 */
function keptRecords({ report }: SampleImport, times: number): { low: number; high: number } {
  const { read, rejected, duplicates, superseded, replaced } = report.records;
  const accepted = read - rejected;
  const distinct = accepted - duplicates - superseded - replaced;
  const low = distinctAt(accepted, distinct, accepted * times);
  const high = distinct * times;
  return { low: Math.min(low, high), high };
}

function runBytesOf(
  { spilled, store, report }: SampleImport,
  growthTo: (records: number) => Growth,
  recordsPerRun: number,
  runs: number,
  times: number,
): number {
  if (store === null || runs === 0) return 0;
  const modelled = (records: number, count: number) =>
    count * allPostingBytes(store.indexes, growthTo(records));
  const sampledRuns = Math.max(1, spilled.tupleRuns);
  const known = modelled(report.records.read / sampledRuns, sampledRuns);
  const tupleBytes = known === 0 ? 0 : modelled(recordsPerRun, runs) * (spilled.tupleBytes / known);
  return tupleBytes + spilled.keyBytes * times;
}

function allPostingBytes(indexes: Map<number, IndexSizes>, growth: Growth): number {
  let bytes = 0;
  for (const [index, sizes] of indexes) if (index > 0) bytes += postingBytesAt(sizes, growth);
  return bytes;
}

function storedBytesOf(
  { report, spilled }: SampleImport,
  store: StoreSizes,
  growth: Growth,
  kept: { low: number; high: number },
  times: number,
): number {
  const { bytes, indexes } = store;
  const { read, rejected, duplicates, superseded, replaced } = report.records;
  const known = allPostingBytes(indexes, { ...growth, records: read, idMax: read });
  const postings =
    known === 0 ? bytes.postings * times : (bytes.postings * allPostingBytes(indexes, growth)) / known;
  const lost = duplicates + superseded + replaced;
  const keptMean = (kept.low + kept.high) / 2;
  const dead = lost === 0 ? 0 : ((read - rejected) * times - keptMean) * deadRecordBytes;
  // Of the key entries those stay that define the key of a live record, and links that lead nowhere.
  const definitions = Math.max(0, store.keys - report.danglingLinks);
  const links = Math.max(0, spilled.keys - definitions - lost);
  const resolvedPart = links === 0 ? 0 : Math.min(1, (1 - report.danglingLinks / links) * times);
  const keysKept = definitions === 0 ? 0 : (definitions * keptMean) / Math.max(1, read - rejected - lost);
  const keyEntries = keysKept + links * times * (1 - resolvedPart);
  const keys = store.keys === 0 ? bytes.keys * times : (bytes.keys * keyEntries) / store.keys;
  const tables = bytes.records + bytes.columns + bytes.postings + bytes.keys + bytes.places;
  // What is free within the file follows from the size of a transaction, not from that of the import.
  const free = Math.max(0, bytes.file - tables);
  return free + (bytes.records + bytes.columns + bytes.places) * times + postings + dead + keys;
}

/** What the workers hold at the end is sorted after the last batch: in the whole it is in mid-way. */
function readSecondsOf({ pace, report, spilled }: SampleImport, times: number, threads: number): number {
  return pace.read.secondsFor(times, phaseSeconds(report, "read"), spilled.sortMs / 1000 / threads);
}

function syncSecondsPerRun({ spilled }: SampleImport): number {
  return spilled.tupleRuns === 0 ? 0 : spilled.syncMs / 1000 / spilled.tupleRuns;
}

/** Cost of a tuple in a merge: passing it on, and a match for each doubling of the runs. */
const mergePassCost = 8;

/** More runs cost more matches a tuple; runs that were merged into larger ones are merged again. */
function mergeSecondsOf(
  { report, spilled, pace }: SampleImport,
  { runs, mergedAgain, times }: { runs: number; mergedAgain: number; times: number },
): number {
  const cost = (count: number) => mergePassCost + Math.log2(Math.max(1, count));
  const work = times * (cost(runs) / cost(spilled.tupleRuns)) * (1 + mergedAgain);
  return pace.merge.secondsFor(work, phaseSeconds(report, "merge"));
}

/** No phase is faster than the disk takes what it writes. */
function atDiskSpeed(
  seconds: { read: number; merge: number },
  bytesPerSecond: number | null,
  { bytesSpilled, bytesStored }: { bytesSpilled: number; bytesStored: number },
): ImportEstimate["seconds"] {
  const onDisk = bytesPerSecond === null ? 0 : (bytesSpilled + bytesStored) / bytesPerSecond;
  const { read, merge } = seconds;
  const slower = Math.max(1, onDisk / Math.max(0.001, read + merge));
  return { read: read * slower, merge: merge * slower, total: (read + merge) * slower };
}

function phaseSeconds(report: SampleImport["report"], name: string): number {
  return report.phases.find((phase) => phase.name === name)?.seconds ?? 0;
}

function mergeInputsMax({ table, plan }: EstimateOptions): number {
  const fitting = mergeInputsMaxOf(table.worker.memoryBytes);
  return Math.min(fitting, plan.mergeInputsMax ?? fitting);
}
