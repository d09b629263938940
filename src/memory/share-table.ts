import {
  assert,
  kernelMemoryBytesMax,
  recordAloneBytesFixed,
  recordKernelExpansion,
  recordOutsideExpansion,
  reserveBytesFloor,
  runTupleFraction,
  transactionFraction,
} from "../kernel/index.js";
import { type DivideRequest, floorBytesOf, lineBytesMinOf, slabBytesOf } from "./share-floors.js";
import { checkSettings, lineTooSmall, sharesTooLarge } from "./share-refusals.js";
import {
  elasticShares,
  outputBytesOf,
  phaseBytesOf,
  type Share,
  type ShareName,
  scratchBytesOf,
  shareNames,
  shareRanges,
  slabsInFlightOf,
  wasmPageBytes,
  workersOf,
} from "./shares.js";

/** One worker's WebAssembly memory, region by region; the seal phase uses all of it again for merging. */
export interface WorkerMemory {
  memoryBytes: number;
  inputBytes: number;
  scratchBytes: number;
  outputBytes: number;
  tupleBytes: number;
  keyBytes: number;
  mergeBytes: number;
}

export interface ShareTable {
  lineBytes: number;
  baselineBytes: number;
  /**
   * Worker threads that the line has room for (0: one worker works in the main thread), and how many were
   * asked for.
   */
  threads: number;
  workers: number;
  threadsAsked: number;
  shares: Record<ShareName, Share>;
  /** Baseline and shares of each phase together: never more than the line. */
  phaseBytes: { read: number; seal: number };
  slabBytes: number;
  slabsInFlight: number;
  /** One output buffer. */
  outputBytes: number;
  worker: WorkerMemory;
  /** Values in one transaction of the store: then it is committed. */
  transactionBytesMax: number;
  /** Bytes that go through the store's map before it is opened anew. */
  mappedBytesMax: number;
  /** The largest record that can go alone, with run buffers spilled and their memory lent to it. */
  recordBytesMax: number;
  /** The smallest line that would do with this baseline. */
  lineBytesMin: number;
}

/**
 * Divides what the baseline leaves of the line, once and up front. A line that cannot hold the floors of as
 * many threads as asked for gets fewer, at last none beside the main thread; one that cannot hold even that
 * is refused with the smallest that can.
 */
export function divideLine(request: DivideRequest): ShareTable {
  const { lineBytes, baselineBytes } = request;
  assert(
    lineBytes >= 0 && baselineBytes >= 0 && request.threads >= 0,
    "a line and a thread to divide it for",
  );
  const settings = checkSettings(request.settings ?? {}, Math.floor(request.threads));
  const unasked = { workerExtraBytes: settings.workerExtraBytes ?? 0 };
  if (lineBytes < lineBytesMinOf(baselineBytes, unasked)) throw lineTooSmall(request);
  const lineBytesMin = lineBytesMinOf(baselineBytes, settings);
  if (lineBytes < lineBytesMin) throw sharesTooLarge(request, settings);
  for (let threads = Math.floor(request.threads); ; threads--) {
    assert(threads >= 0, "a line at or above the minimum holds one worker");
    const slabBytes = slabBytesOf(lineBytes - baselineBytes, threads, lineBytes, settings);
    if (slabBytes === undefined) continue;
    return fillTable({ ...request, settings }, threads, slabBytes, lineBytesMin);
  }
}

