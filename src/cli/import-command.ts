import { boundAllocator } from "../kernel/index.js";
import { type ImportReport, StartedThreads } from "../pipeline/index.js";
import { commandText, isRelationalTarget, type PreparedImport, prepareImport } from "../preparation/index.js";
import { type AttemptHost, attemptImport, isInterruption, writeReport } from "./attempt-import.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { progressDisplay } from "./progress.js";
import { readRejects } from "./read-rejects.js";
import { explainText, reportText } from "./report-text.js";

/** Loads the sources; the answer is the exit code. */
export async function runImportCommand(host: CommandHost): Promise<number> {
  boundAllocator();
  if (host.values.text("plan") !== null) {
    return (await import("./import-plan-command.js")).runImportPlanCommand(host);
  }
  if (!host.values.flag("live")) {
    await using threads = new StartedThreads();
    const prepared = await prepareImport(host, "import", threads);
    return await carryOut(host, prepared, (report) => report, threads);
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
  threads?: StartedThreads,
): Promise<number> {
  const display = progressDisplay(host);
  for (const note of prepared.mapping.notes) display.notice(note);
  if (prepared.mapping.origin === "inferred") display.notice(await inferredText(prepared));
  prepared.sampler.forget();
  host.signal.addEventListener("abort", () => {
    display.notice("Stopping at a checkpoint. Interrupt once more to stop at once.");
  });
  const attempt: AttemptHost = {
    isLive: host.values.flag("live"),
    signal: host.signal,
    onProgress: (progress) => display.show(progress),
    onNotice: (notice) => display.notice(notice),
  };
  const { report, error, isReported } = await attemptImport(prepared, attempt, threads);
  display.finish();
  if (error === null) return finish(host, prepared, reported(report));
  writeReport(host.values.text("report"), reported(report));
  if (host.values.flag("explain") && isReported) host.note(explainText(report));
  if (!isInterruption(error, host.signal)) throw error;
  host.note(
    `Interrupted. Everything up to the last checkpoint is kept. Go on with:\n  ${prepared.resumeCommand}\n`,
  );
  return exitCodes.interrupted;
}

function finish(host: CommandHost, prepared: PreparedImport, report: ImportReport): number {
  writeReport(host.values.text("report"), report);
  const [reject] = readRejects(report.rejectsFile, null, 1);
  host.note(
    reportText(report, {
      storePath: prepared.target.kind === "lmdb" ? prepared.target.path : null,
      databaseName: isRelationalTarget(prepared.target) ? prepared.target.name : null,
      entityName: prepared.entityNames[0] ?? null,
      resumeCommand: prepared.resumeCommand,
      rerunCommand: reject?.rerun ?? null,
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

async function inferredText(prepared: PreparedImport): Promise<string> {
  const { mappingToYaml } = await import("../mapping/index.js");
  const yaml = mappingToYaml(prepared.mapping.compiled).trimEnd();
  const keep = commandText(["plimsoll", "infer", ...prepared.sourceArguments]);
  return `No mapping is given, so this one is inferred (keep it with \`${keep} > mapping.yaml\`):\n${yaml}`;
}
