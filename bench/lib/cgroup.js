// A memory cgroup of its own for one child, below the cgroup of this process: v1 or v2, whichever can be written.
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const mount = "/sys/fs/cgroup";
let made = 0;

/** Folders under which a cgroup may be made, the nearest first. */
function parents() {
  const lines = readText("/proc/self/cgroup").trim().split("\n");
  const found = [];
  for (const line of lines) {
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined) continue;
    if (controllers.split(",").includes("memory")) {
      for (const base of [join(mount, "memory", path), join(mount, "memory")])
        found.push({ version: 1, base });
    }
    if (controllers === "") for (const base of upwards(join(mount, path))) found.push({ version: 2, base });
  }
  return found;
}

/** A group of version 2 that holds processes cannot have groups with controllers below it: its ancestors may. */
function upwards(folder) {
  const found = [folder];
  while (found.at(-1).length > mount.length) found.push(dirname(found.at(-1)));
  return found;
}

/** A cgroup with this limit, or the reason why there is none. */
export function makeCgroup(limitBytes) {
  const reasons = [];
  for (const { version, base } of parents()) {
    const folder = join(base, `plimsoll-bench-${process.pid}-${++made}`);
    if (version === 2)
      for (const name of ["memory", "io"])
        tryTo(() => writeFileSync(join(base, "cgroup.subtree_control"), `+${name}`));
    try {
      mkdirSync(folder);
    } catch (error) {
      reasons.push(`${base}: ${error.code}`);
      continue;
    }
    try {
      return { cgroup: limited(version, folder, limitBytes), reason: null };
    } catch (error) {
      reasons.push(`${folder}: ${error.code ?? error.message}`);
      rmdirSync(folder);
    }
  }
  return { cgroup: null, reason: reasons.join("; ") || "no memory controller is mounted" };
}

function limited(version, folder, limitBytes) {
  const write = (name, value) => writeFileSync(join(folder, name), String(value));
  if (version === 1) {
    write("memory.limit_in_bytes", limitBytes);
    tryTo(() => write("memory.memsw.limit_in_bytes", limitBytes));
  } else {
    if (!existsSync(join(folder, "memory.max"))) throw new Error("the memory controller is not delegated");
    write("memory.max", limitBytes);
    tryTo(() => write("memory.swap.max", 0));
  }
  const names =
    version === 1
      ? { usage: "memory.usage_in_bytes", peak: "memory.max_usage_in_bytes", events: "memory.oom_control" }
      : { usage: "memory.current", peak: "memory.peak", events: "memory.events" };
  const number = (name) => Number(readText(join(folder, name)).trim() || "NaN");
  const kinds = version === 1 ? kindsOfVersion1 : kindsOfVersion2;
  return {
    version,
    folder,
    limitBytes,
    procsFile: join(folder, "cgroup.procs"),
    usageBytes: () => number(names.usage),
    /** Null where the kernel keeps no peak (v2 before Linux 5.19). */
    peakBytes: () => (existsSync(join(folder, names.peak)) ? number(names.peak) : null),
    oomKills: () => Number(/^oom_kill (\d+)$/m.exec(readText(join(folder, names.events)))?.[1] ?? 0),
    /** Page cache, and what of it has to reach the disk before it can be dropped. */
    kinds: () => kindsIn(readText(join(folder, "memory.stat")), kinds),
    remove: () => remove(folder),
  };
}

const kindsOfVersion1 = { cache: "cache", dirty: "dirty", writeback: "writeback" };
const kindsOfVersion2 = { cache: "file", dirty: "file_dirty", writeback: "file_writeback" };

function kindsIn(stat, names) {
  const bytes = (name) => Number(new RegExp(`^${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0);
  return { cacheBytes: bytes(names.cache), dirtyBytes: bytes(names.dirty) + bytes(names.writeback) };
}

/** The kernel takes a moment to let go of a process that has ended. */
async function remove(folder) {
  for (let attempt = 0; attempt < 50; attempt++) {
    try {
      rmdirSync(folder);
      return;
    } catch (error) {
      if (error.code === "ENOENT") return;
      await sleep(20);
    }
  }
  process.stderr.write(`The cgroup ${folder} could not be removed.\n`);
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** A kernel without swap accounting has no such file: nothing to limit. */
function tryTo(action) {
  try {
    action();
  } catch {}
}
