import { join } from "node:path";
import { boundOffsets, keyFilterForm } from "../postings/index.js";
import type { KeyFates, RunFile, SealState } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { lowerRunCount } from "./lower-run-count.js";
import { runTasks, type Task } from "./run-tasks.js";
import type { MergedReply, MergeTuplesRequest, OutputReply, WorkerHandle } from "./worker-protocol.js";

/** Index 0 is the list of dead records; the parts of the merge begin above it. */
const firstIndexTuple = 1n << 112n;

/**
 * Merges keys and all parts of the tuples, as many at a time as there are workers; each is committed when
 * done.
 */
export async function mergeParts(run: ImportRun, seal: SealState): Promise<void> {
  const tupleRuns = run.state.runs.filter((file) => file.kind === "tuples");
  const bounds = seal.bounds.map((bound) => BigInt(`0x${bound}`));
  const offsets = tupleRuns.map((file) => boundOffsets(join(run.runsDir, file.name), bounds));
  const tasks: Task[] = [];
  if (!seal.isKeysDone) tasks.push((worker) => mergeKeys(run, seal, worker));
  for (let part = 0; part <= bounds.length; part += 1) {
    if (seal.partsDone.includes(part)) continue;
    // Made when its turn comes: all of them at once would be a list of parts times runs.
    const request = (): MergeTuplesRequest => ({
      kind: "merge-tuples",
      ordinal: part,
      inputs: tupleRuns.map((file, index) => ({
        name: file.name,
        offset: part === 0 ? 0 : offsets[index]![part - 1]!,
      })),
      lower: tupleText(part === 0 ? firstIndexTuple : bounds[part - 1]!),
      upper: part === bounds.length ? null : tupleText(bounds[part]!),
      into: null,
    });
    tasks.push((worker) => mergePart(run, seal, request(), worker));
  }
  await run.spent.of("merge", () => runTasks(run, tasks));
}

/** The dead records of this import and of the segments it absorbs become one list. */
export async function mergeDeadRecords(run: ImportRun, seal: SealState): Promise<void> {
  const absorbed = run.state.runs.filter((file) => file.kind === "tuples" && file.isFormer);
  await lowerRunCount(run, "dead", run.mergeInputsMax - absorbed.length);
  const dead = run.state.runs.filter((file) => file.kind === "dead");
  if (dead.length === 0 && absorbed.length === 0) return;
  const request: MergeTuplesRequest = {
    kind: "merge-tuples",
    ordinal: -1,
    inputs: [...dead, ...absorbed].map((file) => ({ name: file.name, offset: 0 })),
    lower: null,
    upper: tupleText(firstIndexTuple),
    into: null,
  };
  await runTasks(run, [async (worker) => addMerged(seal, await send(run, seal, request, worker))]);
}

async function mergePart(
  run: ImportRun,
  seal: SealState,
  request: MergeTuplesRequest,
  worker: WorkerHandle,
): Promise<void> {
  const reply = await send(run, seal, request, worker);
  await run.serial(async () => {
    addMerged(seal, reply);
    seal.partsDone.push(request.ordinal);
    await run.commitNow();
  });
}

function addMerged(seal: SealState, reply: MergedReply): void {
  seal.tuples += reply.entries;
  seal.postingBytes += reply.bytes;
}

async function mergeKeys(run: ImportRun, seal: SealState, worker: WorkerHandle): Promise<void> {
  const inputs = run.state.runs
    .filter((file) => file.kind === "keys")
    .map((file) => ({ name: file.name, isEmitted: !file.isJoinOnly }));
  let keys = 0;
  let bytes = 0;
  const reply = await worker.send(
    { kind: "merge-keys", ordinal: 0, inputs, firstNewId: run.state.firstId, into: null },
    [],
    async (output) => {
      await run.serial(async () => {
        for (const [at, part] of output.parts.entries()) {
          if (part.kind !== "key-block") continue;
          const { hash, ordinal } = part;
          const [block, filter] = [part, output.parts[at + 1]!].map(
            ({ offset, length }) => new Uint8Array(output.output, offset, length),
          );
          await run.session.appendKeyBlock(seal.segment, { hash, ordinal, block: block!, filter: filter! });
          keys += part.count;
          bytes += part.length;
        }
      });
      await run.pace();
    },
  );
  await run.serial(async () => {
    seal.isKeysDone = true;
    seal.keys = keys;
    seal.keyBytes = bytes;
    seal.keyFilters = keyFilterForm;
    seal.fates = (reply as MergedReply).fates as KeyFates;
    run.state.runs.push(...((reply as MergedReply).runs as RunFile[]));
    await run.commitNow();
  });
}

async function send(
  run: ImportRun,
  seal: SealState,
  request: MergeTuplesRequest,
  worker: WorkerHandle,
): Promise<MergedReply> {
  const reply = await worker.send(request, [], async (output) => {
    await run.serial(() => appendTuples(run, seal, output));
    // The buffer goes back only then: the control point holds this worker back, and not those beside it.
    await run.pace();
  });
  return reply as MergedReply;
}

async function appendTuples(run: ImportRun, seal: SealState, output: OutputReply): Promise<void> {
  for (const part of output.parts) {
    if (part.kind !== "tuple-block") continue;
    const block = new Uint8Array(output.output, part.offset, part.length);
    await run.session.appendTupleBlock(seal.segment, {
      index: part.index,
      term: part.term,
      id: part.id,
      block,
    });
    run.onMerged(part.length);
  }
}

function tupleText(tuple: bigint): string {
  return tuple.toString(16);
}
