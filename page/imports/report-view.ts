import type { Job, RecordFate, Report } from "../api/types.js";
import { type Child, el } from "../dom.js";
import { formatBytes, formatCount, formatDuration } from "../format.js";
import { noticesMax } from "../limits.js";
import { problemBox } from "../shell/problem-box.js";

const fates: [RecordFate, string][] = [
  ["stored", "stored"],
  ["replaced", "replaced"],
  ["superseded", "superseded"],
  ["duplicates", "duplicates"],
  ["deleted", "deleted"],
  ["rejected", "rejected"],
];

/** How an import ended, in the words of the command line's report. */
export function reportView(job: Job): HTMLElement {
  const report = job.report ?? null;
  return el(
    "div",
    { class: "report" },
    el("p", { class: "report-head" }, headline(job, report)),
    isResumedByChoosing(job)
      ? el("p", {}, "What came before is kept. Choose the same file again to go on.")
      : null,
    job.error && job.state !== "cancelled" ? problemBox(job.error) : null,
    report === null || report.resumedFrom?.phase === "complete" ? null : facts(report),
    report === null ? null : explanation(report),
  );
}

function headline(job: Job, report: Report | null): string {
  if (report?.resumedFrom?.phase === "complete") {
    return "Nothing to do: the same import had finished before, and nothing was stored twice.";
  }
  const ends: Partial<Record<Job["state"], string>> = {
    complete: "Loaded",
    cancelled: "Cancelled after",
    interrupted: "Interrupted after",
    failed: "Stopped after",
  };
  if (report === null) return job.state === "complete" ? "Loaded." : `The import was ${wordOf(job.state)}.`;
  const { read } = report.records;
  const rate = report.seconds > 0 ? `, ${formatCount(report.recordsPerSecond)} a second` : "";
  const count = `${formatCount(read)} record${read === 1 ? "" : "s"}`;
  return `${ends[job.state] ?? "Read"} ${count} in ${formatDuration(report.seconds)}${rate}.`;
}

/** A failed one can go on too, but its error tells first what has to be mended. */
function isResumedByChoosing(job: Job): boolean {
  return job.state === "cancelled" || job.state === "interrupted";
}

function wordOf(state: Job["state"]): string {
  return state === "failed" ? "stopped by an error" : state;
}

function facts(report: Report): HTMLElement {
  const { records, bytes, memory } = report;
  const shown = fates.filter(([name]) => records[name] > 0 || name === "stored" || name === "rejected");
  const numbers = shown.map(([name, label]) =>
    el(
      "div",
      { class: name === "rejected" && records[name] > 0 ? "figure figure-warn" : "figure" },
      el("dt", {}, label),
      el("dd", {}, formatCount(records[name])),
    ),
  );
  const share =
    memory.lineBytes > 0 ? ` (${Math.round((memory.peakRssBytes / memory.lineBytes) * 100)}%)` : "";
  const spilled = bytes.spilled > 0 ? `, ${formatBytes(bytes.spilled)} spilled` : "";
  const rows: [string, Child][] = [
    ["Peak memory", `${formatBytes(memory.peakRssBytes)} of ${formatBytes(memory.lineBytes)}${share}`],
    ["Bytes", `${formatBytes(bytes.read)} read, ${formatBytes(bytes.written)} written${spilled}`],
  ];
  if (report.resumedFrom !== null) {
    const { phase, record } = report.resumedFrom;
    rows.push(["Went on", `in phase ${phase} at record ${formatCount(record)}`]);
  }
  if (report.danglingLinks > 0) {
    rows.push(["Links", `${formatCount(report.danglingLinks)} lead to records that are not there`]);
  }
  if (records.rejected > 0) rows.push(["Rejects", rejectsText(report.rejectsFile)]);
  const list = rows.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  return el("div", {}, el("dl", { class: "figures" }, ...numbers), el("dl", { class: "pairs" }, ...list));
}

function rejectsText(file: string | null): Child {
  if (file === null) return "not written";
  return el("span", {}, "each with its place and reason in ", el("code", {}, file), " beside the store");
}

/** The report's last decisions, from the one about time on, say why it took what it took. */
function explanation(report: Report): HTMLElement | null {
  const decisions = report.governor?.decisions ?? [];
  const begin = decisions.findLastIndex(({ kind }) => kind === "time");
  if (begin < 0) return null;
  const lines = decisions.slice(begin, begin + noticesMax).map(({ text }) => el("li", { dir: "auto" }, text));
  return el(
    "details",
    { class: "why" },
    el("summary", {}, "Why it took the time it took"),
    el("ul", {}, ...lines),
  );
}
