import { rmSync } from "node:fs";
import { join } from "node:path";
import type { RunFile } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { runTasks } from "./run-tasks.js";
import type { PoolWorker } from "./worker-pool.js";
import type { MergedReply } from "./worker-protocol.js";

/**
 * Merges groups of this import's runs into larger runs until one merge can take all that remain, and `others`
 * beside them. Every pass ends with a commit, so it works on nothing but runs that a checkpoint may name.
 */
export async function lowerRunCount(run: ImportRun, kind: RunFile["kind"], others: number): Promise<void> {
  for (;;) {
    const files = run.state.runs.filter((file) => file.kind === kind && !file.isFormer);
    if (files.length + others <= run.mergeInputsMax || files.length < 2) return;
    const size = Math.min(run.mergeInputsMax, Math.ceil(files.length / run.workers.length));
    const merged: RunFile[] = [];
    const groups = groupsOf(files, Math.max(2, size));
    await runTasks(
      run,
      groups.map((group) => async (worker) => {
        merged.push(await mergeGroup(run, kind, group, worker));
      }),
    );
    run.state.runs = [...run.state.runs.filter((file) => !files.includes(file)), ...merged];
    for (const file of merged) run.state.bytesSpilled += file.bytes;
    await run.commit();
    for (const file of files) rmSync(join(run.runsDir, file.name), { force: true });
  }
}

async function mergeGroup(
  run: ImportRun,
  kind: RunFile["kind"],
  group: readonly RunFile[],
  worker: PoolWorker,
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

function groupsOf<T>(items: readonly T[], size: number): T[][] {
  const groups: T[][] = [];
  for (let start = 0; start < items.length; start += size) groups.push(items.slice(start, start + size));
  return groups;
}
