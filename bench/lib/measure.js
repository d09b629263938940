// Runs one child to its end, watches its memory, and says what it took.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeCgroup } from "./cgroup.js";
import { bin, cacheFolder, dropFromCache, folderBytes } from "./project.js";
import { TreeSampler } from "./sampler.js";
import { throttle } from "./slow-disk.js";

const stderrCharsMax = 4000;

/** A command inside a cgroup (or none), watched to its end; an `input` that is a file leaves the page cache before. */
export async function runChild({ input = null, ...command }) {
  const isCold = (input?.path ?? null) !== null && dropFromCache(input.path);
  return { ...(await startChild(command).ended), isCold };
}

/** The same while it runs: `ended` settles with what it took. */
export function startChild({ command, args, cgroup = null, stdin = "ignore" }) {
  const child =
    cgroup === null
      ? spawn(command, args, { stdio: [stdin, "pipe", "pipe"] })
      : spawn("sh", ["-c", `echo $$ > "$0"; exec "$@"`, cgroup.procsFile, command, ...args], {
          stdio: [stdin, "pipe", "pipe"],
        });
  const told = { out: "", error: "" };
  child.stdout.on("data", (chunk) => {
    told.out += chunk;
  });
  child.stderr.on("data", (chunk) => {
    told.error = (told.error + chunk).slice(-stderrCharsMax);
  });
  const startedAtMs = Date.now();
  const startedMs = performance.now();
  const sampler = new TreeSampler(child.pid, cgroup);
  const ended = once(child, "close").then(([code, signal]) => {
    const wallSeconds = (performance.now() - startedMs) / 1000;
    sampler.stop();
    return { code, signal, startedAtMs, wallSeconds, sampler, ...told };
  });
  return { child, told, sampler, startedMs, ended };
}

/**
 * One import by the real command line, as one entry of a result file. A `store` that is named stays; a `feeder` writes
 * the input to the import's standard input; a `disk` is throttled for it; `onEnd` sees every sample and the report.
 */
export async function measureImport(spec) {
  const { title, input, memory, lineBytes, flags, isInCgroup, store, feeder, disk = null, onEnd } = spec;
  const folder = cacheFolder();
  const report = join(folder, `report-${process.pid}.json`);
  const keptStore = store ?? join(folder, `store-${process.pid}`);
  for (const path of [report, keptStore, `${keptStore}.rejects.jsonl`])
    rmSync(path, { recursive: true, force: true });
  const into = flags.includes("null:") ? [] : ["--into", keptStore];
  const source = feeder === undefined ? input.path : "-";
  const words = ["import", source, ...into, "--memory", memory, ...flags];
  let cgroup = null;
  if (isInCgroup) {
    const made = makeCgroup(lineBytes);
    if (made.cgroup === null) return { title, skipped: `no memory cgroup can be made here (${made.reason})` };
    cgroup = made.cgroup;
  }
  try {
    if (cgroup !== null && disk !== null) throttle(cgroup, disk);
    const args = [bin, ...words, "--report", report, "--progress", "none"];
    const ended = await fed(feeder, (stdin) =>
      runChild({ command: process.execPath, args, cgroup, input, stdin }),
    );
    const found = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : null;
    // The report's clock starts when the import does: after Node.js has started.
    const endSeconds = found === null ? 0 : (statSync(report).mtimeMs - ended.startedAtMs) / 1000;
    const leadSeconds = found === null ? 0 : Math.max(0, endSeconds - found.seconds);
    onEnd?.(ended.sampler.samples, found);
    const shown = words.map((word) => shownWord(word, input.path, keptStore));
    return {
      title,
      command: `plimsoll ${shown.join(" ")}`,
      ...outcomeOf(ended, found, cgroup),
      lineBytes,
      cgroup: cgroupFacts(cgroup, ended.sampler),
      isInputCold: ended.isCold,
      leadSeconds: round(leadSeconds),
      ...figuresOf(ended, found, input, folderBytes(keptStore)),
    };
  } finally {
    await cgroup?.remove();
    rmSync(report, { force: true });
    if (store === undefined) rmSync(keptStore, { recursive: true, force: true });
  }
}

/** Starts the feeder and hands its output on as the standard input of the import. */
async function fed(feeder, run) {
  if (feeder === undefined) return await run("ignore");
  const child = spawn(feeder.command, feeder.args, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    return await run(child.stdout);
  } finally {
    child.kill();
  }
}

function shownWord(word, inputPath, store) {
  if (word === inputPath) return inputPath.slice(inputPath.lastIndexOf("/") + 1);
  return word === store ? "./store" : word;
}

