import { resolve } from "node:path";
import { asDiskCondition, collectGarbage, isPlimsollError, PlimsollError } from "../kernel/index.js";
import { divideLine, Governor, type ShareTable, WritebackMeter } from "../memory/index.js";
import type { Source, SourceFingerprint, TargetOpenOptions, TargetSession } from "../ports/index.js";
import { blankScopesOf, documentsOf, withHomes } from "./blank-scopes.js";
import { type Checkpoint, type FinishedNote, fingerprintChange, importIdOf } from "./checkpoint.js";
import type { ImportHost, ImportPlan, ImportReport } from "./import-plan.js";
import { ImportRun } from "./import-run.js";
import { newCheckpoint, parseCheckpoint, recordsReadIn } from "./import-state.js";
import { ReadPhase } from "./read-phase.js";
import { RejectsWriter } from "./rejects.js";
import { reportNothingToDo, reportOf, sharesOf } from "./report.js";
import { type Attempt, roomierAttempt } from "./roomier-attempt.js";
import { restoreRuns } from "./run-files.js";
import { sealPhase } from "./seal-phase.js";
import { assertVerifiable, divisionOf } from "./signature-plan.js";
import { StartedThreads } from "./started-threads.js";
import { workerLimitsOf } from "./worker-limits.js";

/**
 * One import, top to bottom: open the target, find out where a former run stopped, read the sources (admit →
 * decode → map → commit), merge the runs and make the result visible (resolve → seal). The report tells how
 * far it came; a condition that ended it early is thrown, after everything up to the last checkpoint was
 * kept. Threads that boot already are closed by whoever started them.
 */
export async function runImport(
  plan: ImportPlan,
  host: ImportHost,
  threads = new StartedThreads(),
): Promise<ImportReport> {
  const attempt: Attempt = { plan, restarts: 0, threads: plan.threads, reserveBytes: 0 };
  for (;;) {
    try {
      return await openAndCarryOut(attempt, host, threads);
    } catch (error) {
      const condition = firstError(error);
      const roomier = host.signal.aborted ? null : await roomierAttempt(attempt, condition);
      if (roomier === null) throw condition;
      host.onNotice(roomier.notice);
      Object.assign(attempt, roomier.attempt);
    }
  }
}

/** What failed first: closing afterwards may have failed as well, as a consequence. */
function firstError(error: unknown): unknown {
  const isSuppressed = error instanceof Error && "suppressed" in error;
  return isSuppressed ? firstError(error.suppressed) : error;
}

async function openAndCarryOut(
  attempt: Attempt,
  host: ImportHost,
  threads: StartedThreads,
): Promise<ImportReport> {
  const { plan, restarts } = attempt;
  assertVerifiable(plan);
  // What starting up left on the heap is not what the import has to live with.
  collectGarbage();
  const { line, graduality } = plan.memory;
  const baselineBytes = threads.baselineBytes(plan);
  const table = divideLine({
    lineBytes: line.bytes,
    lineOrigin: line.origin,
    baselineBytes,
    threads: plan.threads,
    settings: divisionOf(plan),
  });
  attempt.threads = table.threads;
  attempt.reserveBytes = table.shares.reserve.bytes;
  await threads.keep(table.threads, workerLimitsOf(table, plan));
  const { delayMsMax } = plan;
  const { onDecision } = host;
  using governor = new Governor({
    table,
    line,
    graduality,
    delayMsMax,
    ...(onDecision ? { onDecision } : {}),
  });
  host.onDivided?.({ lineBytes: line.bytes, shares: sharesOf(table) });
  if (table.threads < plan.threads) {
    host.onNotice(
      table.threads === 0
        ? "The line has no room for a worker thread: the main thread does it all."
        : `The line has room for ${table.threads} of ${plan.threads} threads.`,
    );
  }
  const sources = await Promise.all(plan.sources.map((source) => source.fingerprint()));
  const documents = documentsOf(sources);
  await using session = await plan.target.open({
    mergeMapping: (stored) => withHomes(plan.mergeMapping(stored), plan, documents),
    tempDir: plan.tempDir,
    transactionBytes: table.transactionBytesMax,
    mappedBytes: table.mappedBytesMax + lentBytes(plan, table),
    ...residentFileBytesOf(governor),
    signal: host.signal,
  });
  const start = await findStart(plan, session, sources, documents);
  if ("finished" in start) {
    if (!start.isPending) await cleanUp(plan, session);
    host.onNotice(
      `Nothing to do: this import finished at ${start.finished.finishedAt}. Load it again with --fresh.`,
    );
    return reportNothingToDo(plan, table);
  }
  try {
    // Awaited here: the session must outlive it.
    return await carryOut({ plan, host, session, governor, threads, restarts, ...start });
  } catch (error) {
    throw asDiskCondition(error, session.runsDir);
  }
}

/** Tables need no runs: that share, which nothing touches then, is the database's. */
function lentBytes({ target }: ImportPlan, { shares }: ShareTable): number {
  return target.capabilities.tables ? shares.runBuffers.bytes : 0;
}

/** On systems that do not tell, the target goes by what it has written. */
function residentFileBytesOf(governor: Governor): Pick<TargetOpenOptions, "residentFileBytes"> {
  const residentFileBytes = () => governor.gauge.read().fileBytes;
  return residentFileBytes() === 0 ? {} : { residentFileBytes };
}

/** An import may have been killed behind its last commit, before it had cleaned up. */
async function cleanUp(plan: ImportPlan, session: TargetSession): Promise<void> {
  if (!plan.target.capabilities.sortedAppend) return;
  await session.dropSegments(null);
  restoreRuns(session.runsDir, []);
}

