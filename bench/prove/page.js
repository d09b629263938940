// docs/line.md: every figure on it comes from bench/results/line, every picture from the samples of those runs.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importPlot } from "../lib/plot.js";
import { writePng } from "../lib/png.js";
import { countText, secondsText, sizeText } from "../lib/sizes.js";
import { markdownTable } from "../lib/tables.js";
import { fitOf, slopeText } from "./long.js";
import { lineText } from "./prove-import.js";
import { ratePlot } from "./rate-plot.js";
import { pageFolder, readPart, readSamples } from "./results.js";
import { contactSheet } from "./sheet.js";

const plotsFolder = join(pageFolder, "plots");
const zoom = 1.5;
/** A sheet has so much on it that it would be large otherwise. */
const sheetZoom = 1.25;
/** The run that is shown at full size: the most that happens under the smallest line. */
const shownKey = "gzip-96MiB";

const head = `# The line, proven

Written by \`npm run prove:line\` from the files in \`bench/results/line\`; no figure on this page comes from anywhere else.

Each run is the real command line inside a memory cgroup of exactly the size of the line, memory and swap together. It
holds when it completes, the kernel has killed nothing, the peak of resident memory (VmHWM, all processes of the import
added up) is at or under the line, the store holds as many records and index entries as the generator made, and
\`plimsoll verify\` finds no fault. *Cgroup* is the kernel's highest count for the group, page cache included: the kernel
reclaims cache there rather than let it pass, so a count at the limit is normal. *Verify* runs outside of the group.
`;

/** Writes the page and its pictures; says whether there was anything to write. */
export function writePage() {
  mkdirSync(plotsFolder, { recursive: true });
  const sections = [matrixSection(), ratesSection(), smallestSection(), longSection()].filter(
    (one) => one !== null,
  );
  if (sections.length === 0) {
    process.stderr.write("There is nothing in bench/results/line: prove something first.\n");
    return false;
  }
  const path = join(pageFolder, "line.md");
  writeFileSync(path, `${[head, ...sections].join("\n").trimEnd()}\n`);
  process.stdout.write(`${path}\n`);
  return true;
}

function machineText({ machine, runs }) {
  const days = [...new Set(runs.map(({ date }) => date.slice(0, 10)))].sort();
  const disk = `disk ${countText(machine.diskWriteBytesPerSecond / 1e6)} MB/s written and synced`;
  return (
    `${machine.cpu}, ${machine.cores} cores, ${sizeText(machine.memoryBytes)} of memory, ${disk}, ${machine.kernel}, ` +
    `Node.js ${machine.node}, ${[days[0], days.at(-1)].filter((day, at, all) => all.indexOf(day) === at).join(" to ")}.\n`
  );
}

function matrixSection() {
  const part = readPart("matrix");
  if (part === null) return null;
  const lines = [...new Set(part.runs.map((run) => run.lineBytes))].sort((one, other) => one - other);
  const names = [...new Set(part.runs.map((run) => run.input))];
  const runAt = (name, lineBytes) =>
    part.runs.find((run) => run.input === name && run.lineBytes === lineBytes);
  const done = part.runs.filter((run) => run.faults !== undefined);
  const good = done.filter((run) => run.faults.length === 0).length;
  const overview = {
    header: ["input", ...lines.map(sizeText)],
    rows: names.map((name) => [name, ...lines.map((line) => peakText(runAt(name, line)))]),
  };
  return [
    "## Inputs and lines\n",
    `\`\`\`sh\nnpm run prove:line\n\`\`\`\n`,
    machineText(part),
    `${good} of ${done.length} runs hold. Peak of resident memory by input and line:\n`,
    markdownTable(overview),
    oneShown(part),
    ...lines.map((line) => lineSection(line, names.map((name) => runAt(name, line)).filter(Boolean))),
  ].join("\n");
}

function peakText(run) {
  if (run === undefined) return "";
  if (run.skipped !== undefined) return "skipped";
  if (run.vmHwmBytes === undefined || run.state !== "complete") return "failed";
  return `${run.faults.length === 0 ? "" : "failed, "}${mebibytes(run.vmHwmBytes)}`;
}

function oneShown(part) {
  const run = readSamples("matrix", shownKey);
  const plot = "line-run.png";
  if (run !== null) writePng(join(plotsFolder, plot), importPlot(run, run.title), { zoom });
  if (!existsSync(join(plotsFolder, plot))) return "";
  const title = part.runs.find(({ key }) => key === shownKey)?.title ?? "one run";
  return `![Memory by kind against the line, the governor's decisions, and the rate: ${title}](plots/${plot})\n`;
}

function lineSection(lineBytes, runs) {
  const plot = `line-${lineText(lineBytes)}.png`;
  const samples = runs.map((run) => readSamples("matrix", run.key));
  if (samples.every((run) => run !== null))
    writePng(join(plotsFolder, plot), contactSheet(samples, lineBytes), { zoom: sheetZoom });
  const picture = existsSync(join(plotsFolder, plot))
    ? `![Each input at ${sizeText(lineBytes)}](plots/${plot})\n`
    : "";
  return `### ${sizeText(lineBytes)}\n\n${runsTable(runs, inputText)}\n${picture}`;
}

