// The same rows for the terminal and for docs/benchmarks.md.
import { countText, secondsText, sizeText } from "./sizes.js";

const importColumns = [
  ["run", (run) => run.title],
  ["records/s", (run) => countText(run.recordsPerSecond)],
  ["wall", (run) => wallText(run)],
  ["phases", (run) => run.phases.map(({ name, seconds }) => `${name} ${secondsText(seconds)}`).join(", ")],
  ["peak memory", (run) => peakText(run)],
  ["cgroup", (run) => cgroupText(run)],
  ["last / first tenth", (run) => tenthText(run)],
  ["spilled", (run) => sizeText(run.spilledBytes)],
  ["store / input", (run) => run.storeRatio?.toFixed(2) ?? ""],
];

const decodeColumns = [
  ["run", (run) => run.title],
  ["records/s", (run) => countText(run.recordsPerSecond)],
  ["wall", (run) => wallText(run)],
  ["MB/s", (run) => countText(run.bytesPerSecond / 1e6)],
  ["peak memory", (run) => sizeText(run.vmHwmBytes)],
];

const usualMsMax = 20;

const queryColumns = [
  ["query", (run) => run.title],
  ["records a query", (run) => countText(run.recordsPerQuery)],
  ["p50", (run) => `${run.p50Ms.toFixed(2)} ms`],
  ["p99", (run) => `${run.p99Ms.toFixed(2)} ms`],
  ["max", (run) => `${run.maxMs.toFixed(2)} ms`],
  ["times", (run) => countText(run.times)],
  [`p99 under ${usualMsMax} ms`, (run) => verdictText(run)],
];

const planColumns = [
  ["run", (run) => run.title],
  ["records", (run) => run.records.ratio.toFixed(2)],
  ["stored", (run) => `${run.bytesStored.ratio.toFixed(2)} of ${sizeText(run.bytesStored.actual)}`],
  ["spilled", (run) => `${run.bytesSpilled.ratio.toFixed(2)} of ${sizeText(run.bytesSpilled.actual)}`],
  ["time", (run) => `${run.seconds.ratio.toFixed(2)} of ${secondsText(run.seconds.actual)}`],
  ["planned in", (run) => secondsText(run.planSeconds)],
  ["its peak memory", (run) => `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`],
];

const liveColumns = [
  ["run", (run) => run.title],
  ["records/s", (run) => countText(run.recordsPerSecond)],
  ["last / first tenth", (run) => (run.lastTenth / run.firstTenth).toFixed(2)],
  ["slowest second", (run) => countText(run.slowestSecond)],
  ["p50", (run) => `${run.p50Ms.toFixed(1)} ms`],
  ["p99", (run) => `${run.p99Ms.toFixed(1)} ms`],
  ["max", (run) => `${run.maxMs.toFixed(0)} ms`],
  ["refused", (run) => countText(run.refused)],
  ["commits, folds, merges", (run) => [run.commits, run.folds, run.merges].map(countText).join(", ")],
  ["peak memory", (run) => `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`],
];

const relayColumns = [
  ["run", (run) => run.title],
  ["events/s", (run) => countText(run.eventsPerSecond)],
  ["refused", (run) => countText(run.refused ?? 0)],
  ["OK p50", (run) => `${run.ok.p50Ms.toFixed(1)} ms`],
  ["OK p99", (run) => `${run.ok.p99Ms.toFixed(1)} ms`],
  ["OK max", (run) => `${run.ok.maxMs.toFixed(0)} ms`],
  ["EOSE p50", (run) => `${run.eose.p50Ms.toFixed(1)} ms`],
  ["EOSE p99", (run) => `${run.eose.p99Ms.toFixed(1)} ms`],
  ["import beside", (run) => (run.import ? `${run.import.state}, ${run.import.seconds.toFixed(1)} s` : "")],
  ["peak memory", (run) => `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`],
];

const codecColumns = [
  ["list and operation", (run) => run.title],
  ["ids", (run) => countText(run.ids)],
  ["million ids/s", (run) => millionsText(run.idsPerSecond)],
  ["roaring", (run) => millionsText(run.peerIdsPerSecond)],
  ["by roaring", (run) => (run.idsPerSecond / run.peerIdsPerSecond).toFixed(2)],
  ["bits an id", (run) => run.bitsPerId?.toFixed(2) ?? ""],
  ["roaring bits an id", (run) => run.peerBitsPerId?.toFixed(2) ?? ""],
];

const longlistColumns = [
  ["run", (run) => run.title],
  ["records", (run) => countText(run.records)],
  ["wall", (run) => wallText(run)],
  ["peak memory", (run) => `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`],
  ["cgroup", (run) => cgroupText(run)],
];

const listsColumns = [
  ["run", (run) => run.title],
  ["edges/s", (run) => countText(run.edgesPerSecond)],
  ["write p50", (run) => `${run.write.p50Ms.toFixed(1)} ms`],
  ["write p99", (run) => `${run.write.p99Ms.toFixed(1)} ms`],
  ["any edge, p50", (run) => `${run.old.p50Ms.toFixed(1)} ms`],
  ["any edge, p99", (run) => `${run.old.p99Ms.toFixed(1)} ms`],
  ["the newest, p50", (run) => `${run.recent.p50Ms.toFixed(1)} ms`],
  ["the newest, p99", (run) => `${run.recent.p99Ms.toFixed(1)} ms`],
  ["peak memory", (run) => `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`],
];

