import { isPlimsollError } from "../kernel/index.js";
import { peakRssBytes } from "../memory/index.js";
import { type ImportProgress, type ImportReport, idleGovernor, noRuns } from "../pipeline/index.js";

/** What is known of an import whatever became of it. */
export interface UnfinishedImport {
  sources: readonly { name: string }[];
  target: { name: string };
  memory: { line: { bytes: number; source: string } };
  rejects: { path: string | null };
}

/** The report of an import that was ended by a condition: what the last progress told, and the condition. */
export function unfinishedReport(
  plan: UnfinishedImport,
  last: ImportProgress | null,
  error: unknown,
  isInterrupted: boolean,
): ImportReport {
  const message = error instanceof Error ? error.message : String(error);
  const read = last?.recordsRead ?? 0;
  const rejected = last?.rejects ?? 0;
  const counts = { stored: read - rejected, replaced: 0, superseded: 0, duplicates: 0, deleted: 0, rejected };
  return {
    state: isInterrupted ? "interrupted" : "failed",
    source: plan.sources.map((source) => source.name),
    target: plan.target.name,
    resumedFrom: null,
    records: { read, ...counts },
    bytes: { read: last?.bytesRead ?? 0, written: 0, spilled: 0 },
    seconds: last?.elapsedSeconds ?? 0,
    recordsPerSecond: last?.recordsPerSecond ?? 0,
    memory: {
      lineBytes: plan.memory.line.bytes,
      lineSource: plan.memory.line.source,
      peakRssBytes: peakRssBytes(),
      peakAnonBytes: 0,
      shares: {},
      timeline: [],
    },
    governor: idleGovernor,
    phases: [],
    runs: noRuns,
    danglingLinks: 0,
    rejectsFile: rejected > 0 ? plan.rejects.path : null,
    error: { code: isPlimsollError(error) ? error.code : "UNEXPECTED", message },
  };
}
