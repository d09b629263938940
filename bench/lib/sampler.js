// Looks at the memory of a process and all its descendants, as the kernel counts it.
import { readdirSync, readFileSync } from "node:fs";

const intervalMs = 50;

/** Samples until stopped; on systems without /proc there are no samples. */
export class TreeSampler {
  #pid;
  #cgroup;
  #startedMs = performance.now();
  #highWater = new Map();
  #timer;
  samples = [];
  cgroupUsageBytesMax = 0;

  constructor(pid, cgroup) {
    this.#pid = pid;
    this.#cgroup = cgroup;
    this.#timer = setInterval(() => this.#sample(), intervalMs);
    this.#sample();
  }

  stop() {
    clearInterval(this.#timer);
  }

  /** Sum of the peaks of all processes: at least the peak of their sum. */
  get highWaterBytes() {
    return [...this.#highWater.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  #sample() {
    let anonBytes = 0;
    let fileBytes = 0;
    for (const pid of tree(this.#pid)) {
      const status = readText(`/proc/${pid}/status`);
      const field = (name) =>
        Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1] ?? 0) * 1024;
      // Between fork and exec a child is a copy of this process.
      if (!/^Name:\tsh$/m.test(status)) {
        this.#highWater.set(pid, Math.max(this.#highWater.get(pid) ?? 0, field("VmHWM")));
      }
      anonBytes += field("RssAnon");
      fileBytes += field("RssFile") + field("RssShmem");
    }
    if (anonBytes + fileBytes === 0) return;
    const cgroupBytes = this.#cgroup === null ? null : this.#cgroup.usageBytes();
    if (cgroupBytes !== null) this.cgroupUsageBytesMax = Math.max(this.cgroupUsageBytesMax, cgroupBytes);
    const { cacheBytes, dirtyBytes } = this.#cgroup?.kinds() ?? { cacheBytes: null, dirtyBytes: null };
    const seconds = (performance.now() - this.#startedMs) / 1000;
    this.samples.push({ seconds, anonBytes, fileBytes, cgroupBytes, cacheBytes, dirtyBytes });
  }
}

function tree(root) {
  const found = [root];
  for (const pid of found) {
    for (const task of listed(`/proc/${pid}/task`)) {
      const children = readText(`/proc/${pid}/task/${task}/children`).trim();
      if (children !== "") found.push(...children.split(" ").map(Number));
    }
  }
  return found;
}

/** A process may end between being listed and being read. */
function listed(path) {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
