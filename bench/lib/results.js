// Result files and their plots.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importPlot } from "./plot.js";
import { writePng } from "./png.js";
import { resultsFolder, root } from "./project.js";

/** Writes NAME.json and a plot for each run that has points; the answer is the list of files. */
export function writeResult(result) {
  mkdirSync(resultsFolder, { recursive: true });
  const files = [];
  const isPlotOf = new RegExp(`^${result.name}-\\d+\\.(svg|png)$`);
  for (const name of readdirSync(resultsFolder)) if (isPlotOf.test(name)) rmSync(join(resultsFolder, name));
  result.runs.forEach((run, index) => {
    if (!((run.memoryPoints?.length ?? 0) > 1)) return;
    run.plot = `${result.name}-${index + 1}.svg`;
    const path = join(resultsFolder, run.plot);
    const plot = importPlot(run, `${result.name}: ${run.title}`);
    writeFileSync(path, plot);
    writePng(path.replace(/svg$/, "png"), plot, { zoom: 1.5 });
    files.push(path, path.replace(/svg$/, "png"));
  });
  const path = join(resultsFolder, `${result.name}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  formatLikeTheRest(path);
  return [path, ...files];
}

export function readResults() {
  if (!existsSync(resultsFolder)) return [];
  return readdirSync(resultsFolder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(resultsFolder, name), "utf8")));
}

/** The repository's formatter judges result files as well. */
export function formatLikeTheRest(path) {
  const formatter = join(root, "node_modules", ".bin", "biome");
  if (existsSync(formatter))
    spawnSync(formatter, ["format", "--write", path], { cwd: root, stdio: "ignore" });
}
