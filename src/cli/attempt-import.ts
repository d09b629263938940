import { writeFileSync } from "node:fs";
import { isPlimsollError, PlimsollError } from "../kernel/index.js";
import {
  type ImportHost,
  type ImportProgress,
  type ImportReport,
  runImport,
  type StartedThreads,
} from "../pipeline/index.js";
import { type PreparedImport, unfinishedReport } from "../preparation/index.js";
import { foldLiveRecords } from "./open-store.js";

export interface AttemptHost {
  /** What live writes have left stays as it is: the import is one of them. */
  isLive: boolean;
  signal: AbortSignal;
  onProgress: (progress: ImportProgress) => void;
  onNotice: (notice: string) => void;
}

/** What came of an import: a report in any case. */
export interface Attempt {
  report: ImportReport;
  /** What ended it early; null when it came to its end. */
  error: unknown;
  /** The pipeline itself wrote the report, not this process for want of one. */
  isReported: boolean;
}

export async function attemptImport(
  prepared: PreparedImport,
  host: AttemptHost,
  threads?: StartedThreads,
): Promise<Attempt> {
  let last: ImportProgress | null = null;
  let unfinished: ImportReport | null = null;
  try {
    if (prepared.target.kind === "lmdb" && prepared.target.path !== null && !host.isLive) {
      await foldLiveRecords(prepared.target.path);
    }
    const importHost: ImportHost = {
      signal: host.signal,
      onProgress: (progress) => {
        last = progress;
        host.onProgress(progress);
      },
      onNotice: host.onNotice,
      onUnfinished: (report) => {
        unfinished = report;
      },
    };
    const report = await runImport(prepared.plan, importHost, threads);
    return { report, error: null, isReported: true };
  } catch (error) {
    const report = unfinished ?? unfinishedReport(prepared.plan, last, error, host.signal.aborted);
    return { report, error, isReported: unfinished !== null };
  }
}

/** Whether the one who started an import ended it, and nothing else did. */
export function isInterruption(error: unknown, signal: AbortSignal): boolean {
  if (isPlimsollError(error)) return error.code === "INTERRUPTED";
  return signal.aborted;
}

export function writeReport(path: string | null, report: object): void {
  if (path === null) return;
  try {
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError("REPORT_UNWRITABLE", { path, reason }, { cause });
  }
}
