#!/usr/bin/env node
// Measures what an edge costs and projects imports of any size: `npm run model:scale`.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { machineFacts } from "../lib/machine.js";
import { writePng } from "../lib/png.js";
import { cacheFolder, docsFolder, resultsFolder } from "../lib/project.js";
import { formatLikeTheRest } from "../lib/results.js";
import { parseSize } from "../lib/sizes.js";
import { textTable } from "../lib/tables.js";
import { diskSpeeds } from "./disk.js";
import { measureScale } from "./measure.js";
import { fitModel, phasesOf, project } from "./model.js";
import { checkTable, measuredTable, page, projectedTable } from "./page.js";
import { scalePlot } from "./plot.js";

const help = `Usage: npm run model:scale [-- --measure N] [--memory SIZE] [--runs N] [--page]

Imports generated graphs of 1 and 10 million edges (${"`npm run gen -- graph`"}), works out what each phase costs an edge,
and projects 100 million, 2 billion and 100 billion edges: time, disk, runs, passes, memory.
  --measure N     imports so many edges as well, as 100M, and holds the projection against them: it must come within
                  20%, or the command ends with 1; 100M take some 5 minutes and 35 GB of disk
  --memory SIZE   the line (default 512MiB)
  --runs N        each of the two smaller imports so often; the median stands for all (default 3)
  --page          writes docs/scale.md from what was measured last, and measures nothing

Figures go to bench/results/scale, or to PLIMSOLL_BENCH_RESULTS for a try that is not to be kept; then nothing is
written to docs. Inputs are made in PLIMSOLL_BENCH_DIR.
`;
const sizes = [1_000_000, 10_000_000];
const sizesProjected = [1_000_000, 10_000_000, 100_000_000, 2_000_000_000, 100_000_000_000];
const deviationMax = 0.2;
const resultPath = join(resultsFolder, "scale", "scale.json");
const isTry = process.env.PLIMSOLL_BENCH_RESULTS !== undefined;

class UsageError extends Error {}

function parse(args) {
  const options = { memory: "512MiB", runs: 3, extra: [], isPage: false };
  for (let at = 0; at < args.length; at++) {
    const name = args[at];
    if (name === "--page") options.isPage = true;
    else if (name === "--memory") options.memory = args[++at] ?? "";
    else if (name === "--runs") options.runs = countOf(args[++at]);
    else if (name === "--measure") options.extra.push(countOf(args[++at]));
    else throw new UsageError(`"${name}" is no option.`);
  }
  parseSize(options.memory);
  return options;
}

function countOf(text = "") {
  const [, digits, unit] = /^([1-9]\d*)(M?)$/.exec(text) ?? [];
  if (digits === undefined) throw new UsageError(`"${text}" is no number.`);
  return Number(digits) * (unit === "M" ? 1e6 : 1);
}

async function measure({ memory, runs, extra }) {
  const workers = availableParallelism();
  const machine = machineFacts(cacheFolder());
  const disk = diskSpeeds(cacheFolder());
  const measures = [];
  for (const edges of sizes) measures.push(await measureScale(edges, { memory, workers, runs }));
  for (const edges of extra) measures.push(await measureScale(edges, { memory, workers, runs: 1 }));
  const words = extra.flatMap((edges) => ["--measure", String(edges)]);
  const command = ["npm run model:scale", ...(words.length > 0 ? ["--", ...words] : [])].join(" ");
  return { machine, disk, measures, command };
}

/** False when a projection is too far from what was measured. */
function tell(found) {
  const [small, large, ...others] = found.measures;
  const model = fitModel([small, large], found.disk);
  const checks = others.map((measured) => {
    return { edges: measured.edges, measured, projected: project(model, measured.edges) };
  });
  const projections = sizesProjected.map((edges) => project(model, edges));
  const measures = found.measures.toSorted((one, other) => one.edges - other.edges);
  process.stdout.write(`\n${textTable(measuredTable(measures, phasesOf))}\n`);
  process.stdout.write(`${textTable(projectedTable(projections))}\n`);
  if (checks.length > 0) process.stdout.write(`${textTable(checkTable(checks))}\n`);
  if (!isTry) writeDocs({ ...found, measures, phasesOf, model, projections, checks });
  return checks.every(({ measured, projected }) => {
    return Math.abs(projected.totalSeconds / measured.wallSeconds - 1) <= deviationMax;
  });
}

function writeDocs(found) {
  const bars = [
    ...found.measures.map((one) => ({ edges: one.edges, seconds: phasesOf(one), isMeasured: true })),
    ...found.projections.slice(2).map(({ edges, seconds }) => ({ edges, seconds, isMeasured: false })),
  ];
  const plot = scalePlot(bars);
  mkdirSync(join(docsFolder, "plots"), { recursive: true });
  writeFileSync(join(docsFolder, "plots", "scale.svg"), plot);
  writePng(join(docsFolder, "plots", "scale.png"), plot, { zoom: 1.5 });
  writeFileSync(join(docsFolder, "scale.md"), page(found));
}

async function main(args) {
  if (args.includes("--help")) {
    process.stdout.write(help);
    return true;
  }
  const options = parse(args);
  if (options.isPage) {
    if (!existsSync(resultPath)) throw new UsageError("Nothing has been measured.");
    return tell(JSON.parse(readFileSync(resultPath, "utf8")));
  }
  const found = await measure(options);
  mkdirSync(join(resultsFolder, "scale"), { recursive: true });
  writeFileSync(resultPath, `${JSON.stringify(found, null, 2)}\n`);
  formatLikeTheRest(resultPath);
  return tell(found);
}

try {
  if (!(await main(process.argv.slice(2)))) process.exitCode = 1;
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n\n${help}`);
  process.exitCode = 2;
}
