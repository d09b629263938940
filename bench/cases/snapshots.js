// Databases of name servers: one is published as a snapshot, those of others are merged into it.
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
} from "node:fs";
import { join } from "node:path";
import { makePowerDns } from "../../scripts/lib/powerdns.js";
import { makeCgroup } from "../lib/cgroup.js";
import { cgroupFacts, outcomeOf, runChild } from "../lib/measure.js";
import { bin, cacheFolder, folderBytes, root } from "../lib/project.js";
import { countText, parseSize } from "../lib/sizes.js";

export const help =
  "PowerDNS databases published as snapshots and merged: 3, 10 and 30 instances of 600,000 records, and 3 of 6 and 20 million";

const recordsPerDomain = 6;
const seed = 1;
/** Inputs that take more are taken away again. */
const keptBytesMax = 2 ** 31;
/** Records of each instance, and how many instances there are in all. */
const plan = [
  { count: 600_000, instanceCounts: [3, 10, 30] },
  { count: 6_000_000, instanceCounts: [3] },
  { count: 20_000_000, instanceCounts: [3] },
];
/** With `all` also the larger ones: the most is on the disk with 30 snapshots of six million records. */
const allCounts = [3, 10, 30];
const allCountMax = 6_000_000;
const diskBytesPerRecord = 1100;

export async function run({ count, memory = "300MiB", all = false }) {
  const sizes =
    count === undefined ? plan.map((size) => withAll(size, all)) : [{ count, instanceCounts: allCounts }];
  if (all) checkDisk(Math.min(allCountMax, Math.max(...sizes.map((size) => size.count))));
  const runs = [];
  for (const size of sizes) await measureSize(size, memory, runs);
  const records = sizes.reduce((sum, size) => sum + size.count, 0);
  const what =
    "Domains, their index and six records each in the native schema, as many in each instance; 1% of the entries of each is its own";
  return { table: "snapshots", what, input: { records, bytes: null }, runs };
}

function withAll({ count, instanceCounts }, all) {
  return { count, instanceCounts: all && count <= allCountMax ? allCounts : instanceCounts };
}

/** Snapshots of 30 instances, the database of one, and a copy that they are merged into. */
function checkDisk(count) {
  const folder = cacheFolder();
  const { bavail, bsize } = statfsSync(folder);
  const neededBytes = count * diskBytesPerRecord;
  if (bavail * bsize >= neededBytes) return;
  const [free, needed] = [bavail * bsize, neededBytes].map((bytes) => (bytes / 2 ** 30).toFixed(1));
  throw new Error(
    `${folder} has ${free} GiB free, and this needs ${needed}: name another folder in PLIMSOLL_BENCH_DIR`,
  );
}

async function measureSize({ count, instanceCounts }, memory, runs) {
  const domains = Math.ceil(count / recordsPerDomain);
  const records = countText(domains * recordsPerDomain);
  const folder = await makeSnapshots(domains, Math.max(...instanceCounts));
  const own = join(folder.snapshots, folder.files[0]);
  const { messageBytes, gzipSeconds, gunzipSeconds } = await child("gzip-alone", [own]);
  runs.push({ title: `${records}: gzip alone, level 1`, messageBytes, wallSeconds: gzipSeconds });
  runs.push({ title: `${records}: gunzip alone`, messageBytes, wallSeconds: gunzipSeconds });
  const size = { folder, messageBytes, memory, entries: 0 };
  for (const isInCgroup of [false, true]) {
    const run = await publish(`${records}: publish`, size, isInCgroup);
    size.entries ||= run.entries;
    runs.push(run);
  }
  for (const instances of instanceCounts) {
    const title = `${records}: merge ${instances - 1} others into one`;
    const isLargest = instances === Math.max(...instanceCounts);
    // Without a limit of the kernel the largest alone: what it takes by itself.
    for (const isInCgroup of isLargest ? [false, true] : [true])
      runs.push(await merge(title, size, instances, isInCgroup));
  }
  for (const name of ["published", "others", "merged"])
    rmSync(join(folder.dir, name), { recursive: true, force: true });
  if (folderBytes(folder.dir) > keptBytesMax) rmSync(folder.dir, { recursive: true });
}

