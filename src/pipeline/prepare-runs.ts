import { join } from "node:path";
import { mergeOffsetsMax, mergePartBytes, mergePartsMax, mergeSamplesMax } from "../kernel/index.js";
import { chooseBounds, RunWriter } from "../postings/index.js";
import type { RunFile, SealState } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { copyMetKeyBlocks } from "./key-join.js";
import { lowerRunCount } from "./lower-run-count.js";
import { MappedReads } from "./mapped-reads.js";

/**
 * Makes the runs ready for one merge: lowers their number to what a worker can merge at once, adds what
 * former segments must be merged with, and cuts the tuple merge into parts. What is added is in no checkpoint
 * before the end, so a crash leaves only files that the next start removes, and adds them anew.
 */
export async function prepareRuns(run: ImportRun, seal: SealState): Promise<void> {
  const hasKeys = run.state.runs.some((file) => file.kind === "keys");
  const segments = run.session.sealed?.segments.length ?? 0;
  await lowerRunCount(run, "tuples", run.mergeInputsMax - seal.absorbed.length);
  await lowerRunCount(run, "keys", run.mergeInputsMax - segments);
  const former: RunFile[] = [];
  for (const segment of seal.absorbed) {
    former.push(await copySegment(run, "tuples", segment), await copySegment(run, "keys", segment));
  }
  if (hasKeys) former.push(...(await copyMetKeyBlocks(run, seal)));
  run.state.runs.push(...former.filter((file) => file.bytes > 0));
  const tuples = run.state.runs.filter((file) => file.kind === "tuples");
  const bounds = chooseBounds(
    tuples.map((file) => join(run.runsDir, file.name)),
    {
      partBytes: mergePartBytes,
      partsMax: Math.min(mergePartsMax, Math.ceil(mergeOffsetsMax / Math.max(1, tuples.length))),
      samplesMax: mergeSamplesMax,
      totalBytes: tuples.reduce((sum, file) => sum + file.bytes, 0),
    },
  );
  seal.bounds = bounds.map((bound) => bound.toString(16));
}

/**
 * A former segment's blocks as a run: they are sorted as they lie. The reader gives way to a new one whenever
 * it has mapped its share; nobody else writes meanwhile.
 */
async function copySegment(run: ImportRun, kind: "tuples" | "keys", segment: number): Promise<RunFile> {
  const name = `${kind[0]}-former-${segment}.run`;
  const writer = new RunWriter(join(run.runsDir, name), run.writerOptions);
  const copy = kind === "tuples" ? copyTuples : copyKeys;
  for (let next: SegmentPlace | null = segmentStart; next !== null; ) {
    const from: SegmentPlace = next;
    next = await run.serial(async () => copy(run, segment, from, writer));
    await run.serial(() => run.session.releaseMapped());
  }
  return { name, kind, bytes: writer.finish(), isFormer: true, isJoinOnly: false };
}

/** The first entry of a segment that is not copied yet. */
interface SegmentPlace {
  index: number;
  term: bigint;
  id: number;
  hash: bigint;
  ordinal: number;
}

const segmentStart: SegmentPlace = { index: 0, term: 0n, id: 0, hash: 0n, ordinal: 0 };

/**
 * Copies blocks until the share of mapped pages is used up; the answer is where to go on, null at the end.
 */
function copyTuples(
  run: ImportRun,
  segment: number,
  from: SegmentPlace,
  writer: RunWriter,
): SegmentPlace | null {
  using reader = run.session.reader();
  const reads = new MappedReads(run);
  let isFull = false;
  for (const { index, term, id, block } of reader.tupleBlocks(segment, from.index, from.term, from.id)) {
    if (isFull) return { ...segmentStart, index, term, id };
    writer.write(block);
    isFull = reads.note(block);
  }
  return null;
}

function copyKeys(
  run: ImportRun,
  segment: number,
  from: SegmentPlace,
  writer: RunWriter,
): SegmentPlace | null {
  using reader = run.session.reader();
  const reads = new MappedReads(run);
  let isFull = false;
  for (const { hash, ordinal, block } of reader.keyBlocks(segment, from.hash)) {
    if (ordinal < from.ordinal) continue;
    if (isFull) return { ...segmentStart, hash, ordinal };
    writer.write(block);
    isFull = reads.note(block);
  }
  return null;
}
