// Result files and their plots.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { pathToFileURL } from "node:url";
import { importPlot } from "./plot.js";
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
    writeFileSync(path, importPlot(run, `${result.name}: ${run.title}`));
    files.push(path, ...pngOf(path));
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
function formatLikeTheRest(path) {
  const formatter = join(root, "node_modules", ".bin", "biome");
  if (existsSync(formatter))
    spawnSync(formatter, ["format", "--write", path], { cwd: root, stdio: "ignore" });
}

let converter;

/** A PNG beside the SVG, by the first program that can make one. */
function pngOf(svg) {
  const png = svg.replace(/\.svg$/, ".png");
  const candidates = [
    ["rsvg-convert", ["--zoom", "2", "--output", png, svg]],
    ["chromium", chromiumArgs(svg, png)],
    ["chromium-browser", chromiumArgs(svg, png)],
    ["google-chrome", chromiumArgs(svg, png)],
    ["magick", ["-density", "192", svg, png]],
    ["convert", ["-density", "192", svg, png]],
  ];
  for (const [program, args] of candidates) {
    if (converter !== undefined && converter !== program) continue;
    spawnSync(program, args, { stdio: "ignore", timeout: 60_000 });
    if (existsSync(png)) {
      converter = program;
      return [png];
    }
  }
  if (converter === undefined) {
    process.stderr.write(
      `No PNG of ${basename(svg)}: none of rsvg-convert, chromium and ImageMagick is here.\n`,
    );
    converter = null;
  }
  return [];
}

function chromiumArgs(svg, png) {
  const size = "--window-size=860,566";
  const scale = "--force-device-scale-factor=2";
  return ["--headless", "--no-sandbox", size, scale, `--screenshot=${png}`, pathToFileURL(svg).href];
}
