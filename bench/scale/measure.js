// What one import of the generated graph takes, phase by phase, by its own report and by its store.
import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { measureImport } from "../lib/measure.js";
import { bin, cacheFolder, makeInput } from "../lib/project.js";
import { median, parseSize } from "../lib/sizes.js";

/** The run whose wall time is the median of so many. */
export async function measureScale(edges, { memory, workers, runs }) {
  const input = makeInput("graph", edges);
  const found = [];
  for (let number = 0; number < runs; number++) found.push(await measureOnce(input, { memory, workers }));
  const wall = median(found.map(({ wallSeconds }) => wallSeconds));
  return found.find(({ wallSeconds }) => wallSeconds === wall);
}

async function measureOnce(input, { memory, workers }) {
  process.stderr.write(`${input.records.toLocaleString("en")} edges at ${memory} ...\n`);
  const store = join(cacheFolder(), `scale-${process.pid}`);
  let report = null;
  try {
    const run = await measureImport({
      title: `${input.records} edges`,
      input,
      memory,
      lineBytes: parseSize(memory),
      flags: ["--preset", "rdf", "--threads", String(workers)],
      isInCgroup: false,
      store,
      onEnd: (_samples, found) => {
        report = found;
      },
    });
    if (run.state !== "complete") throw new Error(`The import failed: ${run.error}`);
    return { ...figuresOf(report, run), store: storeBytes(store), inputBytes: input.bytes, memory, workers };
  } finally {
    rmSync(store, { recursive: true, force: true });
  }
}

function figuresOf(report, run) {
  const { records, runs, governor, seconds } = report;
  const phase = (name) => report.phases.find((one) => one.name === name).seconds;
  const { append, prepare } = governor.spentSeconds;
  return {
    edges: records.read,
    stored: records.stored,
    wallSeconds: run.wallSeconds,
    startSeconds: Math.max(0, run.wallSeconds - seconds),
    readSeconds: phase("read"),
    mergeSeconds: seconds - phase("read"),
    appendSeconds: append,
    prepareSeconds: prepare,
    peakBytes: run.vmHwmBytes,
    ...runs,
  };
}

function storeBytes(store) {
  const text = execFileSync(process.execPath, [bin, "stats", store, "--json"], { maxBuffer: 2 ** 26 });
  const { records, postings, keys, file } = JSON.parse(text.toString()).bytes;
  return { records, postings, keys, file };
}
