#!/usr/bin/env node
// Published RAM-aware batching beside Plimsoll's, over what goes wrong in real processes: `npm run
// simulate:batches`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/project.js";
import { markdownTable, textTable } from "../lib/tables.js";
import { batchPlot, pngOf } from "./plot.js";
import { simulate, simulateRandom } from "./simulate.js";

const help = `Usage: npm run simulate:batches [-- --json | --docs | --random COUNT]

  --json           the verdicts as JSON
  --docs           writes the table into docs/governed-batches.md and the plot into docs/plots
  --random COUNT   so many scenarios at random through Plimsoll alone: tells where the line was crossed

Ends with 1 when Plimsoll crosses the line anywhere or uses less than 80% of what it could.
`;
const utilisationLeast = 0.8;
const scenesPlotted = [
  "heap returned after a flush",
  "heap not returned",
  "baseline 120 MiB",
  "slow leak, heap not returned",
  "rows 100x larger, then small again",
  "two importers, heap not returned",
];
const countText = (count) => count.toLocaleString("en-US");
const mib = (bytes) => (bytes / 2 ** 20).toFixed(1);

function tableOf(results) {
  const header = ["scenario", "algorithm", "rows", "batches", "median batch", "batches of one row"];
  header.push("utilisation", "peak of 153.6 MiB", "crossings");
  const names = [...new Set(results.map((result) => result.scenario))];
  const rows = names.flatMap((name) =>
    results
      .filter((result) => result.scenario === name)
      .map((result, index) => [
        index === 0 ? name : "",
        result.algorithm,
        countText(result.rows),
        countText(result.batches),
        `${countText(result.rowsMedian)} ${result.rowsMedian === 1 ? "row" : "rows"}`,
        countText(result.batchesOfOne),
        `${(result.utilisation * 100).toFixed(1)}%`,
        `${mib(result.peakBytes)} MiB`,
        countText(result.crossings),
      ]),
  );
  return { header, rows };
}

function writeDocs(results) {
  const page = join(root, "docs/governed-batches.md");
  const text = readFileSync(page, "utf8");
  const [begin, end] = ["<!-- simulation -->\n", "<!-- end of simulation -->"];
  const from = text.indexOf(begin) + begin.length;
  writeFileSync(page, text.slice(0, from) + markdownTable(tableOf(results)) + text.slice(text.indexOf(end)));
  const scenes = scenesPlotted.map((name) => {
    const [published, plimsoll] = results.filter((result) => result.scenario === name);
    return { name, published, plimsoll };
  });
  const svg = batchPlot(scenes);
  writeFileSync(join(root, "docs/plots/governed-batches.svg"), svg);
  writeFileSync(join(root, "docs/plots/governed-batches.png"), pngOf(svg));
}

const [option, value] = process.argv.slice(2);
if (option === "--random" && Number(value) > 0) {
  const crossed = await simulateRandom(Number(value));
  for (const { scenario, peakBytes, lineBytes, crossings } of crossed) {
    process.stdout.write(
      `${scenario}: ${crossings} crossings, peak ${(peakBytes / lineBytes).toFixed(3)} of the line\n`,
    );
  }
  process.stdout.write(`the line was crossed in ${crossed.length} of ${value} scenarios\n`);
  process.exit(0);
}
if (option !== undefined && !["--json", "--docs"].includes(option)) {
  process.stdout.write(help);
  process.exit(option === "--help" ? 0 : 2);
}
const results = await simulate();
const verdicts = results.map(({ history, ...verdict }) => verdict);
if (option === "--json") process.stdout.write(`${JSON.stringify(verdicts, null, 2)}\n`);
else process.stdout.write(textTable(tableOf(verdicts)));
if (option === "--docs") writeDocs(results);
const own = verdicts.filter((verdict) => verdict.algorithm === "plimsoll");
const failed = own.filter((verdict) => verdict.crossings > 0 || !(verdict.utilisation >= utilisationLeast));
for (const { scenario } of failed) process.stderr.write(`Plimsoll falls short: ${scenario}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
