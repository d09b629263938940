import { assert } from "../kernel/index.js";
import type { LastImport, SealedState, SegmentState } from "../ports/index.js";
import type { SealState } from "./checkpoint.js";
import { rejectConflicts } from "./conflict-rejects.js";
import { leaveOutDeadLinks } from "./dead-links.js";
import type { ImportRun } from "./import-run.js";
import { mergeDeadRecords, mergeParts } from "./merge-parts.js";
import { prepareRuns } from "./prepare-runs.js";
import { settleEvents } from "./settle-events.js";
import { finishTables } from "./table-rows.js";

/**
 * Merges the runs of an import into one new segment and makes it visible. Every stage ends with a commit that
 * names what is done, so that a killed import goes on with the first thing that is not.
 */
export async function sealPhase(run: ImportRun): Promise<void> {
  const { state, target } = run;
  if (target.capabilities.sortedAppend) {
    state.seal ??= beginSeal(run, segmentsToAbsorb(run));
    const seal = state.seal;
    if (seal.stage === "prepare") {
      await run.spent.of("prepare", () => prepareRuns(run, seal));
      await enter(run, seal, "merge");
    }
    if (seal.stage === "merge") {
      await mergeParts(run, seal);
      await enter(run, seal, "settle");
    }
    if (seal.stage === "settle") {
      await settleEvents(run, seal);
      await enter(run, seal, "dead");
    }
    if (seal.stage === "dead") {
      await mergeDeadRecords(run, seal);
      await enter(run, seal, "rejects");
    }
    await leaveOutDeadLinks(run, seal);
    if (seal.fates.conflicts > 0) await rejectConflicts(run, seal);
  }
  // They end beside what is left, unless that wants their memory.
  const stopped = run.stopWorkers();
  if (run.tables !== null && run.tables.afterSteps.length > 0) {
    await stopped;
    await finishTables(run, run.tables);
  }
  // Behind this commit nothing of the import is ever written again.
  run.rejects.sync();
  await publish(run);
  await stopped;
}

async function enter(run: ImportRun, seal: SealState, stage: SealState["stage"]): Promise<void> {
  seal.stage = stage;
  await run.commit();
}

/**
 * The newest segments that are small against the new one are merged into it: each record moves O(log n)
 * times.
 */
function segmentsToAbsorb(run: ImportRun): number[] {
  const segments = run.session.sealed?.segments ?? [];
  let size = run.state.nextId - run.state.firstId;
  const absorbed: number[] = [];
  for (const segment of [...segments].reverse()) {
    const segmentSize = segment.endId - segment.firstId;
    if (size === 0 || segmentSize > 2 * size) break;
    absorbed.push(segment.number);
    size += segmentSize;
  }
  return absorbed.reverse();
}

function beginSeal(run: ImportRun, absorbed: readonly number[]): SealState {
  const segments = run.session.sealed?.segments ?? [];
  return {
    segment: 1 + Math.max(0, ...segments.map((segment) => segment.number)),
    absorbed: [...absorbed],
    stage: "prepare",
    bounds: [],
    partsDone: [],
    isKeysDone: false,
    tuples: 0,
    postingBytes: 0,
    keys: 0,
    keyBytes: 0,
    fates: {
      replaced: 0,
      superseded: 0,
      duplicates: 0,
      deleted: 0,
      conflicts: 0,
      existingLost: 0,
      lostByEntity: [],
      danglingNew: 0,
      danglingResolved: 0,
    },
  };
}

async function publish(run: ImportRun): Promise<void> {
  const { state, session } = run;
  const records = run.counts();
  const note = {
    version: 1 as const,
    importId: state.importId,
    sources: state.sources,
    finishedAt: new Date().toISOString(),
    records,
  };
  await run.serial(async () => {
    // Without a note the same command reads again: a damaged source may have been replaced.
    const kept = state.damage === null ? JSON.stringify(note) : null;
    await session.publish(sealedStateAfter(run, note.finishedAt), state.importId, kept);
    if (run.target.capabilities.sortedAppend) await session.dropSegments(null);
  });
  run.removeRuns();
}

function sealedStateAfter(run: ImportRun, sealedAt: string): SealedState {
  const { state, session } = run;
  const before = session.sealed;
  const kept = (before?.segments ?? []).filter((segment) => !state.seal?.absorbed.includes(segment.number));
  const live = session.mapping.entities.map((_, entity) => {
    const lost = state.seal?.fates.lostByEntity[entity] ?? 0;
    return (before?.liveRecords[entity] ?? 0) + (state.accepted[entity] ?? 0) - lost;
  });
  const dead =
    (before?.deadRecords ?? 0) + (state.seal?.fates.lostByEntity ?? []).reduce((sum, n) => sum + n, 0);
  assert(
    live.every((count) => count >= 0),
    "live records are counted from what lives",
  );
  return {
    segments: [...kept, ...newSegment(run)],
    nextId: state.nextId,
    liveRecords: live,
    deadRecords: dead,
    lastImport: lastImportOf(run, sealedAt),
    ...(before?.liveFolded === undefined ? {} : { liveFolded: before.liveFolded }),
    ...(before?.liveImport === undefined ? {} : { liveImport: before.liveImport }),
  };
}

function lastImportOf(run: ImportRun, sealedAt: string): LastImport {
  const { importId, sources } = run.state;
  return { id: importId, sealedAt, sources: sources.map(({ name }) => name), records: { ...run.counts() } };
}

function newSegment(run: ImportRun): SegmentState[] {
  const { seal, firstId, nextId } = run.state;
  if (seal === null || (seal.tuples === 0 && seal.keys === 0)) return [];
  const absorbed = (run.session.sealed?.segments ?? []).filter((segment) =>
    seal.absorbed.includes(segment.number),
  );
  return [
    {
      number: seal.segment,
      firstId: Math.min(firstId, ...absorbed.map((segment) => segment.firstId)),
      endId: nextId,
      tuples: seal.tuples,
      postingBytes: seal.postingBytes,
      keys: seal.keys,
      keyBytes: seal.keyBytes,
      ...(seal.keyFilters === undefined ? {} : { keyFilters: seal.keyFilters }),
    },
  ];
}
