import {
  liveMergeRecordsPerSecond,
  liveMergeSegments,
  livePartRecordsMax,
  livePartsAtOnce,
} from "../kernel/index.js";
import type { SegmentState } from "../ports/index.js";

/**
 * The last segments that are to become one: as many of one size class or below as a class may have. Each
 * record is merged once for each class, and of no class there are ever more than a few segments while writes
 * do not press. Null when there is nothing to merge, or nothing that is small enough beside the writes.
 */
export function segmentsToMerge(
  segments: readonly SegmentState[],
  writtenPerSecond: number,
): number[] | null {
  const recordsMax = mergedRecordsMax(writtenPerSecond);
  const classes = segments.map(classOf);
  for (let limit = 0; limit <= Math.max(0, ...classes); limit++) {
    const start = 1 + classes.findLastIndex((sizeClass) => sizeClass > limit);
    const last = segments.slice(start);
    if (last.length < liveMergeSegments) continue;
    const records = last.reduce((sum, segment) => sum + recordsOf(segment), 0);
    if (records <= recordsMax) return last.map(({ number }) => number);
  }
  return null;
}

/** What is merged while writes fill half of the layer; the smallest class always. */
function mergedRecordsMax(writtenPerSecond: number): number {
  const seconds = (livePartRecordsMax * livePartsAtOnce) / 2 / writtenPerSecond;
  return Math.max(liveMergeSegments * livePartRecordsMax, seconds * liveMergeRecordsPerSecond);
}

function classOf(segment: SegmentState): number {
  const parts = recordsOf(segment) / livePartRecordsMax;
  return parts <= 1 ? 0 : Math.ceil(Math.log(parts) / Math.log(liveMergeSegments));
}

function recordsOf({ firstId, endId }: SegmentState): number {
  return endId - firstId;
}
