import {
  databaseDirtyBytesCeiling,
  databaseDirtyBytesFloor,
  databaseDirtyBytesIdeal,
  driverBytesCeiling,
  driverBytesFloor,
  driverBytesIdeal,
  inlineBytes,
  KiB,
  mappedBytesCeiling,
  mappedBytesFloor,
  mappedBytesIdeal,
  outputPerInput,
  reserveBytesFloor,
  reserveBytesMax,
  reserveBytesMin,
  reserveFraction,
  runBytesCeiling,
  runBytesFloor,
  runBytesIdeal,
  scratchBytesFixed,
  scratchPerInput,
  slabsAhead,
  slabsInline,
  threadBytes,
  writebackBytesCeiling,
  writebackBytesFloor,
  writebackBytesIdeal,
} from "../kernel/index.js";

/** Pages of a WebAssembly memory. */
export const wasmPageBytes = 64 * KiB;

export type ShareName =
  | "threads"
  | "inputSlabs"
  | "decodeScratch"
  | "outputBuffers"
  | "runBuffers"
  | "mergeBuffers"
  | "databaseDirty"
  | "mappedPages"
  | "writeback"
  | "driverBuffers"
  | "reserve";

/**
 * Records are read first and runs are merged after: a share of one phase may use the memory of the other's.
 */
export type SharePhase = "both" | "read" | "seal";

/**
 * A fixed part of the line. `floorBytes` is what the import cannot do without; above `ceilingBytes` nothing
 * is gained.
 */
export interface Share {
  name: ShareName;
  bytes: number;
  floorBytes: number;
  idealBytes: number;
  ceilingBytes: number;
  phase: SharePhase;
  purpose: string;
}

type ShareRange = Omit<Share, "bytes" | "name">;

const purposes: Record<ShareName, string> = {
  threads: "isolates and stacks of the worker threads",
  inputSlabs: "input on its way to the workers",
  decodeScratch: "a worker's copy of its slab, value lists, raw and compressed block",
  outputBuffers: "finished blocks on their way to the target",
  runBuffers: "index tuples and keys until they are sorted and spilled",
  mergeBuffers: "merging of runs, in the memory that reading has left",
  databaseDirty: "pages of the open transaction",
  mappedPages: "resident pages of the store's map",
  writeback: "page cache on its way to the disk",
  driverBuffers: "run files, rejects, drivers",
  reserve: "growth of the JavaScript heap and of the allocator",
};

export const shareNames = Object.keys(purposes) as ShareName[];

/**
 * Shares whose bytes can be asked for, by the option, variable and key that do; all others follow from these,
 * from the threads and from the slab.
 */
export const shareSettings = {
  runBuffers: "run-buffer",
  databaseDirty: "dirty-pages",
  mappedPages: "mapped-pages",
  writeback: "writeback",
} as const satisfies Partial<Record<ShareName, string>>;

export type SettableShare = keyof typeof shareSettings;

export const settableShares = Object.keys(shareSettings) as SettableShare[];

/** Parts of the line whose bytes somebody asked for: they are given as asked, or the line is refused. */
export interface DivisionSettings {
  shares?: Partial<Record<SettableShare, number>>;
  /** Bytes of the largest batch. */
  batchBytes?: number;
  /** What each worker takes besides, for work that not every import asks for. */
  workerExtraBytes?: number;
}

/**
 * Shares that grow from floor over ideal to ceiling when the line has room; the others follow from threads
 * and slab.
 */
export const elasticShares = [
  "runBuffers",
  "databaseDirty",
  "mappedPages",
  "writeback",
  "driverBuffers",
] as const;

/** Without a thread of its own, one worker works in the main thread. */
export function workersOf(threads: number): number {
  return Math.max(1, threads);
}

export function slabsInFlightOf(threads: number): number {
  return threads === 0 ? slabsInline : threads + slabsAhead;
}

/** Whole pages, as a worker's memory is made of them. */
export function outputBytesOf(slabBytes: number): number {
  return Math.ceil((slabBytes * outputPerInput) / wasmPageBytes) * wasmPageBytes;
}

export function scratchBytesOf(slabBytes: number): number {
  return slabBytes * scratchPerInput + scratchBytesFixed;
}

