import {
  databaseDirtyBytesCeiling,
  databaseDirtyBytesFloor,
  databaseDirtyBytesIdeal,
  driverBytesCeiling,
  driverBytesFloor,
  driverBytesIdeal,
  mappedBytesCeiling,
  mappedBytesFloor,
  mappedBytesIdeal,
  outputPerInput,
  reserveBytesMax,
  reserveBytesMin,
  reserveFraction,
  runBytesCeiling,
  runBytesFloor,
  runBytesIdeal,
  scratchBytesFixed,
  scratchPerInput,
  slabsAhead,
  threadBytes,
  writebackBytesCeiling,
  writebackBytesFloor,
  writebackBytesIdeal,
} from "../kernel/index.js";

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

export function slabsInFlightOf(threads: number): number {
  return threads + slabsAhead;
}

export function outputBytesOf(slabBytes: number): number {
  return Math.ceil(slabBytes * outputPerInput);
}

export function scratchBytesOf(slabBytes: number): number {
  return slabBytes * scratchPerInput + scratchBytesFixed;
}

export function reserveBytesOf(lineBytes: number): number {
  return Math.min(reserveBytesMax, Math.max(reserveBytesMin, Math.ceil(lineBytes * reserveFraction)));
}

/** Floor, ideal and ceiling of every share for a number of threads, a slab and a line. */
export function shareRanges(
  threads: number,
  slabBytes: number,
  lineBytes: number,
): Record<ShareName, ShareRange> {
  const slabs = slabsInFlightOf(threads);
  const fixed = (bytes: number, phase: SharePhase, name: ShareName): ShareRange =>
    range(bytes, bytes, bytes, phase, name);
  const scratch = threads * (slabBytes + scratchBytesOf(slabBytes) + outputBytesOf(slabBytes));
  const runs = [runBytesFloor, runBytesIdeal, runBytesCeiling].map((bytes) => bytes * threads);
  const merge = runs.map((bytes) => bytes + scratch);
  return {
    threads: fixed(threads * threadBytes, "both", "threads"),
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
    reserve: fixed(reserveBytesOf(lineBytes), "both", "reserve"),
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
