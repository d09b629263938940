import { closeSync, openSync, readSync } from "node:fs";

/** The head of one frame of a run of tuples: where it begins and which tuple its block begins with. */
export interface RunHead {
  offset: number;
  bytes: number;
  /** The first tuple as one unsigned 128-bit number: its order is the order of tuples. */
  first: bigint;
}

/** u32 bytes, u32 crc, then the block's header: u32 count, u32 body bytes, u64 w0, u64 w1. */
const frameHeadBytes = 8;
const headBytes = frameHeadBytes + 24;

/** Reads the heads alone, in file order: a few bytes of every block, whatever the run's size. */
export function* runHeads(path: string): Generator<RunHead> {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(headBytes);
    let offset = 0;
    while (readSync(file, head, 0, headBytes, offset) === headBytes) {
      const bytes = frameHeadBytes + head.readUInt32LE(0);
      const first = (head.readBigUInt64LE(16) << 64n) | head.readBigUInt64LE(24);
      yield { offset, bytes, first };
      offset += bytes;
    }
  } finally {
    closeSync(file);
  }
}

/**
 * Bounds that cut runs into parts of about `partBytes`: from a sample of the blocks' first tuples, each
 * standing for the bytes around it. Memory is `samplesMax` samples, whatever the size of the runs.
 */
export function chooseBounds(
  paths: readonly string[],
  options: { partBytes: number; partsMax: number; samplesMax: number; totalBytes: number },
): bigint[] {
  const stride = Math.max(1, Math.ceil(options.totalBytes / 8192 / options.samplesMax));
  const samples: { first: bigint; bytes: number }[] = [];
  for (const path of paths) {
    let pending = 0;
    let seen = 0;
    for (const head of runHeads(path)) {
      pending += head.bytes;
      seen += 1;
      if (seen % stride !== 0) continue;
      // Without the payload, so that one posting never lies on both sides.
      samples.push({ first: head.first & ~0xffn, bytes: pending });
      pending = 0;
    }
  }
  samples.sort((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const partBytes = Math.max(options.partBytes, Math.ceil(options.totalBytes / options.partsMax));
  const bounds: bigint[] = [];
  let bytes = 0;
  for (const sample of samples) {
    bytes += sample.bytes;
    if (bytes < partBytes) continue;
    if (bounds.at(-1) !== sample.first) bounds.push(sample.first);
    bytes = 0;
  }
  return bounds;
}

/**
 * For each lower bound, where reading a run must begin: the last frame whose first tuple is at or before it.
 */
export function boundOffsets(path: string, bounds: readonly bigint[]): Float64Array {
  const offsets = new Float64Array(bounds.length);
  let index = 0;
  let previous = 0;
  for (const head of runHeads(path)) {
    while (index < bounds.length && head.first > bounds[index]!) {
      offsets[index] = previous;
      index += 1;
    }
    previous = head.offset;
  }
  for (; index < bounds.length; index += 1) offsets[index] = previous;
  return offsets;
}
