import { PlimsollError, systemClock } from "../kernel/index.js";
import { type ResolvedLine, resolveLine } from "../memory/index.js";
import type { ImportReport } from "../pipeline/index.js";
import {
  type CheckedAction,
  checkActions,
  commandText,
  type PreparedImport,
  prepareImport,
  readPlanFile,
  selectActions,
  unfinishedReport,
} from "../preparation/index.js";
import { memorySource } from "../settings/index.js";
import { type Attempt, attemptImport, isInterruption, writeReport } from "./attempt-import.js";
import { exitCodes } from "./exit-codes.js";
import { failureOf } from "./failure.js";
import type { CommandHost } from "./host.js";
import { PlanProgress } from "./plan-progress.js";
import { type ActionReport, actionReport, actionText, overallText, planReport } from "./plan-report.js";
import { type ProgressDisplay, progressDisplay } from "./progress.js";

/** What the actions of one plan share. */
interface PlanRun {
  host: CommandHost;
  line: ResolvedLine;
  display: ProgressDisplay;
  progress: PlanProgress;
}

/** Carries out the actions of a plan, one after another; the answer is the exit code. */
export async function runImportPlanCommand(host: CommandHost): Promise<number> {
  const { values } = host;
  if (host.args.length > 0) {
    throw new PlimsollError("USAGE", { what: "--plan takes the place of sources", command: "import" });
  }
  if (values.flag("live")) {
    throw new PlimsollError("USAGE", { what: "--live is not for plans", command: "import" });
  }
  const plan = readPlanFile(values.text("plan")!);
  const selected = selectActions(plan, {
    only: values.list("only"),
    from: values.text("from"),
    groups: values.list("group"),
  });
  const actions = await checkActions(plan, selected, values);
  const line = resolveLine(values.text("memory") ?? "auto", { requestSource: memorySource(values) });
  if (line.cut !== null) host.note(`${line.cut}: the smaller one is the line.\n`);
  const display = progressDisplay(host);
  const named = actions.map(({ action: { name }, sizeBytes }) => ({ name, sizeBytes }));
  const progress = new PlanProgress(named, () => systemClock.nowMs());
  host.signal.addEventListener("abort", () => {
    display.notice("Stopping at a checkpoint. Interrupt once more to stop at once.");
  });
  const run: PlanRun = { host, line, display, progress };
  const reports: ActionReport[] = [];
  let exitCode: number = exitCodes.done;
  for (const action of actions) {
    const { report, ownExitCode } = await runAction(run, action);
    reports.push(report);
    host.note(actionText(report, plan.actions.length));
    exitCode = worseOf(exitCode, ownExitCode);
    const isInterrupted = ownExitCode === exitCodes.interrupted;
    if (isInterrupted) host.note(`Go on with:\n  ${resumeCommand(host, action)}\n`);
    const isEnd = isInterrupted || (!report.isSuccessful && !values.flag("keep-going"));
    if (isEnd && !isInterrupted) host.note(stopText(report));
    if (isEnd) break;
  }
  const whole = planReport(plan.path, reports, line, stateOf(exitCode));
  writeReport(values.text("report"), whole);
  host.note(overallText(whole, actions.length));
  return exitCode;
}

async function runAction(
  run: PlanRun,
  action: CheckedAction,
): Promise<{ report: ActionReport; ownExitCode: number }> {
  const { host, display, progress } = run;
  let attempt: Attempt;
  try {
    const prepared = await prepareAction(run, action);
    attempt = await attemptImport(prepared, {
      isLive: false,
      signal: host.signal,
      onProgress: (told) => display.show(told, progress.position(told)),
      onNotice: (notice) => display.notice(notice),
    });
  } catch (error) {
    attempt = { report: unpreparedReport(run, action, error), error, isReported: false };
  }
  display.finish();
  const { report, error } = attempt;
  progress.next(report.resumedFrom?.phase === "complete");
  const isInterrupted =
    report.state === "interrupted" || (error !== null && isInterruption(error, host.signal));
  if (error !== null && !isInterrupted) host.note(failureOf(error).text);
  const ownExitCode = isInterrupted ? exitCodes.interrupted : exitCodeOf(report, action);
  const isSuccessful = ownExitCode === exitCodes.done;
  return { report: actionReport(action, report, isSuccessful), ownExitCode };
}

async function prepareAction(
  { host, line, display }: PlanRun,
  action: CheckedAction,
): Promise<PreparedImport> {
  const { values } = action;
  const note = (text: string) => display.notice(text.trimEnd());
  const prepared = await prepareImport(
    { args: action.action.sources, values, stdin: host.stdin, line, signal: host.signal, note },
    "import",
  );
  for (const told of prepared.mapping.notes) display.notice(told);
  prepared.sampler.forget();
  return prepared;
}

/** The report of an action that could not even begin. */
function unpreparedReport({ line, host }: PlanRun, action: CheckedAction, error: unknown): ImportReport {
  const sources = action.action.sources.map((name) => ({ name }));
  const known = { sources, target: { name: action.target }, memory: { line }, rejects: { path: null } };
  return unfinishedReport(known, null, error, host.signal.aborted);
}

function exitCodeOf({ state, records }: ImportReport, { values }: CheckedAction): number {
  if (state !== "complete") return exitCodes.failed;
  const rejectsMax = values.number("max-rejects");
  return rejectsMax !== null && records.rejected > rejectsMax ? exitCodes.tooManyRejects : exitCodes.done;
}

/** An interruption says more than a failure, and that more than rejects. */
function worseOf(one: number, other: number): number {
  const order: number[] = [exitCodes.done, exitCodes.tooManyRejects, exitCodes.failed, exitCodes.interrupted];
  return order.indexOf(one) > order.indexOf(other) ? one : other;
}

function stateOf(exitCode: number): ImportReport["state"] {
  if (exitCode === exitCodes.interrupted) return "interrupted";
  return exitCode === exitCodes.done ? "complete" : "failed";
}

function stopText({ action }: ActionReport): string {
  const mend = "Mend it and run the same command again: what is done is not done twice.";
  return `The plan ends with ${action}. ${mend}\n`;
}

/** With --fresh all would begin once more: then it is said where to go on. */
function resumeCommand({ values }: CommandHost, { action }: CheckedAction): string {
  const isFresh = values.flag("fresh");
  const isWanted = (name: string) => !(isFresh && name === "from");
  const from = isFresh ? ["--from", action.name] : [];
  return commandText(["plimsoll", "import", ...values.toArguments("import", isWanted), ...from]);
}
