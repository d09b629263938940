import { rmSync } from "node:fs";
import { join } from "node:path";
import type { RunFile } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { runTasks } from "./run-tasks.js";
import type { MergedReply, WorkerHandle } from "./worker-protocol.js";

/**
 * Merges the smallest of this import's runs into larger ones until no more than `countMax` of the kind
 * remain, and no more of them than that takes. Every pass ends with a commit, so it works on nothing but runs
 * that a checkpoint may name.
 */
export async function lowerRunCount(run: ImportRun, kind: RunFile["kind"], countMax: number): Promise<void> {
  for (;;) {
    const files = run.state.runs.filter((file) => file.kind === kind && !file.isFormer);
    const groups = groupsOf(files, files.length - countMax, run.mergeInputsMax, run.workers.length);
    if (groups.length === 0) return;
    const merged: RunFile[] = [];
    run.tally.mergePasses += 1;
    await runTasks(
      run,
      groups.map((group) => async (worker) => {
        merged.push(await mergeGroup(run, kind, group, worker));
      }),
    );
    const gone = new Set(groups.flat());
    run.state.runs = [...run.state.runs.filter((file) => !gone.has(file)), ...merged];
    for (const file of merged) run.state.bytesSpilled += file.bytes;
    await run.commit();
    for (const file of gone) rmSync(join(run.runsDir, file.name), { force: true });
  }
}

/**
 * While an import reads, its runs are merged as soon as there are twice as many as one merge can take: their
 * list is part of every checkpoint, so its length must not follow the length of the input.
 */
export async function boundRunCount(run: ImportRun): Promise<void> {
  for (const kind of ["tuples", "keys"] as const) {
    const count = run.state.runs.filter((file) => file.kind === kind).length;
    if (count > 2 * run.mergeInputsMax) await lowerRunCount(run, kind, run.mergeInputsMax);
  }
}

/** A group of n runs becomes one, so it lowers their number by n - 1; a group for each worker at most. */
function groupsOf(
  files: readonly RunFile[],
  excess: number,
  inputsMax: number,
  workerCount: number,
): RunFile[][] {
  if (excess <= 0 || files.length < 2) return [];
  const sorted = [...files].sort((a, b) => a.bytes - b.bytes);
  const size = Math.min(inputsMax, Math.ceil(excess / workerCount) + 1);
  const groups: RunFile[][] = [];
  for (let left = excess; left > 0 && groups.length < workerCount; left -= size - 1) {
    const group = sorted.splice(0, Math.min(size, left + 1));
    if (group.length < 2) break;
    groups.push(group);
  }
  return groups;
}

async function mergeGroup(
  run: ImportRun,
  kind: RunFile["kind"],
  group: readonly RunFile[],
  worker: WorkerHandle,
): Promise<RunFile> {
  const into = run.newRunName(kind);
  const inputs = group.map((file) => ({ name: file.name, offset: 0, isEmitted: true }));
  const reply = await worker.send(
    kind === "keys"
      ? { kind: "merge-keys", ordinal: 0, inputs, firstNewId: 0, into }
      : { kind: "merge-tuples", ordinal: 0, inputs, lower: null, upper: null, into },
    [],
    async () => {},
  );
  return { ...(reply as MergedReply).runs[0]!, kind };
}