const edgesColumns = [
  ["run", (run) => run.title],
  ["edges/s", (run) => countText(run.edgesPerSecond)],
  ["last / first tenth", (run) => (run.lastTenth / run.firstTenth).toFixed(2)],
  ["slowest second", (run) => countText(run.slowestSecond)],
  ["write p50", (run) => `${run.write.p50Ms.toFixed(1)} ms`],
  ["write p99", (run) => `${run.write.p99Ms.toFixed(1)} ms`],
  ["any edge, p99", (run) => `${run.old.p99Ms.toFixed(1)} ms`],
  ["the newest, p99", (run) => `${run.recent.p99Ms.toFixed(1)} ms`],
  ["commits, folds, merges", (run) => [run.commits, run.folds, run.merges].map(countText).join(", ")],
  ["peak memory", (run) => `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`],
];

const comicsColumns = [
  ["run", (run) => run.title],
  ["comics/s", (run) => countText(run.comicsPerSecond)],
  ["records", (run) => countText(run.records)],
  ["wall", (run) => wallText(run)],
  ["peak memory", (run) => `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`],
];

const snapshotsColumns = [
  ["run", (run) => run.title],
  ["entries/s", (run) => (run.entries === undefined ? "" : countText(run.entries / run.wallSeconds))],
  [
    "message/s",
    (run) => (run.messageBytes === undefined ? "" : `${sizeText(run.messageBytes / run.wallSeconds)}`),
  ],
  ["written", (run) => (run.changed === undefined ? "" : countText(run.changed))],
  ["wall", (run) => wallText(run)],
  [
    "peak memory",
    (run) =>
      run.vmHwmBytes === undefined ? "" : `${sizeText(run.vmHwmBytes)} of ${sizeText(run.lineBytes)}`,
  ],
];

const columnsOf = {
  import: importColumns,
  decode: decodeColumns,
  query: queryColumns,
  plan: planColumns,
  live: liveColumns,
  relay: relayColumns,
  codec: codecColumns,
  longlist: longlistColumns,
  lists: listsColumns,
  edges: edgesColumns,
  comics: comicsColumns,
  snapshots: snapshotsColumns,
};

/** Header and rows of one result; a run that was skipped or failed has its reason in the second cell. */
export function tableOf(result) {
  const columns = columnsOf[result.table];
  const rows = result.runs.map((run) => {
    if (run.skipped !== undefined) return [run.title, `skipped: ${run.skipped}`];
    if (run.state === "failed")
      return [run.title, `FAILED${run.isOomKilled ? " (OOM-killed)" : ""}: ${run.error}`];
    return columns.map(([, cell]) => cell(run));
  });
  return { header: columns.map(([name]) => name), rows };
}

export function textTable({ header, rows }) {
  const whole = rows.filter((row) => row.length === header.length);
  const widths = header.map((name, at) => Math.max(name.length, ...whole.map((row) => row[at].length), 0));
  widths[0] = Math.max(widths[0], ...rows.map((row) => row[0].length));
  const line = (cells) =>
    cells
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return `${[header, ...rows].map(line).join("\n")}\n`;
}

export function markdownTable({ header, rows }) {
  const line = (cells) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|").replaceAll("\n", " ")).join(" | ")} |`;
  const rule = `|${header.map((_, at) => (at === 0 ? "---" : "---:")).join("|")}|`;
  const full = rows.map((row) => [...row, ...header.slice(row.length).map(() => "")]);
  return `${[line(header), rule, ...full.map(line)].join("\n")}\n`;
}

/** Programs without a line have a peak all the same. */
function peakText({ vmHwmBytes, lineBytes }) {
  if (vmHwmBytes === 0) return "";
  return lineBytes === null ? sizeText(vmHwmBytes) : `${sizeText(vmHwmBytes)} of ${sizeText(lineBytes)}`;
}

function millionsText(perSecond) {
  const millions = perSecond / 1e6;
  return millions >= 100 ? countText(millions) : millions.toFixed(1);
}

function verdictText({ p99Ms, isHeavy }) {
  if (p99Ms < usualMsMax) return "under";
  return isHeavy ? "heavy" : "OVER";
}

function wallText(run) {
  const walls = run.wallSecondsOfRuns ?? [run.wallSeconds];
  if (walls.length === 1) return secondsText(run.wallSeconds);
  return `${secondsText(run.wallSeconds)} (${secondsText(Math.min(...walls))} to ${secondsText(Math.max(...walls))})`;
}

function cgroupText({ cgroup }) {
  if (cgroup === null || cgroup === undefined) return "none";
  const kills = cgroup.oomKills === 0 ? "no OOM kill" : `${cgroup.oomKills} OOM kills`;
  return `${sizeText(cgroup.usageBytesMax)} of ${sizeText(cgroup.limitBytes)}, ${kills}`;
}

function tenthText({ firstTenthRate, lastTenthRate }) {
  if (firstTenthRate === null || lastTenthRate === null) return "";
  return `${(lastTenthRate / firstTenthRate).toFixed(2)}`;
}