/** The database of the first instance, and a snapshot of each; made once, but for those that fill a disk. */
async function makeSnapshots(domains, instances) {
  const dir = join(cacheFolder(), `powerdns-${domains}`);
  const snapshots = join(dir, "snapshots");
  const database = join(dir, "instance-1");
  if (!existsSync(dir)) {
    process.stderr.write(`Making ${countText(domains)} domains (once) ...\n`);
    const part = `${dir}.part`;
    rmSync(part, { recursive: true, force: true });
    mkdirSync(join(part, "snapshots"), { recursive: true });
    await makePowerDns({ domains, instances: 1, seed, dir: part });
    renameSync(part, dir);
  }
  const made = readdirSync(snapshots).filter((name) => name.endsWith(".pb.gz")).length;
  if (made < instances) {
    process.stderr.write(`Making snapshots of ${instances} instances (once) ...\n`);
    await child("derive-snapshots", [database, snapshots, String(made + 1), String(instances)]);
  }
  const files = readdirSync(snapshots)
    .filter((name) => name.endsWith(".pb.gz"))
    .sort((a, b) => instanceOf(a) - instanceOf(b));
  return { dir, database, snapshots, files };
}

function instanceOf(name) {
  return Number(/__bench-(\d+)__/.exec(name)[1]);
}

function publish(title, { folder, messageBytes, memory }, isInCgroup) {
  const into = join(folder.dir, "published");
  rmSync(into, { recursive: true, force: true });
  mkdirSync(into);
  return measure(["push", folder.database, `file:${into}`], { title, memory, isInCgroup }, (report) => ({
    entries: report.records.sent,
    messageBytes,
  }));
}

function merge(title, { folder, messageBytes, entries, memory }, instances, isInCgroup) {
  const [from, into] = [join(folder.dir, "others"), join(folder.dir, "merged")];
  for (const path of [from, into]) rmSync(path, { recursive: true, force: true });
  mkdirSync(from);
  for (const file of folder.files.slice(1, instances))
    linkSync(join(folder.snapshots, file), join(from, file));
  cpSync(folder.database, into, { recursive: true });
  const others = instances - 1;
  return measure(["pull", into, `file:${from}`], { title, memory, isInCgroup }, (report) => ({
    entries: entries * others,
    messageBytes: messageBytes * others,
    changed: report.records.changed,
  }));
}

/** By the real command line; `figuresOf` says what is in the report. */
async function measure(words, { title: what, memory, isInCgroup }, figuresOf) {
  const title = isInCgroup ? `${what}, inside ${memory}` : what;
  process.stderr.write(`${title} ...\n`);
  const lineBytes = parseSize(memory);
  const made = isInCgroup ? makeCgroup(lineBytes) : { cgroup: null, reason: null };
  if (made.reason !== null) return { title, skipped: `no memory cgroup can be made here (${made.reason})` };
  const file = join(cacheFolder(), `report-${process.pid}.json`);
  const named = ["--instance", "bench-1", "--database", "main", "--schema", "native"];
  const args = [
    bin,
    "snapshot",
    ...words,
    ...named,
    "--memory",
    memory,
    "--report",
    file,
    "--progress",
    "none",
  ];
  try {
    const ended = await runChild({ command: process.execPath, args, cgroup: made.cgroup });
    const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
    const outcome = outcomeOf(ended, report, made.cgroup);
    if (outcome.state === "failed") return { title, ...outcome };
    return {
      title,
      ...outcome,
      ...figuresOf(report),
      wallSeconds: report.seconds,
      vmHwmBytes: report.memory.peakRssBytes,
      lineBytes,
      cgroup: cgroupFacts(made.cgroup, ended.sampler),
    };
  } finally {
    await made.cgroup?.remove();
    rmSync(file, { force: true });
  }
}

async function child(script, words) {
  const args = [join(root, "bench", "children", `${script}.js`), ...words];
  const { code, signal, out, error } = await runChild({ command: process.execPath, args });
  if (code !== 0) throw new Error(`${script} ended with ${signal ?? code}: ${error}`);
  return out === "" ? {} : JSON.parse(out);
}
