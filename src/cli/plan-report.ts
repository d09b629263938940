import { formatBytes, planDecisionsMax, planRejectsShown, planTimelinePointsMax } from "../kernel/index.js";
import { type ImportReport, idleGovernor, noRuns, type RecordCounts } from "../pipeline/index.js";
import type { CheckedAction } from "../preparation/index.js";
import { formatCount } from "./format.js";
import { readRejects } from "./read-rejects.js";

/** The report of one action: that of its import, and which action it was. */
export interface ActionReport extends ImportReport {
  action: string;
  number: number;
  entity: string | null;
  groups: readonly string[];
  /** Whether it came to its end with no more rejects than it may have. */
  isSuccessful: boolean;
}

/** The report of a plan: sums in the shape of an import's report, and the reports behind them. */
export interface PlanReport extends ImportReport {
  plan: string;
  actions: ActionReport[];
}

export function actionReport(
  { action, values }: CheckedAction,
  report: ImportReport,
  isSuccessful: boolean,
): ActionReport {
  const { timeline } = report.memory;
  const step = Math.ceil(timeline.length / planTimelinePointsMax);
  const points = timeline.filter((_point, index) => index % step === 0);
  return {
    action: action.name,
    number: action.number,
    entity: values.text("entity"),
    groups: action.groups,
    isSuccessful,
    ...report,
    memory: { ...report.memory, timeline: points },
    governor: { ...report.governor, decisions: report.governor.decisions.slice(-planDecisionsMax) },
  };
}

/** Sums of all that was carried out, in the order in which it was. */
export function planReport(
  plan: string,
  actions: ActionReport[],
  line: { bytes: number; source: string },
  state: ImportReport["state"],
): PlanReport {
  const sum = (of: (action: ActionReport) => number) =>
    actions.reduce((total, action) => total + of(action), 0);
  const most = (of: (action: ActionReport) => number) => Math.max(0, ...actions.map(of));
  const records = Object.fromEntries(
    countNames.map((name) => [name, sum((action) => action.records[name])]),
  ) as unknown as RecordCounts;
  const seconds = round(sum((action) => action.seconds));
  const failed = actions.find(({ isSuccessful }) => !isSuccessful);
  return {
    plan,
    state,
    source: [...new Set(actions.flatMap(({ source }) => source))],
    target: [...new Set(actions.map(({ target }) => target))].join(", "),
    resumedFrom: actions.find(({ resumedFrom }) => resumedFrom !== null)?.resumedFrom ?? null,
    records,
    bytes: {
      read: sum(({ bytes }) => bytes.read),
      written: sum(({ bytes }) => bytes.written),
      spilled: sum(({ bytes }) => bytes.spilled),
    },
    seconds,
    recordsPerSecond: Math.round(records.read / Math.max(seconds, 0.001)),
    memory: {
      lineBytes: line.bytes,
      lineSource: line.source,
      peakRssBytes: most(({ memory }) => memory.peakRssBytes),
      peakAnonBytes: most(({ memory }) => memory.peakAnonBytes),
      shares: actions.at(-1)?.memory.shares ?? {},
      timeline: [],
    },
    governor: { ...idleGovernor, throttledSeconds: round(sum(({ governor }) => governor.throttledSeconds)) },
    phases: ["read", "merge"].map((name) => ({
      name,
      seconds: round(sum((action) => phaseOf(action, name).seconds)),
      records: sum((action) => phaseOf(action, name).records),
    })),
    runs: noRuns,
    danglingLinks: actions.at(-1)?.danglingLinks ?? 0,
    rejectsFile: actions.find(({ rejectsFile }) => rejectsFile !== null)?.rejectsFile ?? null,
    error: failed?.error ?? null,
    actions,
  };
}

/** What people are told of one action, in the words that they know from their shop. */
export function actionText(report: ActionReport, count: number): string {
  const { records } = report;
  const rows: [string, string][] = [
    ["Importer type", report.entity ?? report.action],
    ["Import source", report.source.join(", ")],
    ["Importable DataSets", formatCount(records.read)],
    ["Imported DataSets", `${formatCount(records.read - records.rejected)}${countsText(records)}`],
    ["Rejected DataSets", formatCount(records.rejected)],
    ["Import Time Used", `${report.seconds.toFixed(2)} s`],
    ["Import status", statusText(report)],
  ];
  const head = `${report.action} (action ${report.number} of ${count})`;
  const lines = rows.map(([name, value]) => `  ${name.padEnd(20)} ${value}`);
  return `${[head, ...lines, ...rejectLines(report)].join("\n")}\n`;
}

/** How a plan ended, in one paragraph. */
export function overallText(report: PlanReport, count: number): string {
  const { records, memory, seconds } = report;
  const ended = report.actions.filter(({ isSuccessful }) => isSuccessful).length;
  const status = { complete: "Successful", failed: "Failed", interrupted: "Interrupted" }[report.state];
  const share =
    memory.lineBytes === 0 ? "" : ` (${Math.round((memory.peakRssBytes / memory.lineBytes) * 100)}%)`;
  return [
    `Overall Import status: ${status}, ${ended} of ${count} actions`,
    `  DataSets             ${formatCount(records.read)} = ${formatCount(records.read - records.rejected)} imported + ${formatCount(records.rejected)} rejected`,
    `  Import Time Used     ${seconds.toFixed(2)} s`,
    `  memory               peak ${formatBytes(memory.peakRssBytes)} under a line of ${formatBytes(memory.lineBytes)}${share}, from ${memory.lineSource}`,
    "",
  ].join("\n");
}

const countNames = ["read", "stored", "replaced", "superseded", "duplicates", "deleted", "rejected"] as const;

/** What became of the records that were not simply stored. */
function countsText(records: RecordCounts): string {
  const others = (["replaced", "superseded", "duplicates", "deleted"] as const).filter(
    (name) => records[name] > 0,
  );
  if (others.length === 0) return "";
  const parts = ["stored" as const, ...others].map((name) => `${formatCount(records[name])} ${name}`);
  return ` (${parts.join(" + ")})`;
}

function statusText(report: ActionReport): string {
  if (report.resumedFrom?.phase === "complete") return "Successful (finished before, nothing to do)";
  if (report.isSuccessful) return "Successful";
  if (report.state === "interrupted") return "Interrupted";
  if (report.error === null) return "Failed (more rejects than --max-rejects allows)";
  return `Failed (${report.error.code}: ${report.error.message})`;
}

/** The first bad rows, each with its reason and the command that runs just it again. */
function rejectLines({ records, rejectsFile, source }: ActionReport): string[] {
  if (records.rejected === 0) return [];
  const shown = readRejects(rejectsFile, source, planRejectsShown);
  const lines = shown.flatMap(({ source, record, code, reason, rerun }) => {
    const head = `  ${source ?? ""} at data set position ${record ?? "?"} has an error: ${code}, ${reason}`;
    return rerun === null ? [head] : [head, `    mended? ${rerun}`];
  });
  const more = records.rejected - shown.length;
  const file = rejectsFile === null ? "" : `, all are in ${rejectsFile}`;
  if (more > 0) lines.push(`  and ${formatCount(more)} more${file}`);
  return lines;
}

function phaseOf({ phases }: ActionReport, name: string): { seconds: number; records: number } {
  return phases.find((phase) => phase.name === name) ?? { seconds: 0, records: 0 };
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
