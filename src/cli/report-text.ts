import { formatBytes } from "../kernel/index.js";
import type { ImportReport } from "../pipeline/index.js";
import { commandText } from "../preparation/index.js";
import { formatCount, formatDuration } from "./format.js";

/** What people need to know besides the report. */
export interface ReportContext {
  /** Path of the embedded store, to show how to query it; null for other targets. */
  storePath: string | null;
  /** The database that was loaded; null for other targets. */
  databaseName: string | null;
  /** An entity that was loaded, for the example. */
  entityName: string | null;
  /** The command that goes on, when the import was interrupted. */
  resumeCommand: string;
  /** A command that runs one reject again; null when there is none. */
  rerunCommand: string | null;
}

/** Decisions that are shown to people; the report has more. */
const explainedMax = 12;

/** The closing summary: what was loaded, how fast, under which line, what was set aside, what to do next. */
export function reportText(report: ImportReport, context: ReportContext): string {
  if (report.resumedFrom?.phase === "complete") return `${nextLines(report, context).join("\n")}\n`;
  const lines = [headline(report), ...countLines(report), memoryLine(report)];
  if (report.resumedFrom !== null) {
    const { phase, record } = report.resumedFrom;
    lines.push(`  resumed   in phase ${phase} at record ${formatCount(record)}`);
  }
  if (report.danglingLinks > 0) {
    const plural = report.danglingLinks === 1 ? "link points" : "links point";
    lines.push(
      `  links     ${formatCount(report.danglingLinks)} ${plural} to records that are not in the store`,
    );
  }
  lines.push(...rejectLines(report, context), ...nextLines(report, context));
  return `${lines.join("\n")}\n`;
}

/** The explanation at the end of the decisions, and how often the governor decided what before. */
export function explainText(report: ImportReport): string {
  const { decisions } = report.governor;
  const last = decisions.at(-1)?.t ?? 0;
  const begin = decisions.findLastIndex(({ kind }) => kind === "time");
  const lines = decisions.slice(Math.max(0, begin)).map(({ text }) => `  - ${text}`);
  const before = decisions.slice(0, Math.max(0, begin)).slice(-explainedMax);
  if (before.length > 0) lines.push(`  the last of its ${before.length === 1 ? "decision" : "decisions"}:`);
  const width = last.toFixed(1).length;
  lines.push(...before.map(({ t, text }) => `    ${t.toFixed(1).padStart(width)} s  ${text}`));
  return `Why it took the time it took:\n${lines.join("\n")}\n`;
}

function headline(report: ImportReport): string {
  const { read } = report.records;
  const records = `${formatCount(read)} record${read === 1 ? "" : "s"}`;
  const rate = report.seconds > 0 ? `, ${formatCount(Math.round(report.recordsPerSecond))}/s` : "";
  const words = { complete: "Loaded", interrupted: "Interrupted after", failed: "Stopped after" };
  const time = formatDuration(report.seconds);
  return `${words[report.state]} ${records} in ${time}${rate}, into ${report.target}`;
}

/** Every record read is in exactly one of these. */
function countLines(report: ImportReport): string[] {
  const { read, stored, replaced, superseded, duplicates, deleted, rejected } = report.records;
  const parts = Object.entries({ stored, replaced, superseded, duplicates, deleted, rejected })
    .filter(([name, count]) => count > 0 || name === "stored")
    .map(([name, count]) => `${formatCount(count)} ${name}`);
  const { bytes } = report;
  const amounts = [`${formatBytes(bytes.read)} read`, `${formatBytes(bytes.written)} written`];
  if (bytes.spilled > 0) amounts.push(`${formatBytes(bytes.spilled)} spilled`);
  return [
    `  records   ${parts.join(" + ")} = ${formatCount(read)} read`,
    `  bytes     ${amounts.join(", ")}`,
  ];
}

function memoryLine(report: ImportReport): string {
  const { peakRssBytes, lineBytes, lineSource } = report.memory;
  const share = lineBytes === 0 ? "" : ` (${Math.round((peakRssBytes / lineBytes) * 100)}%)`;
  const line = `under a line of ${formatBytes(lineBytes)}${share}, from ${lineSource}`;
  return `  memory    peak ${formatBytes(peakRssBytes)} ${line}`;
}

function rejectLines(report: ImportReport, context: ReportContext): string[] {
  if (report.records.rejected === 0) return [];
  const where = report.rejectsFile === null ? "not written" : `each with its reason in ${report.rejectsFile}`;
  const lines = [`  rejects   ${formatCount(report.records.rejected)}, ${where}`];
  if (context.rerunCommand !== null) lines.push(`            mended one? ${context.rerunCommand}`);
  return lines;
}

function nextLines(report: ImportReport, context: ReportContext): string[] {
  if (report.state === "interrupted") return [`  go on     ${context.resumeCommand}`];
  if (report.state === "failed") return [];
  if (context.databaseName !== null) {
    return [`  tables    ${commandText(["plimsoll", "stats", context.databaseName])}`];
  }
  if (context.storePath === null) return [];
  const entity = context.entityName;
  const filter = entity === null ? "{}" : JSON.stringify({ entity, limit: 5 });
  return [`  query     ${commandText(["plimsoll", "query", context.storePath, "--filter", filter])}`];
}