export function reserveBytesOf(lineBytes: number): number {
  return Math.min(reserveBytesMax, Math.max(reserveBytesMin, Math.ceil(lineBytes * reserveFraction)));
}

/**
 * Floor, ideal and ceiling of every share for a number of threads, a slab and a line; a share that was asked
 * for has no range.
 */
export function shareRanges(
  threads: number,
  slabBytes: number,
  lineBytes: number,
  { shares: asked = {}, workerExtraBytes = 0 }: DivisionSettings = {},
): Record<ShareName, ShareRange> {
  const ranges = freeRanges(threads, slabBytes, lineBytes);
  const pinTo = (name: ShareName, bytes: number) => {
    Object.assign(ranges[name], { floorBytes: bytes, idealBytes: bytes, ceilingBytes: bytes });
  };
  pinTo("threads", ranges.threads.floorBytes + workersOf(threads) * workerExtraBytes);
  for (const name of settableShares) {
    const bytes = asked[name];
    // Fewer threads than were asked for cannot use as much.
    if (bytes !== undefined) pinTo(name, Math.min(bytes, ranges[name].ceilingBytes));
  }
  if (asked.runBuffers !== undefined) {
    // The same memory holds the inputs of a merge afterwards.
    const unit = workersOf(threads) * wasmPageBytes;
    const runBytes = Math.floor(ranges.runBuffers.floorBytes / unit) * unit;
    pinTo("runBuffers", runBytes);
    pinTo("mergeBuffers", runBytes + ranges.decodeScratch.floorBytes);
  }
  return ranges;
}

/** What every share may have when nobody asks for anything. */
export function freeRanges(
  threads: number,
  slabBytes: number,
  lineBytes: number,
): Record<ShareName, ShareRange> {
  const slabs = slabsInFlightOf(threads);
  const workers = workersOf(threads);
  const fixed = (bytes: number, phase: SharePhase, name: ShareName): ShareRange =>
    range(bytes, bytes, bytes, phase, name);
  const scratch = workers * (slabBytes + scratchBytesOf(slabBytes) + outputBytesOf(slabBytes));
  const runs = [runBytesFloor, runBytesIdeal, runBytesCeiling].map((bytes) => bytes * workers);
  const merge = runs.map((bytes) => bytes + scratch);
  return {
    threads: fixed(threads === 0 ? inlineBytes : threads * threadBytes, "both", "threads"),
    inputSlabs: fixed(slabs * slabBytes, "read", "inputSlabs"),
    decodeScratch: fixed(scratch, "read", "decodeScratch"),
    outputBuffers: fixed(slabs * outputBytesOf(slabBytes), "both", "outputBuffers"),
    runBuffers: range(runs[0]!, runs[1]!, runs[2]!, "read", "runBuffers"),
    mergeBuffers: range(merge[0]!, merge[1]!, merge[2]!, "seal", "mergeBuffers"),
    databaseDirty: range(
      databaseDirtyBytesFloor,
      databaseDirtyBytesIdeal,
      databaseDirtyBytesCeiling,
      "both",
      "databaseDirty",
    ),
    mappedPages: range(mappedBytesFloor, mappedBytesIdeal, mappedBytesCeiling, "both", "mappedPages"),
    writeback: range(writebackBytesFloor, writebackBytesIdeal, writebackBytesCeiling, "both", "writeback"),
    driverBuffers: range(driverBytesFloor, driverBytesIdeal, driverBytesCeiling, "both", "driverBuffers"),
    // Only a worker in the main thread makes do with less than the usual reserve.
    reserve: range(
      threads === 0 ? reserveBytesFloor : reserveBytesOf(lineBytes),
      reserveBytesOf(lineBytes),
      reserveBytesOf(lineBytes),
      "both",
      "reserve",
    ),
  };
}

function range(
  floorBytes: number,
  idealBytes: number,
  ceilingBytes: number,
  phase: SharePhase,
  name: ShareName,
): ShareRange {
  return { floorBytes, idealBytes, ceilingBytes, phase, purpose: purposes[name] };
}

/** What the shares of one phase take together. */
export function phaseBytesOf(shares: Record<ShareName, Share>, phase: "read" | "seal"): number {
  return shareNames
    .filter((name) => shares[name].phase === "both" || shares[name].phase === phase)
    .reduce((sum, name) => sum + shares[name].bytes, 0);
}
