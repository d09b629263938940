import { type ErrorCode, isPlimsollError, PlimsollError } from "../kernel/index.js";
import { type ImportProgress, type ImportReport, runImport } from "../pipeline/index.js";
import { type PreparedImport, prepareImport, unfinishedReport } from "../preparation/index.js";
import type { ServerSettings } from "./exchange.js";
import { failureOf, logTextOf, withoutPaths } from "./failure.js";
import type { ImportJob, JobState } from "./import-job.js";
import { importValues } from "./import-options.js";
import { stateOf } from "./import-queue.js";
import type { ImportStop, StopReason } from "./import-stop.js";
import type { Upload } from "./upload.js";

export interface JobRun {
  settings: ServerSettings;
  /** Bytes of the line that belong to the server while it runs. */
  besideBytes: number;
  job: ImportJob;
  stop: ImportStop;
  upload: Upload;
}

/** One import, from its body to the end of its job; every way that it can end is an end of the job. */
export async function runJob(run: JobRun): Promise<void> {
  try {
    await importBody(run);
  } catch (error) {
    run.settings.note(`${logTextOf(error)}\n`);
    if (!run.job.isEnded) endWithError(run, error, null);
  }
}

async function importBody(run: JobRun): Promise<void> {
  const { job, stop } = run;
  const outcome: { last: ImportProgress | null; unfinished: ImportReport | null } = {
    last: null,
    unfinished: null,
  };
  let prepared: PreparedImport | null = null;
  job.become("running");
  try {
    prepared = await prepare(run);
    const report = await runImport(prepared.plan, {
      signal: stop.signal,
      onDivided: (memory) => {
        job.memory = memory;
      },
      onDecision: (decision) => job.decide(decision),
      onProgress: (progress) => {
        outcome.last = progress;
        job.showProgress(progress);
      },
      onNotice: (notice) => job.notice(withoutPaths(notice, run.settings.storePath)),
      onUnfinished: (report) => {
        outcome.unfinished = report;
      },
    });
    endWithReport(run, prepared, report);
  } catch (error) {
    const plan = prepared?.plan ?? null;
    const isStopped = stop.reason !== null;
    const report =
      plan === null ? null : (outcome.unfinished ?? unfinishedReport(plan, outcome.last, error, isStopped));
    endWithError(run, error, report);
  } finally {
    for (const source of prepared?.plan.sources ?? []) await source.close?.();
  }
}

async function prepare(run: JobRun): Promise<PreparedImport> {
  const { settings, besideBytes, job, stop, upload } = run;
  const values = importValues(new URLSearchParams(job.query), settings.values, settings.storePath);
  const { line } = settings;
  const preparing = prepareImport(
    {
      args: ["-"],
      values,
      stdin: () => upload.stream,
      streamName: job.name,
      areDocumentsSaid: true,
      line,
      besideBytes,
      signal: stop.signal,
      note: (text) => job.notice(withoutPaths(text.trimEnd(), settings.storePath)),
    },
    "import",
  );
  const prepared = await unlessStopped(preparing, stop.signal);
  for (const note of prepared.mapping.notes) job.notice(note);
  prepared.sampler.forget();
  return prepared;
}

/** A body may keep its first bytes back for long, and a stop does not wait for them. */
function unlessStopped<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new PlimsollError("INTERRUPTED")), { once: true });
    if (signal.aborted) reject(new PlimsollError("INTERRUPTED"));
  });
  promise.catch(() => {});
  return Promise.race([promise, stopped]);
}

/** An import can come to its end and not be what was asked for. */
function endWithReport(run: JobRun, prepared: PreparedImport, report: ImportReport): void {
  const { job, settings } = run;
  const { rejectsMax } = prepared.plan.rejects;
  const told = namedOnly(report);
  const { rejected } = report.records;
  if (report.error !== null) job.end("failed", report.error, told);
  else if (rejectsMax !== null && rejected > rejectsMax) {
    const error = new PlimsollError("TOO_MANY_REJECTS", { source: job.name, rejected, rejectsMax });
    job.end("failed", failureOf(error, settings.storePath).error, told);
  } else job.end("complete", null, told);
}

function endWithError(run: JobRun, error: unknown, report: ImportReport | null): void {
  const { job, stop, settings } = run;
  const told = report === null ? null : namedOnly(report);
  let state: JobState = "failed";
  let cause = error;
  if (stop.reason !== null && isConsequence(error)) {
    state = stateOf(stop.reason);
    cause = stopError(stop.reason, job.name);
  }
  const failure = failureOf(cause, settings.storePath);
  if (failure.status === 500) settings.note(`${logTextOf(cause)}\n`);
  job.end(state, failure.error, told === null ? null : { ...told, error: failure.error });
}

/** What a stop looks like from within: a body that ends anywhere can be taken for almost anything. */
const consequences: ReadonlySet<string> = new Set<ErrorCode>([
  "INTERRUPTED",
  "SOURCE_UNREADABLE",
  "SOURCE_DAMAGED",
  "REQUEST_INVALID",
  "FORMAT_UNKNOWN",
  "WORKER_LOST",
]);

function isConsequence(error: unknown): boolean {
  return !isPlimsollError(error) || consequences.has(error.code);
}

export function stopError(reason: StopReason, source: string): PlimsollError {
  if (reason.kind === "cancelled") return new PlimsollError("IMPORT_CANCELLED", { source });
  if (reason.kind === "stopping") return new PlimsollError("SERVER_STOPPING");
  return new PlimsollError("UPLOAD_BROKEN_OFF", { source, reason: reason.text });
}

/** Where the store and its rejects lie is the server's business: names do. */
function namedOnly(report: ImportReport): ImportReport {
  const nameOf = (path: string) => path.split("/").at(-1)!;
  const rejectsFile = report.rejectsFile === null ? null : nameOf(report.rejectsFile);
  return { ...report, target: nameOf(report.target), rejectsFile };
}
