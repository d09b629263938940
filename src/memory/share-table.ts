import {
  assert,
  baselineSpreadBytes,
  formatBytes,
  KiB,
  kernelMemoryBytesMax,
  MiB,
  PlimsollError,
  recordAloneBytesFixed,
  recordKernelExpansion,
  recordOutsideExpansion,
  runTupleFraction,
  slabLadder,
  transactionFraction,
} from "../kernel/index.js";
import {
  elasticShares,
  outputBytesOf,
  phaseBytesOf,
  reserveBytesOf,
  type Share,
  type ShareName,
  scratchBytesOf,
  shareNames,
  shareRanges,
  slabsInFlightOf,
} from "./shares.js";

/** Pages of a WebAssembly memory. */
const wasmPageBytes = 64 * KiB;

/** One worker's WebAssembly memory, region by region; the seal phase uses all of it again for merging. */
export interface WorkerMemory {
  memoryBytes: number;
  inputBytes: number;
  scratchBytes: number;
  outputBytes: number;
  tupleBytes: number;
  keyBytes: number;
  mergeBytes: number;
  resourceLimits: { maxOldGenerationSizeMb: number; maxYoungGenerationSizeMb: number; stackSizeMb: number };
}

export interface ShareTable {
  lineBytes: number;
  baselineBytes: number;
  /** Worker threads that the line has room for, and how many were asked for. */
  threads: number;
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

export interface DivideRequest {
  lineBytes: number;
  /** Resident bytes of the process before the import takes any. */
  baselineBytes: number;
  threads: number;
}

/**
 * Divides what the baseline leaves of the line, once and up front. A line that cannot hold the floors of as
 * many threads as asked for gets fewer; one that cannot hold those of a single thread is refused with the
 * smallest that can.
 */
export function divideLine(request: DivideRequest): ShareTable {
  const { lineBytes, baselineBytes } = request;
  assert(
    lineBytes >= 0 && baselineBytes >= 0 && request.threads >= 1,
    "a line and a thread to divide it for",
  );
  const lineBytesMin = lineBytesMinOf(baselineBytes);
  if (lineBytes < lineBytesMin) {
    throw lineTooSmall(lineBytes, baselineBytes, lineBytesMinOf(baselineBytes + baselineSpreadBytes));
  }
  for (let threads = Math.floor(request.threads); ; threads--) {
    assert(threads >= 1, "a line at or above the minimum holds one thread");
    const slabBytes = slabBytesOf(lineBytes - baselineBytes, threads, lineBytes);
    if (slabBytes === undefined) continue;
    return fillTable(request, threads, slabBytes, lineBytesMin);
  }
}

/** The largest slab of the ladder whose floors fit; undefined when not even the smallest does. */
function slabBytesOf(roomBytes: number, threads: number, lineBytes: number): number | undefined {
  const fixed = shareRanges(threads, 0, lineBytes);
  const pool = roomBytes - fixed.threads.floorBytes - fixed.reserve.floorBytes;
  return slabLadder.find(
    (step) =>
      pool / threads >= step.poolBytesPerThread &&
      floorBytesOf(threads, step.slabBytes, lineBytes) <= roomBytes,
  )?.slabBytes;
}

function floorBytesOf(threads: number, slabBytes: number, lineBytes: number): number {
  const ranges = shareRanges(threads, slabBytes, lineBytes);
  const sum = (phase: "read" | "seal") =>
    shareNames
      .filter((name) => ranges[name].phase === "both" || ranges[name].phase === phase)
      .reduce((total, name) => total + ranges[name].floorBytes, 0);
  return Math.max(sum("read"), sum("seal"));
}

/**
 * The reserve is a part of the line itself: the sum is solved for the line, then moved up until the table
 * agrees.
 */
function lineBytesMinOf(baselineBytes: number): number {
  const slabBytes = slabLadder[slabLadder.length - 1]!.slabBytes;
  const needOf = (lineBytes: number) => baselineBytes + floorBytesOf(1, slabBytes, lineBytes);
  let lineBytes = Math.ceil(needOf(0) / MiB) * MiB;
  while (lineBytes < needOf(lineBytes)) lineBytes = Math.ceil(needOf(lineBytes) / MiB) * MiB;
  return lineBytes;
}

function lineTooSmall(lineBytes: number, baselineBytes: number, lineBytesMin: number): PlimsollError {
  const slabBytes = slabLadder[slabLadder.length - 1]!.slabBytes;
  const reserve = reserveBytesOf(lineBytesMin);
  const floors = floorBytesOf(1, slabBytes, lineBytesMin) - reserve;
  const why =
    `the process itself takes ${formatBytes(baselineBytes)} before it has read anything, one worker with ` +
    `the smallest buffers ${formatBytes(floors)}, and ${formatBytes(reserve)} stay free for the heap`;
  return new PlimsollError("LINE_TOO_SMALL", {
    line: formatBytes(lineBytes),
    why,
    minimum: `${lineBytesMin / MiB}MiB`,
    minimumBytes: lineBytesMin,
  });
}

function fillTable(
  request: DivideRequest,
  threads: number,
  slabBytes: number,
  lineBytesMin: number,
): ShareTable {
  const { lineBytes, baselineBytes } = request;
  const shares = fillShares(lineBytes, baselineBytes, threads, slabBytes);
  const worker = workerMemory(shares, threads, slabBytes);
  shares.runBuffers.bytes = threads * (worker.tupleBytes + worker.keyBytes);
  shares.mergeBuffers.bytes = threads * worker.mergeBytes;
  const phaseBytes = {
    read: baselineBytes + phaseBytesOf(shares, "read"),
    seal: baselineBytes + phaseBytesOf(shares, "seal"),
  };
  assert(phaseBytes.read <= lineBytes && phaseBytes.seal <= lineBytes, "the shares fit the line");
  return {
    lineBytes,
    baselineBytes,
    threads,
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

/** Every share gets its floor; what is left goes first towards the ideals, then towards the ceilings. */
function fillShares(
  lineBytes: number,
  baselineBytes: number,
  threads: number,
  slabBytes: number,
): Record<ShareName, Share> {
  const ranges = shareRanges(threads, slabBytes, lineBytes);
  const shares = Object.fromEntries(
    shareNames.map((name) => [name, { name, bytes: ranges[name].floorBytes, ...ranges[name] }]),
  ) as Record<ShareName, Share>;
  let left = lineBytes - baselineBytes - floorBytesOf(threads, slabBytes, lineBytes);
  for (const target of ["idealBytes", "ceilingBytes"] as const) {
    const gaps = elasticShares.map((name) => shares[name][target] - shares[name].bytes);
    const gapBytes = gaps.reduce((sum, gap) => sum + gap, 0);
    const part = Math.min(1, left / gapBytes);
    elasticShares.forEach((name, index) => {
      const grown = Math.floor(gaps[index]! * part);
      shares[name].bytes += grown;
      left -= grown;
    });
  }
  return shares;
}

function workerMemory(shares: Record<ShareName, Share>, threads: number, slabBytes: number): WorkerMemory {
  const runBytes = Math.floor(shares.runBuffers.bytes / threads / wasmPageBytes) * wasmPageBytes;
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
    resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 2 },
  };
}

/**
 * A record larger than a slab goes alone: the workers end, and all but the baseline, one thread and the
 * reserve is lent to it. A whole slab always goes.
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
    table.baselineBytes + shares.threads.bytes / threads + shares.reserve.bytes + recordAloneBytesFixed;
  const inLine = (table.lineBytes - kept) / (recordKernelExpansion + recordOutsideExpansion);
  const inKernel = (kernelMemoryBytesMax - recordAloneBytesFixed) / recordKernelExpansion;
  const fitting = Math.min(inLine, inKernel);
  return Math.max(table.slabBytes, Math.floor(fitting / wasmPageBytes) * wasmPageBytes);
}
