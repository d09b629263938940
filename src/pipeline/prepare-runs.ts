import { rmSync } from "node:fs";
import { join } from "node:path";
import { mergePartBytes, mergePartsMax, mergeSamplesMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { chooseBounds, RunWriter } from "../postings/index.js";
import type { RunFile, SealState } from "./checkpoint.js";
import { copyMetKeyBlocks } from "./key-join.js";
import type { ImportRun } from "./import-run.js";
import { runTasks } from "./merge-parts.js";
import type { MergedReply } from "./worker-protocol.js";

/**
 * Makes the runs ready for one merge: adds what former segments must be merged with, lowers the number of runs to what
 * a worker can merge at once, and cuts the tuple merge into parts. Ends before anything of it is in a checkpoint, so a
 * crash in it leaves only files that the next start removes.
 */
export async function prepareRuns(run: ImportRun, seal: SealState): Promise<void> {
  const hasKeys = run.state.runs.some((file) => file.kind === "keys");
  const former: RunFile[] = [];
  for (const segment of seal.absorbed) {
    former.push(await copySegment(run, "tuples", segment), await copySegment(run, "keys", segment));
  }
  if (hasKeys) former.push(...(await copyMetKeyBlocks(run, seal)));
  run.state.runs.push(...former.filter((file) => file.bytes > 0));
  await lowerRunCount(run, "tuples");
  await lowerRunCount(run, "keys");
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

/** Merges groups of runs into larger runs until one merge can take all that remain. */
async function lowerRunCount(run: ImportRun, kind: "tuples" | "keys"): Promise<void> {
  const runsMax = run.mergeInputsMax;
  for (;;) {
    const files = run.state.runs.filter((file) => file.kind === kind && !file.isFormer && !file.isJoinOnly);
    const others = run.state.runs.filter((file) => file.kind === kind).length - files.length;
    if (files.length + others <= runsMax || files.length < 2) return;
    const groups = groupsOf(files, Math.max(2, Math.min(runsMax, Math.ceil(files.length / run.workers.length))));
    const merged: RunFile[] = [];
    await runTasks(
      run,
      groups.map((group) => async (worker) => {
        const name = run.newRunName(kind);
        const inputs = group.map((file) => ({ name: file.name, offset: 0, isEmitted: true }));
        const reply = (await worker.send(
          kind === "tuples"
            ? { kind: "merge-tuples", ordinal: 0, inputs, lower: null, upper: null, into: name }
            : { kind: "merge-keys", ordinal: 0, inputs, firstNewId: 0, into: name },
          [],
          async () => {},
        )) as MergedReply;
        merged.push(...reply.runs);
        run.state.bytesSpilled += reply.bytes;
      }),
    );
    run.state.runs = [...run.state.runs.filter((file) => !files.includes(file)), ...merged];
    await run.commit();
    for (const file of files) rmSync(join(run.runsDir, file.name), { force: true });
  }
}

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}

