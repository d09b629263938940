// Where the proof keeps what it found: figures in the repository, samples and pictures in a folder that it ignores.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { machineFacts } from "../lib/machine.js";
import { importPlot } from "../lib/plot.js";
import { writePng } from "../lib/png.js";
import { cacheFolder, docsFolder, resultsFolder, root } from "../lib/project.js";
import { formatLikeTheRest } from "../lib/results.js";

const figuresFolder = join(resultsFolder, "line");
/** A try has everything in its own folder, page and pictures included. */
export const isTry = process.env.PLIMSOLL_BENCH_RESULTS !== undefined;
export const picturesFolder = isTry ? join(figuresFolder, "runs") : join(root, "tmp", "line");
export const pageFolder = isTry ? figuresFolder : docsFolder;
const zoom = 1.5;

/** Figures of one part of the proof; runs measured again take the place of those before. */
export class PartResults {
  #name;
  #isKept;
  #found;

  constructor(name, { isKept }) {
    this.#name = name;
    this.#isKept = isKept;
    this.#found = {
      machine: machineFacts(cacheFolder()),
      runs: (isKept ? readPart(name)?.runs : null) ?? [],
    };
  }

  get runs() {
    return this.#found.runs;
  }

  /** Written at once: what was measured is not lost with what comes after. `key` tells a run from the others. */
  add(key, run, heading, fit = null) {
    const { memoryPoints, recordPoints, marks, explanation, ...figures } = run;
    const kept = { key, date: new Date().toISOString(), ...figures };
    const at = this.runs.findIndex((one) => one.key === key);
    this.runs.splice(at < 0 ? this.runs.length : at, at < 0 ? 0 : 1, kept);
    if (this.#isKept) this.#write();
    const name = `${this.#name}-${key}`;
    mkdirSync(picturesFolder, { recursive: true });
    for (const ending of [".json", ".png"]) rmSync(join(picturesFolder, name + ending), { force: true });
    writeFileSync(join(picturesFolder, `${name}.json`), `${JSON.stringify(run)}\n`);
    if ((memoryPoints?.length ?? 0) > 1)
      writePng(join(picturesFolder, `${name}.png`), importPlot(run, heading, fit), { zoom });
  }

  #write() {
    mkdirSync(figuresFolder, { recursive: true });
    const path = join(figuresFolder, `${this.#name}.json`);
    writeFileSync(path, `${JSON.stringify(this.#found, null, 2)}\n`);
    formatLikeTheRest(path);
  }
}

/** Null where that part has not been measured. */
export function readPart(name) {
  return readJson(join(figuresFolder, `${name}.json`));
}

/** A run with its samples, as long as the ignored folder has it. */
export function readSamples(name, key) {
  return readJson(join(picturesFolder, `${name}-${key}.json`));
}

function readJson(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}
