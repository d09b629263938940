import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { liveCommitRecords, liveMergeSegments, liveSegmentRecords } from "../../src/kernel/index.js";
import { segmentsToMerge } from "../../src/live/segment-tiers.js";
import type { SegmentState } from "../../src/ports/index.js";

/** Folds parts of these sizes one after another, and merges what is to be merged after each. */
function fold(sizes: readonly number[]) {
  let segments: SegmentState[] = [];
  let [nextId, number, mergedRecords, segmentsMost] = [0, 0, 0, 0];
  const add = (firstId: number, endId: number) => {
    const counts = { tuples: 1, postingBytes: 1, keys: 1, keyBytes: 1 };
    segments.push({ number: ++number, firstId, endId, ...counts });
  };
  for (const size of sizes) {
    add(nextId, nextId + size);
    nextId += size;
    for (;;) {
      const merged = segmentsToMerge(segments);
      if (merged === null) break;
      const last = segments.slice(-merged.length);
      expect(merged).toEqual(last.map((segment) => segment.number));
      segments = segments.slice(0, -merged.length);
      mergedRecords += last.at(-1)!.endId - last[0]!.firstId;
      add(last[0]!.firstId, last.at(-1)!.endId);
    }
    segmentsMost = Math.max(segmentsMost, segments.length);
  }
  return { segments, records: nextId, mergedRecords, segmentsMost };
}

/** A full part has what its last commit brought beyond its bound as well. */
const fullParts = (count: number) =>
  Array.from({ length: count }, (_, at) => liveSegmentRecords + (at % Math.min(100, liveCommitRecords)));

describe("segments that live writes leave", () => {
  it("are few for good, each record merged once a class", () => {
    const { segments, records, mergedRecords, segmentsMost } = fold(fullParts(600));
    expect(segmentsMost).toBeLessThanOrEqual(4 * liveMergeSegments);
    expect(mergedRecords / records).toBeLessThanOrEqual(4);
    expect(segments.at(-1)!.endId).toBe(records);
  });

  it("follow one another whatever the parts are, and are no more than a few of a class", () => {
    const size = fc.integer({ min: 1, max: liveSegmentRecords + 100 });
    fc.assert(
      fc.property(fc.array(size, { maxLength: 300 }), (sizes) => {
        const { segments, records, segmentsMost } = fold(sizes);
        let endId = 0;
        for (const segment of segments) {
          expect(segment.firstId).toBe(endId);
          endId = segment.endId;
        }
        expect(endId).toBe(records);
        expect(segmentsMost).toBeLessThanOrEqual(4 * liveMergeSegments);
      }),
    );
  });
});
