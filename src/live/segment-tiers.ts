import { liveMergeInputsMax, liveMergeSegments, liveSegmentRecords } from "../kernel/index.js";
import type { SegmentState } from "../ports/index.js";

/**
 * The last segments that are to become one: those of a size class and the ones below it, when there are as
 * many as these classes may have together. So each record is merged about once for each class, and there are
 * never more than a few segments. Null when there is nothing to merge.
 */
export function segmentsToMerge(segments: readonly SegmentState[]): number[] | null {
  const classes = segments.map(classOf);
  for (let limit = 0; limit <= Math.max(0, ...classes); limit++) {
    const start = 1 + classes.findLastIndex((sizeClass) => sizeClass > limit);
    const last = segments.slice(start);
    if (last.length < liveMergeSegments * (limit + 1)) continue;
    return last.slice(-liveMergeInputsMax).map(({ number }) => number);
  }
  return null;
}

/** The nearest one: a full part has a few records more or less than it may have. */
function classOf(segment: SegmentState): number {
  const parts = recordsOf(segment) / liveSegmentRecords;
  return Math.max(0, Math.round(Math.log(parts) / Math.log(liveMergeSegments)));
}

function recordsOf({ firstId, endId }: SegmentState): number {
  return endId - firstId;
}
