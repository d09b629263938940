import { type Decision, type GovernorStatistics, peakRssBytes, type ShareTable } from "../memory/index.js";
import { explain, factsOf } from "./explain.js";
import type { GovernorReport, ImportPlan, ImportReport, RunsReport } from "./import-plan.js";
import type { ImportRun } from "./import-run.js";

const nothing = { read: 0, stored: 0, replaced: 0, superseded: 0, duplicates: 0, deleted: 0, rejected: 0 };

/** What a governor reports that had nothing to do. */
export const idleGovernor: GovernorReport = {
  reliefs: {},
  reliefSteps: [],
  throttledSeconds: 0,
  narrowSeconds: 0,
  modeChanges: 0,
  writebackSeconds: 0,
  batchBytes: { min: 0, median: 0, max: 0 },
  peakDirtyBytes: 0,
  peakUnsyncedBytes: 0,
  spentSeconds: {},
  decisions: [],
  decisionCounts: {},
};

/** What an import reports that has sorted nothing. */
export const noRuns: RunsReport = {
  tuples: 0,
  keys: 0,
  tupleBytes: 0,
  keyBytes: 0,
  tupleRuns: 0,
  mergeInputsMax: 0,
  mergePasses: 0,
  sortSeconds: 0,
  syncSeconds: 0,
};

/** The report of an import as it stands now: of all its processes together, memory of this one. */
export function reportOf(
  run: ImportRun,
  outcome: Pick<ImportReport, "state" | "resumedFrom" | "error">,
): ImportReport {
  const { plan, state, governor } = run;
  const records = run.counts();
  const seconds = run.progress.seconds();
  const total = seconds.read + seconds.merge + seconds.seal;
  const statistics = governor.statistics();
  return {
    state: outcome.state,
    source: plan.sources.map((source) => source.name),
    target: plan.target.name,
    resumedFrom: outcome.resumedFrom,
    records,
    bytes: { read: state.bytesRead, written: run.bytesWritten, spilled: state.bytesSpilled },
    seconds: round(total),
    recordsPerSecond: Math.round(records.read / Math.max(total, 0.001)),
    memory: {
      lineBytes: governor.table.lineBytes,
      lineSource: plan.memory.line.source,
      peakRssBytes: statistics.peakRssBytes,
      peakAnonBytes: statistics.peakAnonBytes,
      shares: sharesOf(governor.table),
      timeline: statistics.timeline.map((point) => ({
        seconds: point.t,
        rssBytes: point.rss,
        anonBytes: point.anon,
        fileBytes: point.file,
        leasedBytes: point.leased,
        dirtyBytes: point.dirty,
        records: point.records,
        heapBytes: point.heap,
        unsyncedBytes: point.unsynced,
        workingSetBytes: point.workingSet,
        groupUsageBytes: point.groupUsage,
        stallPercent: point.stallPercent,
        batchBytes: point.batch,
        isNarrow: point.isNarrow,
        throttledSeconds: point.throttled,
        writebackSeconds: point.writeback,
      })),
    },
    governor: governorReport(run, statistics),
    phases: [
      { name: "read", seconds: round(seconds.read), records: records.read },
      { name: "merge", seconds: round(seconds.merge), records: records.read - records.rejected },
    ],
    runs: runsReport(run),
    danglingLinks: state.rows?.danglingLinks ?? state.seal?.fates.danglingNew ?? 0,
    rejectsFile: records.rejected > 0 ? plan.rejects.path : null,
    error: outcome.error,
  };
}

function runsReport({ tally, mergeInputsMax }: ImportRun): RunsReport {
  const { tuples, keys, tupleBytes, keyBytes, tupleRuns, sortMs, syncMs } = tally.spilled;
  const { mergePasses } = tally;
  const seconds = { sortSeconds: round(sortMs / 1000), syncSeconds: round(syncMs / 1000) };
  return { tuples, keys, tupleBytes, keyBytes, tupleRuns, mergeInputsMax, mergePasses, ...seconds };
}

/** The decisions as they were made, and behind them the explanation of the whole. */
function governorReport(run: ImportRun, statistics: GovernorStatistics): GovernorReport {
  const { peakRssBytes: _rss, peakAnonBytes: _anon, timeline: _timeline, ...told } = statistics;
  const t = run.governor.seconds;
  const explanation = explain(factsOf(run, statistics)).map((line): Decision => ({ t, ...line }));
  return {
    ...told,
    spentSeconds: run.spent.seconds(),
    decisions: [...statistics.decisions, ...explanation],
  };
}

/** The same import had finished before: this run read nothing and stored nothing. */
export function reportNothingToDo(plan: ImportPlan, table: ShareTable): ImportReport {
  return {
    state: "complete",
    source: plan.sources.map((source) => source.name),
    target: plan.target.name,
    resumedFrom: { phase: "complete", record: 0, source: "" },
    records: nothing,
    bytes: { read: 0, written: 0, spilled: 0 },
    seconds: 0,
    recordsPerSecond: 0,
    memory: {
      lineBytes: table.lineBytes,
      lineSource: plan.memory.line.source,
      peakRssBytes: peakRssBytes(),
      peakAnonBytes: 0,
      shares: sharesOf(table),
      timeline: [],
    },
    governor: idleGovernor,
    phases: [],
    runs: noRuns,
    danglingLinks: 0,
    rejectsFile: null,
    error: null,
  };
}

export function sharesOf(table: ShareTable): Record<string, number> {
  return Object.fromEntries(Object.values(table.shares).map((share) => [share.name, share.bytes]));
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
