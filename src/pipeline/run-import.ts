import { isPlimsollError, PlimsollError } from "../kernel/index.js";
import { divideLine, Governor, type ShareTable } from "../memory/index.js";
import type { SourceFingerprint, TargetSession } from "../ports/index.js";
import { type Checkpoint, type FinishedNote, fingerprintChange, importIdOf } from "./checkpoint.js";
import type { ImportHost, ImportPlan, ImportReport } from "./import-plan.js";
import { ImportRun } from "./import-run.js";
import { newCheckpoint, parseCheckpoint } from "./import-state.js";
import { ReadPhase } from "./read-phase.js";
import { RejectsWriter } from "./rejects.js";
import { reportNothingToDo, reportOf } from "./report.js";
import { sealPhase } from "./seal-phase.js";

/**
 * One import, top to bottom: open the target, find out where a former run stopped, read the sources
 * (admit → decode → map → commit), merge the runs and make the result visible (resolve → seal). The report tells how
 * far it came; a condition that ended it early is thrown, after everything up to the last checkpoint was kept.
 */
export async function runImport(plan: ImportPlan, host: ImportHost): Promise<ImportReport> {
  const baselineBytes = process.memoryUsage.rss();
  const { lineBytes } = plan.memory;
  const table = divideLine({ lineBytes, baselineBytes, threads: plan.threads });
  if (table.threads < plan.threads) {
    host.onNotice(`The line has room for ${table.threads} of ${plan.threads} threads.`);
  }
  await using session = await plan.target.open({
    mergeMapping: plan.mergeMapping,
    tempDir: plan.tempDir,
    transactionBytes: table.transactionBytesMax,
    signal: host.signal,
  });
  const sources = await Promise.all(plan.sources.map((source) => source.fingerprint()));
  const start = await findStart(plan, session, sources);
  if ("finished" in start) {
    host.onNotice(`Nothing to do: this import finished at ${start.finished.finishedAt}. Load it again with --fresh.`);
    return reportNothingToDo(plan, table);
  }
  // Awaited here: the session must outlive it.
  return await carryOut(plan, host, session, table, start);
}

type Start = { state: Checkpoint; resumedFrom: ImportReport["resumedFrom"] };

async function carryOut(
  plan: ImportPlan,
  host: ImportHost,
  session: TargetSession,
  table: ShareTable,
  start: Start,
): Promise<ImportReport> {
  const { state, resumedFrom } = start;
  using governor = new Governor({ table, graduality: plan.memory.graduality, delayMsMax: plan.delayMsMax });
  const rejects = RejectsWriter.open({
    path: plan.rejects.path,
    position: resumedFrom === null ? null : state.rejectsBytes,
    scope: { sources: state.sources.map(({ name }) => name), offset: plan.offset, limit: plan.limit },
    rerun: plan.rejects.rerun,
  });
  await using run = new ImportRun({ plan, host, session, governor, state, rejects });
  if (resumedFrom !== null) {
    host.onNotice(`Going on where this import stopped: ${resumedFrom.source}, record ${resumedFrom.record}.`);
  }
  try {
    await session.rollback(state.nextId);
    if (state.phase === "read") await new ReadPhase(run).run();
    run.progress.enter("merge");
    await sealPhase(run);
    run.progress.tell();
    return reportOf(run, { state: "complete", resumedFrom, error: null });
  } catch (error) {
    throw asInterruption(error, host.signal);
  }
}

/** Where to begin: at a checkpoint, at the beginning, or nowhere because it is all done. */
async function findStart(
  plan: ImportPlan,
  session: TargetSession,
  sources: SourceFingerprint[],
): Promise<Start | { finished: FinishedNote }> {
  const importId = importIdOf({
    sources: sources.map((source) => source.name),
    offset: plan.offset,
    limit: plan.limit,
  });
  const pending = await session.checkpoint();
  if (pending !== null) {
    const state = parseCheckpoint(pending);
    if (plan.isFresh) await session.forget();
    else if (state.importId !== importId) {
      throw new PlimsollError("IMPORT_PENDING", {
        store: plan.target.name,
        source: state.sources.map((source) => source.name).join(" "),
      });
    } else {
      assertSameSources(state.sources, sources);
      return { state, resumedFrom: resumePointOf(state) };
    }
  }
  const note = await session.finished(importId);
  if (note !== null && !plan.isFresh) {
    const finished = JSON.parse(note) as FinishedNote;
    const isSame = sources.every((source, index) => isUnchanged(finished.sources[index], source));
    if (isSame) return { finished };
  }
  const firstId = session.sealed?.nextId ?? 0;
  return { state: newCheckpoint({ importId, sources, firstId, mapping: session.mapping }), resumedFrom: null };
}

/** A stream cannot be told from another one before it is read, so it never counts as loaded already. */
function isUnchanged(before: SourceFingerprint | undefined, now: SourceFingerprint): boolean {
  return before !== undefined && now.sizeBytes !== null && fingerprintChange(before, now) === null;
}

function assertSameSources(before: readonly SourceFingerprint[], now: readonly SourceFingerprint[]): void {
  before.forEach((source, index) => {
    const reason = fingerprintChange(source, now[index]!);
    if (reason !== null) throw new PlimsollError("SOURCE_CHANGED", { source: source.name, reason });
  });
}

function resumePointOf(state: Checkpoint): NonNullable<ImportReport["resumedFrom"]> {
  const source = state.sources[Math.min(state.sourceIndex, state.sources.length - 1)];
  return {
    phase: state.phase,
    record: state.accepted.reduce((sum, count) => sum + count, state.rejected),
    source: source?.name ?? "",
  };
}

function asInterruption(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || (isPlimsollError(error) && error.code !== "WORKER_LOST")) return error;
  return new PlimsollError("INTERRUPTED", {}, { cause: error });
}