type Start = { state: Checkpoint; resumedFrom: ImportReport["resumedFrom"] };

interface ImportParts extends Start {
  plan: ImportPlan;
  host: ImportHost;
  session: TargetSession;
  governor: Governor;
  threads: StartedThreads;
  restarts: number;
}

async function carryOut(parts: ImportParts): Promise<ImportReport> {
  const { plan, host, session, governor, threads, restarts, state, resumedFrom } = parts;
  const meter = new WritebackMeter();
  const rejects = RejectsWriter.open({
    path: plan.rejects.path,
    position: resumedFrom === null ? null : state.rejectsBytes,
    scope: { sources: state.sources.map(({ name }) => name), offset: plan.offset, limit: plan.limit },
    rerun: plan.rejects.rerun,
    meter,
  });
  await using run = new ImportRun({
    plan,
    host,
    session,
    governor,
    threads,
    state,
    rejects,
    meter,
    restarts,
  });
  if (resumedFrom !== null) {
    host.onNotice(`Going on where this import stopped: ${resumedFrom.source}, record ${resumedFrom.record}.`);
  }
  try {
    await session.rollback(state.nextId);
    if (run.isIndexed) await session.dropSegments(state.seal?.segment ?? null);
    // What is there at once must be known to be of this import when it is killed.
    else if (plan.target.capabilities.durable && resumedFrom === null) await run.commit();
    if (state.phase === "read") await new ReadPhase(run).run();
    run.enterSeal();
    await sealPhase(run);
    for (const source of plan.sources) await source.settle?.();
    run.progress.tell();
    const { damage, damageCode } = state;
    if (damage === null) return reportOf(run, { state: "complete", resumedFrom, error: null });
    const error = { code: damageCode ?? "SOURCE_DAMAGED", message: damage };
    return reportOf(run, { state: "failed", resumedFrom, error });
  } catch (error) {
    const condition = asInterruption(asDiskCondition(error, session.runsDir), host.signal);
    const state = host.signal.aborted ? "interrupted" : "failed";
    host.onUnfinished?.(reportOf(run, { state, resumedFrom, error: outcomeOf(condition) }));
    throw condition;
  }
}

/** Where to begin: at a checkpoint, at the beginning, or nowhere because it is all done. */
async function findStart(
  plan: ImportPlan,
  session: TargetSession,
  sources: SourceFingerprint[],
  documents: readonly string[],
): Promise<Start | { finished: FinishedNote; isPending: boolean }> {
  const { offset, limit, isDeleting = false } = plan;
  const parts = {
    sources: plan.sources.map((source, index) => [
      identityOf(source, sources[index]!),
      plan.entityOf(source, session.mapping),
      ...(source.readAs ? [source.readAs] : []),
    ]),
    offset,
    limit,
  };
  const deletingId = importIdOf({ ...parts, isDeleting: true });
  const [importId, undoingId] = isDeleting
    ? [deletingId, importIdOf(parts)]
    : [importIdOf(parts), deletingId];
  const pending = await session.checkpoint();
  const state = pending === null ? null : parseCheckpoint(pending);
  const isOwn = state?.importId === importId;
  const note = isOwn || plan.isFresh ? null : await session.finished(importId);
  if (note !== null) {
    const finished = JSON.parse(note) as FinishedNote;
    const isSame = sources.every((source, index) => isUnchanged(finished.sources[index], source));
    const undone = await session.finished(undoingId);
    const isUndone = undone !== null && (JSON.parse(undone) as FinishedNote).finishedAt > finished.finishedAt;
    // An import that has nothing to do is not in the way of another one that has still to go on.
    if (isSame && !isUndone) return { finished, isPending: pending !== null };
  }
  if (state !== null) {
    if (plan.isFresh) await session.forget();
    else if (!isOwn) throw importPending(plan.target.name, state);
    else {
      assertSameSources(state.sources, sources);
      return { state, resumedFrom: resumePointOf(state) };
    }
  }
  const firstId = session.sealed?.nextId ?? 0;
  const { mapping } = session;
  const blankScopes = blankScopesOf(mapping, plan, documents, session.sealed === null);
  return {
    state: newCheckpoint({ importId, sources, blankScopes, firstId, mapping }),
    resumedFrom: null,
  };
}

/** For a writer that is no import: one that is unfinished stands in its way. */
export async function refuseUnfinishedImport(session: TargetSession, store: string): Promise<void> {
  const pending = await session.checkpoint();
  if (pending !== null) throw importPending(store, parseCheckpoint(pending));
}

function importPending(store: string, { sources }: Checkpoint): PlimsollError {
  return new PlimsollError("IMPORT_PENDING", { store, source: sources.map(({ name }) => name).join(" ") });
}

/** A file is the same file, and a library the same library, whatever folder the command was given in. */
function identityOf({ format }: Source, { name, sizeBytes }: SourceFingerprint): string {
  const isStream = sizeBytes === null && format !== "comics";
  return isStream ? name : resolve(name);
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
    record: recordsReadIn(state),
    source: source?.name ?? "",
  };
}

function outcomeOf(error: unknown): NonNullable<ImportReport["error"]> {
  const message = error instanceof Error ? error.message : String(error);
  return { code: isPlimsollError(error) ? error.code : "UNEXPECTED", message };
}

function asInterruption(error: unknown, signal: AbortSignal): unknown {
  if (!signal.aborted || (isPlimsollError(error) && error.code !== "WORKER_LOST")) return error;
  return new PlimsollError("INTERRUPTED", {}, { cause: error });
}
