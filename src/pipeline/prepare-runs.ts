import { join } from "node:path";
import { mergePartBytes, mergePartsMax, mergeSamplesMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { chooseBounds, RunWriter } from "../postings/index.js";
import type { RunFile, SealState } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { copyMetKeyBlocks } from "./key-join.js";
import { lowerRunCount } from "./lower-run-count.js";

/**
 * Makes the runs ready for one merge: lowers their number to what a worker can merge at once, adds what
 * former segments must be merged with, and cuts the tuple merge into parts. What is added is in no checkpoint
 * before the end, so a crash leaves only files that the next start removes, and adds them anew.
 */
export async function prepareRuns(run: ImportRun, seal: SealState): Promise<void> {
  const hasKeys = run.state.runs.some((file) => file.kind === "keys");
  const segments = run.session.sealed?.segments.length ?? 0;
  await lowerRunCount(run, "tuples", seal.absorbed.length);
  await lowerRunCount(run, "keys", segments);
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
      partsMax: mergePartsMax,
      samplesMax: mergeSamplesMax,
      totalBytes: tuples.reduce((sum, file) => sum + file.bytes, 0),
    },
  );
  seal.bounds = bounds.map((bound) => bound.toString(16));
}

/** A former segment's blocks as a run: they are sorted as they lie. */
async function copySegment(run: ImportRun, kind: "tuples" | "keys", segment: number): Promise<RunFile> {
  const name = `${kind[0]}-former-${segment}.run`;
  const blocks = (reader: StoreReader) =>
    kind === "tuples" ? reader.tupleBlocks(segment, 0, 0n, 0) : reader.keyBlocks(segment, 0n);
  const writer = new RunWriter(join(run.runsDir, name));
  let bytes = 0;
  await run.serial(async () => {
    using reader = run.session.reader();
    for (const { block } of blocks(reader)) writer.write(block);
  });
  bytes = writer.finish();
  return { name, kind, bytes, isFormer: true, isJoinOnly: false };
}
