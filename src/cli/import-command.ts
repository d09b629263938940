import { writeFileSync } from "node:fs";
import { isPlimsollError, PlimsollError, systemClock } from "../kernel/index.js";
import { type ImportProgress, type ImportReport, runImport } from "../pipeline/index.js";
import { exitCodes } from "./command-table.js";
import { commandText } from "./format.js";
import type { CommandHost } from "./host.js";
import { type PreparedImport, prepareImport } from "./prepare-import.js";
import { ProgressDisplay, type ProgressMode } from "./progress.js";
import { reportText } from "./report-text.js";
import { unfinishedReport } from "./unfinished-report.js";

/** Loads the sources; the answer is the exit code. */
export async function runImportCommand(host: CommandHost): Promise<number> {
  const prepared = await prepareImport(host, "import");
  const display = new ProgressDisplay((host.values.text("progress") ?? "auto") as ProgressMode, {
    isTerminal: process.stderr.isTTY === true,
    columns: () => process.stderr.columns ?? 80,
    write: host.note,
    nowMs: () => systemClock.nowMs(),
  });
  for (const note of prepared.mapping.notes) display.notice(note);
  if (prepared.mapping.origin === "inferred") display.notice(await inferredText(prepared));
  let last: ImportProgress | null = null;
  host.signal.addEventListener("abort", () => {
    display.notice("Stopping at a checkpoint. Interrupt once more to stop at once.");
  });
  try {
    const report = await runImport(prepared.plan, {
      signal: host.signal,
      onProgress: (progress) => {
        last = progress;
        display.show(progress);
      },
      onNotice: (notice) => display.notice(notice),
    });
    display.finish();
    return finish(host, prepared, report);
  } catch (error) {
    display.finish();
    if (host.values.text("report") !== null) {
      writeReport(host, unfinishedReport(prepared.plan, last, error, host.signal.aborted));
    }
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
      storePath: prepared.target.path,
      entityName: prepared.entityNames[0] ?? null,
      resumeCommand: prepared.resumeCommand,
      rerunCommand: prepared.rerunExample,
    }),
  );
  if (report.state === "interrupted") return exitCodes.interrupted;
  if (report.state === "failed") return exitCodes.failed;
  const rejectsMax = prepared.plan.rejects.rejectsMax;
  return rejectsMax !== null && report.records.rejected > rejectsMax
    ? exitCodes.tooManyRejects
    : exitCodes.done;
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
  const { mappingToYaml } = await import("../model/index.js");
  const yaml = mappingToYaml(prepared.mapping.compiled).trimEnd();
  const keep = commandText(["plimsoll", "infer", ...prepared.sourceArguments]);
  return `No mapping is given, so this one is inferred (keep it with \`${keep} > mapping.yaml\`):\n${yaml}`;
}
