import { closeSync, openSync, readSync, writeFileSync } from "node:fs";
import {
  boundAllocator,
  isPlimsollError,
  PlimsollError,
  rejectLineBytesMax,
  systemClock,
} from "../kernel/index.js";
import { type ImportProgress, type ImportReport, type RejectLine, runImport } from "../pipeline/index.js";
import {
  commandText,
  isRelationalTarget,
  type PreparedImport,
  prepareImport,
  unfinishedReport,
} from "../preparation/index.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { foldLiveRecords } from "./open-store.js";
import { ProgressDisplay, type ProgressMode } from "./progress.js";
import { explainText, reportText } from "./report-text.js";

/** Loads the sources; the answer is the exit code. */
export async function runImportCommand(host: CommandHost): Promise<number> {
  boundAllocator();
  if (!host.values.flag("live")) {
    return await carryOut(host, await prepareImport(host, "import"), (report) => report);
  }
  const { prepareLiveImport } = await import("./live-import.js");
  const { prepared, reported, close } = await prepareLiveImport(host);
  try {
    return await carryOut(host, prepared, reported);
  } finally {
    close();
  }
}

async function carryOut(
  host: CommandHost,
  prepared: PreparedImport,
  reported: (report: ImportReport) => ImportReport,
): Promise<number> {
  const display = new ProgressDisplay((host.values.text("progress") ?? "auto") as ProgressMode, {
    isTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 80,
    write: host.note,
    nowMs: () => systemClock.nowMs(),
  });
  for (const note of prepared.mapping.notes) display.notice(note);
  if (prepared.mapping.origin === "inferred") display.notice(await inferredText(prepared));
  prepared.sampler.forget();
  let last: ImportProgress | null = null;
  let unfinished: ImportReport | null = null;
  host.signal.addEventListener("abort", () => {
    display.notice("Stopping at a checkpoint. Interrupt once more to stop at once.");
  });
  try {
    const isLive = host.values.flag("live");
    if (prepared.target.kind === "lmdb" && prepared.target.path !== null && !isLive) {
      await foldLiveRecords(prepared.target.path);
    }
    const report = await runImport(prepared.plan, {
      signal: host.signal,
      onProgress: (progress) => {
        last = progress;
        display.show(progress);
      },
      onNotice: (notice) => display.notice(notice),
      onUnfinished: (report) => {
        unfinished = report;
      },
    });
    display.finish();
    return finish(host, prepared, reported(report));
  } catch (error) {
    display.finish();
    if (host.values.text("report") !== null) {
      const isInterrupted = host.signal.aborted;
      writeReport(host, reported(unfinished ?? unfinishedReport(prepared.plan, last, error, isInterrupted)));
    }
    if (host.values.flag("explain") && unfinished !== null) host.note(explainText(unfinished));
    if (!host.signal.aborted && !isInterruption(error)) throw error;
    if (isPlimsollError(error) && !isInterruption(error)) throw error;
    host.note(
      `Interrupted. Everything up to the last checkpoint is kept. Go on with:\n  ${prepared.resumeCommand}\n`,
    );
    return exitCodes.interrupted;
  }
}

function finish(host: CommandHost, prepared: PreparedImport, report: ImportReport): number {
  writeReport(host, report);
  host.note(
    reportText(report, {
      storePath: prepared.target.kind === "lmdb" ? prepared.target.path : null,
      databaseName: isRelationalTarget(prepared.target) ? prepared.target.name : null,
      entityName: prepared.entityNames[0] ?? null,
      resumeCommand: prepared.resumeCommand,
      rerunCommand: firstRerun(report.rejectsFile),
    }),
  );
  if (host.values.flag("explain")) host.note(explainText(report));
  if (report.error !== null) host.note(`plimsoll: ${report.error.code}: ${report.error.message}\n`);
  if (report.state === "interrupted") return exitCodes.interrupted;
  if (report.state === "failed") return exitCodes.failed;
  const rejectsMax = prepared.plan.rejects.rejectsMax;
  return rejectsMax !== null && report.records.rejected > rejectsMax
    ? exitCodes.tooManyRejects
    : exitCodes.done;
}

/** The command of the first reject, as an example of what the file holds. */
function firstRerun(path: string | null): string | null {
  if (path === null) return null;
  const head = Buffer.alloc(rejectLineBytesMax);
  const file = openSync(path, "r");
  try {
    const bytesRead = readSync(file, head, 0, head.length, 0);
    const line = head.toString("utf8", 0, bytesRead).split("\n", 1)[0]!;
    return (JSON.parse(line) as Partial<RejectLine>).rerun ?? null;
  } catch {
    // An example is no reason to fail: rejects may have gone to a pipe.
    return null;
  } finally {
    closeSync(file);
  }
}

function isInterruption(error: unknown): boolean {
  return isPlimsollError(error) && error.code === "INTERRUPTED";
}

function writeReport(host: CommandHost, report: ImportReport): void {
  const path = host.values.text("report");
  if (path === null) return;
  try {
    writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PlimsollError("REPORT_UNWRITABLE", { path, reason }, { cause });
  }
}

async function inferredText(prepared: PreparedImport): Promise<string> {
  const { mappingToYaml } = await import("../mapping/index.js");
  const yaml = mappingToYaml(prepared.mapping.compiled).trimEnd();
  const keep = commandText(["plimsoll", "infer", ...prepared.sourceArguments]);
  return `No mapping is given, so this one is inferred (keep it with \`${keep} > mapping.yaml\`):\n${yaml}`;
}