export function outcomeOf({ code, signal, error }, report, cgroup) {
  const isOomKilled = cgroup !== null && cgroup.oomKills() > 0;
  if (code === 0 && report?.state === "complete") return { state: "complete", isOomKilled };
  const lines = error.trim().split("\n");
  const last = lines.find((line) => line.startsWith("plimsoll:")) ?? lines.at(-1);
  return {
    state: "failed",
    isOomKilled,
    error: [signal ?? `exit code ${code}`, last].filter(Boolean).join(": "),
  };
}

export function cgroupFacts(cgroup, sampler) {
  if (cgroup === null) return null;
  const { version, limitBytes } = cgroup;
  return {
    version,
    limitBytes,
    usageBytesMax: cgroup.peakBytes() ?? sampler.cgroupUsageBytesMax,
    oomKills: cgroup.oomKills(),
  };
}

export function figuresOf({ wallSeconds, sampler }, report, input, storeBytes) {
  const points = report?.memory.timeline ?? [];
  const read = report?.records.read ?? 0;
  return {
    records: read,
    wallSeconds: round(wallSeconds),
    recordsPerSecond: Math.round(read / wallSeconds),
    phases: report?.phases ?? [],
    vmHwmBytes: Math.max(sampler.highWaterBytes, report?.memory.peakRssBytes ?? 0),
    anonBytesMax: Math.max(0, ...sampler.samples.map((sample) => sample.anonBytes)),
    storeBytes,
    storeRatio: storeBytes === 0 || input.bytes === null ? null : round(storeBytes / input.bytes),
    spilledBytes: report?.bytes.spilled ?? 0,
    throttledSeconds: report?.governor.throttledSeconds ?? 0,
    outcomes: report?.records ?? null,
    ...decisionsOf(report),
    batchBytes: report?.governor.batchBytes ?? null,
    ...tenthRates(points, read),
    memoryPoints: thin(sampler.samples).map((sample) => [
      round(sample.seconds),
      ...[sample.anonBytes, sample.fileBytes, sample.cgroupBytes, sample.cacheBytes, sample.dirtyBytes].map(
        (bytes) => (bytes === null ? null : mebibytes(bytes)),
      ),
    ]),
    recordPoints: thin(points).map(({ seconds, records }) => [round(seconds), records]),
  };
}

/**
 * What the governor did and when, in seconds since the start of the import: its decisions, and when the timeline says
 * that it held back, waited for the disk or let one batch in at a time. What it says of the whole has the time of its end.
 */
function decisionsOf(report) {
  const all = report?.governor.decisions ?? [];
  const endSeconds = all.at(-1)?.t;
  const timeline = report?.memory.timeline ?? [];
  const rises = (name) => timeline.filter((point, at) => at > 0 && point[name] > timeline[at - 1][name]);
  const marks = [
    ...all.filter(({ t }) => t < endSeconds).map(({ t, kind }) => ({ t, kind })),
    ...rises("throttledSeconds").map(({ seconds }) => ({ t: seconds, kind: "throttle" })),
    ...rises("writebackSeconds").map(({ seconds }) => ({ t: seconds, kind: "writeback" })),
    ...timeline.filter(({ isNarrow }) => isNarrow).map(({ seconds }) => ({ t: seconds, kind: "narrow" })),
  ];
  return { marks, explanation: all.filter(({ t }) => t === endSeconds).map(({ text }) => text) };
}

/** Records a second in the first and the last tenth of the records, from the report's own timeline. */
export function tenthRates(points, total) {
  const from = points.findLast((point) => point.records === 0);
  if (from === undefined || total === 0) return { firstTenthRate: null, lastTenthRate: null };
  const secondsAt = (records) => {
    const after = points.findIndex((point) => point.records >= records);
    if (after <= 0) return null;
    const [left, right] = [points[after - 1], points[after]];
    const part = (records - left.records) / (right.records - left.records);
    return left.seconds + part * (right.seconds - left.seconds);
  };
  const rate = (low, high) => {
    const [start, end] = [low === 0 ? from.seconds : secondsAt(low * total), secondsAt(high * total)];
    return start === null || end === null || end <= start
      ? null
      : Math.round(((high - low) * total) / (end - start));
  };
  return { firstTenthRate: rate(0, 0.1), lastTenthRate: rate(0.9, 1) };
}

const pointsMax = 240;

/** Evenly spaced points, the first and the last among them. */
function thin(points) {
  if (points.length <= pointsMax) return points;
  return Array.from(
    { length: pointsMax },
    (_, at) => points[Math.round((at * (points.length - 1)) / (pointsMax - 1))],
  );
}

function round(value) {
  return Number(value.toFixed(3));
}

function mebibytes(bytes) {
  return Number((bytes / 2 ** 20).toFixed(2));
}
