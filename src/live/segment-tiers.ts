import { liveMergeRecordsMax, liveMergeSegments, livePartRecordsMax } from "../kernel/index.js";
import type { SegmentState } from "../ports/index.js";

/**
 * The last segments that are to become one: as many of one size class or below as a class may have. Each
 * record is merged once for each class, and of no class there are ever more than a few segments. Null when
 * there is nothing to merge, or nothing small enough while writes press.
 */
export function segmentsToMerge(segments: readonly SegmentState[], isQuiet: boolean): number[] | null {
  const classes = segments.map(classOf);
  for (let limit = 0; limit <= Math.max(0, ...classes); limit++) {
    const start = 1 + classes.findLastIndex((sizeClass) => sizeClass > limit);
    const last = segments.slice(start);
    if (last.length < liveMergeSegments) continue;
    const records = last.reduce((sum, segment) => sum + recordsOf(segment), 0);
    if (isQuiet || records <= liveMergeRecordsMax) return last.map(({ number }) => number);
  }
  return null;
}

function classOf(segment: SegmentState): number {
  const parts = recordsOf(segment) / livePartRecordsMax;
  return parts <= 1 ? 0 : Math.ceil(Math.log(parts) / Math.log(liveMergeSegments));
}

function recordsOf({ firstId, endId }: SegmentState): number {
  return endId - firstId;
}
