import { assert, liveMappedBytes } from "../kernel/index.js";
import type { SealedState, SegmentState, TargetSession } from "../ports/index.js";
import { keyRulesOf } from "../postings/index.js";
import type { LiveLoader } from "./live-loader.js";
import { SegmentStreams } from "./segment-blocks.js";
import { type SegmentCounts, writeSegment } from "./segment-writer.js";

export interface MergeOptions {
  session: TargetSession;
  loader: LiveLoader;
  /** Segments that follow one another. */
  merged: readonly SegmentState[];
  /** Of the segment that they become. */
  number: number;
  /**
   * Awaited behind each block: the session may be used meanwhile, if `leave` was called before. What it has
   * staged and written of this merge must stay.
   */
  breathe: (leave: () => void) => Promise<void>;
}

/** Writes what several segments hold as one; nothing of it counts before it is put in their place. */
export async function mergeSegments(options: MergeOptions): Promise<SegmentCounts> {
  const { session, loader, merged, number, breathe } = options;
  const numbers = merged.map((segment) => segment.number);
  const streams = new SegmentStreams(numbers, () => session.reader());
  let [bytesAtRelease, writtenBytes] = [0, 0];
  const leave = () => streams.leave();
  const sources = {
    ...streams,
    rules: keyRulesOf(session.mapping),
    // All of them are former ones: of a key that was written again the last one stays.
    firstNewId: session.sealed!.nextId,
  };
  try {
    return await writeSegment({ session, number, kernel: loader.kernel }, sources, async (bytes) => {
      writtenBytes += bytes;
      await breathe(leave);
      // The session gives mapped pages back by itself while nobody reads in it.
      if (streams.readBytes + writtenBytes - bytesAtRelease < liveMappedBytes / 2) return;
      bytesAtRelease = streams.readBytes + writtenBytes;
      leave();
      await session.releaseMapped();
    });
  } finally {
    leave();
  }
}

/** The state with a segment in the place of those that it is made of. */
export function stateWithMerged(
  sealed: SealedState,
  merged: readonly SegmentState[],
  number: number,
  counts: SegmentCounts,
): SealedState {
  const at = sealed.segments.findIndex((segment) => segment.number === merged[0]!.number);
  const isThere = merged.every((segment, place) => sealed.segments[at + place]?.number === segment.number);
  assert(at >= 0 && isThere, "segments that are merged stay where they are");
  const { firstId } = merged[0]!;
  const { endId } = merged.at(-1)!;
  const segments = [...sealed.segments];
  segments.splice(at, merged.length, { number, firstId, endId, ...counts });
  return { ...sealed, segments };
}