function inputText({ input, title }) {
  return `${input}: ${title.slice(0, title.lastIndexOf(","))}`;
}

/** The usual columns; a run without figures has its reason in the second cell. */
function runsTable(runs, nameOf) {
  const columns = [
    ["records", (run) => countText(run.records)],
    ["records/s", (run) => countText(run.recordsPerSecond)],
    ["wall", (run) => secondsText(run.wallSeconds)],
    [
      "peak (VmHWM)",
      (run) => `${mebibytes(run.vmHwmBytes)}, ${Math.round((100 * run.vmHwmBytes) / run.lineBytes)}%`,
    ],
    ["cgroup", (run) => `${mebibytes(run.cgroup.usageBytesMax)}, ${run.cgroup.oomKills} killed`],
    ["spilled", (run) => sizeText(run.spilledBytes)],
    ["held back", (run) => secondsText(run.throttledSeconds)],
    ["verify", (run) => verifyText(run)],
  ];
  const rows = runs.map((run) => {
    const why = run.skipped === undefined ? run.faults.join("; ") : `skipped: ${run.skipped}`;
    if (run.state !== "complete") return [nameOf(run), why];
    return [
      `${nameOf(run)}${why === "" ? "" : `; **failed**: ${why}`}`,
      ...columns.map(([, cell]) => cell(run)),
    ];
  });
  return markdownTable({ header: ["run", ...columns.map(([name]) => name)], rows });
}

function verifyText({ verify }) {
  if (verify === null || verify === undefined) return "";
  return verify.code === 0 ? `clean, ${secondsText(verify.seconds)}` : "faults";
}

function ratesSection() {
  const part = readPart("rates");
  if (part === null) return null;
  const names = [...new Set(part.runs.map((run) => run.input))];
  const complete = part.runs.filter((run) => run.state === "complete");
  const series = names.map((name) => {
    const runs = complete.filter((run) => run.input === name);
    return {
      title: runs[0]?.inputTitle ?? name,
      runs: runs.sort((one, other) => one.lineBytes - other.lineBytes),
    };
  });
  const plot = "line-rates.png";
  if (complete.length > 1) writePng(join(plotsFolder, plot), ratePlot(series), { zoom });
  const tables = series.map(({ title, runs }) => {
    const count = runs.length === 0 ? "" : `, ${countText(runs[0].records)} records`;
    const all = part.runs.filter((run) => run.inputTitle === title);
    return `### ${title}${count}\n\n${runsTable(all, (run) => sizeText(run.lineBytes))}`;
  });
  const picture = existsSync(join(plotsFolder, plot))
    ? `![Records a second against the line](plots/${plot})\n`
    : "";
  return [
    "## What memory buys\n",
    "```sh\nnpm run prove:line -- --rates\n```\n",
    machineText(part),
    picture,
    ...tables,
  ].join("\n");
}

function smallestSection() {
  const part = readPart("smallest");
  if (part === null) return null;
  const refused = part.runs.filter((run) => run.refusalSeconds !== null && run.refusalSeconds !== undefined);
  const slowest = Math.max(0, ...refused.map((run) => run.refusalSeconds));
  return [
    "## The smallest line\n",
    "```sh\nnpm run prove:line -- --smallest\n```\n",
    machineText(part),
    `A line of ${[...new Set(refused.map((run) => run.refusedAt))].join(" or ")} is refused, with the start of Node.js, ` +
      `within ${slowest.toFixed(2)} s. The message names the smallest line; each input then runs at it, inside a cgroup of it:\n`,
    runsTable(part.runs, smallestText),
  ].join("\n");
}

function smallestText({ input, lineBytes, outcomes }) {
  const line = lineBytes === undefined ? "none named" : sizeText(lineBytes);
  const rejected = outcomes?.rejected ?? 0;
  return `${input}, ${line}${rejected === 0 ? "" : `; ${countText(rejected)} records too large for it set aside`}`;
}

function longSection() {
  const part = readPart("long");
  if (part === null) return null;
  const [run] = part.runs;
  const samples = readSamples("long", run.key);
  const plot = "line-long.png";
  if ((samples?.memoryPoints?.length ?? 0) > 1) {
    const fit = samples.flatness ? fitOf(samples.flatness.rss) : null;
    writePng(join(plotsFolder, plot), importPlot(samples, samples.title, fit), { zoom });
  }
  const flats = Object.entries(run.flatness ?? {}).filter(([, flat]) => flat !== null);
  const rows = flats.map(([kind, flat]) => [kind, slopeText(flat), flat.isFlat ? "flat" : "not flat"]);
  return [
    "## Flat memory\n",
    "```sh\nnpm run prove:line -- --long\n```\n",
    machineText(part),
    runsTable(part.runs, (one) => one.title),
    "A straight line through the samples of the last 80% of reading, by least squares. Memory is flat when what that line\n" +
      "gains is below 2% of the memory line or below twice the standard deviation of the samples around it.\n",
    rows.length === 0 ? "" : markdownTable({ header: ["memory", "slope", ""], rows }),
    existsSync(join(plotsFolder, plot)) ? `![Memory over ten million records](plots/${plot})\n` : "",
  ].join("\n");
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
