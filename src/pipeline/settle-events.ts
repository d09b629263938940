import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { Kernel, MiB } from "../kernel/index.js";
import { eventsEntity } from "../model/index.js";
import { boundOffsets, PostingDecoder } from "../postings/index.js";
import type { RunFile, SealState } from "./checkpoint.js";
import { FormerDead } from "./former-dead.js";
import type { ImportRun } from "./import-run.js";
import { lowerRunCount } from "./lower-run-count.js";
import { DeadRunWriter, RunIds } from "./run-ids.js";
import { runFile } from "./worker-merge.js";

const kernelBytes = 1 * MiB;
/** Ids between two looks at whether the import is to end. */
const idsPerTurn = 65_536;

/** DEAD_... of kernels/key-group.ts: the reason in the high half of a payload, a mark in the low one. */
const deadReason = { deleted: 1, superseded: 4, duplicate: 5 };
const isByRules = (payload: number) => (payload & 15) !== 0;

/**
 * Settles what became of events. The merge of keys settles each key by itself, and an event has several: it
 * may be superseded in its group and deleted besides, or be dead since a former import and lose its group's
 * place now. So its dead records are brought into one order of ids here, where each is counted once, by its
 * weightiest reason, and those that are in a former list already are left out. What is decided is in no
 * checkpoint before the stage ends, so a crash does it again from the same runs.
 */
export async function settleEvents(run: ImportRun, seal: SealState): Promise<void> {
  const entity = eventsEntity(run.mapping);
  if (entity === undefined) return;
  await lowerRunCount(run, "dead", 1);
  const united = run.state.runs.find((file) => file.kind === "dead");
  if (united === undefined) return;
  const settled = await settle(run, united);
  const { fates } = seal;
  fates.replaced += settled.replaced;
  fates.superseded += settled.superseded;
  fates.duplicates += settled.duplicates;
  fates.deleted += settled.deleted;
  fates.existingLost += settled.existingLost;
  const { number } = entity;
  fates.lostByEntity[number] = (fates.lostByEntity[number] ?? 0) + settled.lost;
  const others = run.state.runs.filter((file) => file !== united);
  run.state.runs = settled.file.bytes === 0 ? others : [...others, settled.file];
}

interface Settled {
  /** New records that live in the place of an existing one. */
  replaced: number;
  superseded: number;
  duplicates: number;
  deleted: number;
  existingLost: number;
  /** Events that lived before, or would live without their fate. */
  lost: number;
  /** The run of those that no former list names. */
  file: RunFile;
}

async function settle(run: ImportRun, united: RunFile): Promise<Settled> {
  const kernel = new Kernel({ memoryBytes: kernelBytes });
  const decoder = new PostingDecoder(kernel);
  const path = join(run.runsDir, united.name);
  const name = run.newRunName("dead");
  const replacingIndex = kernel.exports.INDEX_REPLACING.value;
  const [replacingOffset] = boundOffsets(path, [BigInt(replacingIndex) << 112n]);
  const counts = { replaced: 0, superseded: 0, duplicates: 0, deleted: 0, existingLost: 0, lost: 0 };
  using former = new FormerDead(run, decoder);
  using dead = new RunIds(path, decoder, { index: 0, offset: 0 });
  using replacing = new RunIds(path, decoder, { index: replacingIndex, offset: replacingOffset ?? 0 });
  using writer = new DeadRunWriter(kernel, join(run.runsDir, name), run.writerOptions);
  const { firstId } = run.state;
  for (let seen = 1; dead.id !== Number.POSITIVE_INFINITY; dead.next(), seen += 1) {
    const { id, payload } = dead;
    for (; replacing.id < id; replacing.next()) counts.replaced += 1;
    // One that took a place and is dead all the same has the fate of the dead.
    if (replacing.id === id) replacing.next();
    if (seen % idsPerTurn === 0) await setImmediate(undefined, { signal: run.signal });
    if (former.isFull) await former.renew();
    const isFormer = id < firstId;
    if (isFormer && isByRules(payload) && former.has(id)) continue;
    writer.add(id, payload & 0xf0);
    if (!isByRules(payload)) continue;
    counts.lost += 1;
    const reason = payload >> 4;
    if (isFormer) counts.existingLost += 1;
    else if (reason === deadReason.duplicate) counts.duplicates += 1;
    else if (reason === deadReason.superseded) counts.superseded += 1;
    else if (reason === deadReason.deleted) counts.deleted += 1;
  }
  for (; replacing.id !== Number.POSITIVE_INFINITY; replacing.next()) counts.replaced += 1;
  return { ...counts, file: runFile(name, "dead", writer.finish()) };
}