function fillTable(
  request: DivideRequest,
  threads: number,
  slabBytes: number,
  lineBytesMin: number,
): ShareTable {
  const { lineBytes, baselineBytes } = request;
  const shares = fillShares(request, threads, slabBytes);
  const worker = workerMemory(shares, threads, slabBytes);
  shares.runBuffers.bytes = workersOf(threads) * (worker.tupleBytes + worker.keyBytes);
  shares.mergeBuffers.bytes = workersOf(threads) * worker.mergeBytes;
  const phaseBytes = {
    read: baselineBytes + phaseBytesOf(shares, "read"),
    seal: baselineBytes + phaseBytesOf(shares, "seal"),
  };
  assert(phaseBytes.read <= lineBytes && phaseBytes.seal <= lineBytes, "the shares fit the line");
  return {
    lineBytes,
    baselineBytes,
    threads,
    workers: workersOf(threads),
    threadsAsked: Math.floor(request.threads),
    shares,
    phaseBytes,
    slabBytes,
    slabsInFlight: slabsInFlightOf(threads),
    outputBytes: outputBytesOf(slabBytes),
    worker,
    transactionBytesMax: Math.floor(shares.databaseDirty.bytes * transactionFraction),
    mappedBytesMax: shares.mappedPages.bytes,
    recordBytesMax: recordBytesMaxOf({ lineBytes, baselineBytes, threads, shares, slabBytes }),
    lineBytesMin,
  };
}

/**
 * Every share gets its floor; what is left goes to the reserve, then towards the ideals, then the ceilings.
 */
function fillShares(request: DivideRequest, threads: number, slabBytes: number): Record<ShareName, Share> {
  const { lineBytes, baselineBytes } = request;
  const { settings } = request;
  const ranges = shareRanges(threads, slabBytes, lineBytes, settings);
  const shares = Object.fromEntries(
    shareNames.map((name) => [name, { name, bytes: ranges[name].floorBytes, ...ranges[name] }]),
  ) as Record<ShareName, Share>;
  let left = lineBytes - baselineBytes - floorBytesOf(threads, slabBytes, lineBytes, settings);
  const { reserve } = shares;
  const toReserve = Math.min(left, reserve.idealBytes - reserve.bytes);
  reserve.bytes += toReserve;
  left -= toReserve;
  for (const target of ["idealBytes", "ceilingBytes"] as const) {
    const gaps = elasticShares.map((name) => shares[name][target] - shares[name].bytes);
    const gapBytes = gaps.reduce((sum, gap) => sum + gap, 0);
    const part = gapBytes === 0 ? 1 : Math.min(1, left / gapBytes);
    elasticShares.forEach((name, index) => {
      const grown = Math.floor(gaps[index]! * part);
      shares[name].bytes += grown;
      left -= grown;
    });
  }
  return shares;
}

function workerMemory(shares: Record<ShareName, Share>, threads: number, slabBytes: number): WorkerMemory {
  const runBytes = Math.floor(shares.runBuffers.bytes / workersOf(threads) / wasmPageBytes) * wasmPageBytes;
  const tupleBytes = Math.floor((runBytes * runTupleFraction) / 16) * 16;
  const scratchBytes = scratchBytesOf(slabBytes);
  const outputBytes = outputBytesOf(slabBytes);
  const memoryBytes = slabBytes + scratchBytes + outputBytes + runBytes;
  assert(memoryBytes % wasmPageBytes === 0, "a worker's memory is whole pages");
  return {
    memoryBytes,
    inputBytes: slabBytes,
    scratchBytes,
    outputBytes,
    tupleBytes,
    keyBytes: runBytes - tupleBytes,
    mergeBytes: memoryBytes,
  };
}

/**
 * A record larger than a slab goes alone: the workers end, and all but the baseline, one thread and the
 * least reserve is lent to it. A whole slab always goes.
 */
function recordBytesMaxOf(table: {
  lineBytes: number;
  baselineBytes: number;
  threads: number;
  shares: Record<ShareName, Share>;
  slabBytes: number;
}): number {
  const { shares, threads } = table;
  const kept =
    table.baselineBytes +
    shares.threads.bytes / workersOf(threads) +
    Math.min(shares.reserve.bytes, reserveBytesFloor) +
    recordAloneBytesFixed;
  const inLine = (table.lineBytes - kept) / (recordKernelExpansion + recordOutsideExpansion);
  const inKernel = (kernelMemoryBytesMax - recordAloneBytesFixed) / recordKernelExpansion;
  const fitting = Math.min(inLine, inKernel);
  return Math.max(table.slabBytes, Math.floor(fitting / wasmPageBytes) * wasmPageBytes);
}
