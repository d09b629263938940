import { totalmem } from "node:os";
import {
  formatBytes,
  limitBytesUnlimited,
  lineCgroupFraction,
  lineMachineFraction,
  PlimsollError,
  parseSize,
} from "../kernel/index.js";
import { type CgroupLocation, readCgroupLimits, readText, type SeenLimit, smallest } from "./cgroup.js";

/** The memory line and where it came from. */
export interface ResolvedLine {
  bytes: number;
  /**
   * What decided, for the report: "--memory", "PLIMSOLL_MEMORY", "cgroup v2 /sys/fs/cgroup/app", "machine".
   */
  source: string;
  limits: SeenLimit[];
  cgroup: CgroupLocation | null;
  /** A sentence when more was asked for than there is. */
  cut: string | null;
}

export interface ResolveLineOptions {
  /** Stands before /proc and /sys: for tests, and for looking at another container's tree. */
  root?: string;
  /** Who asked: shown as the source of an explicit line. */
  requestSource?: string;
}

interface Machine {
  totalBytes: number;
  availableBytes: number;
  limits: SeenLimit[];
}

/** The smallest limit that binds, with the words for it. */
interface Binding {
  bytes: number;
  source: string;
}

/**
 * Settles the line for a request: "256MiB", "60%" or "auto". A percentage is of the smallest limit (or of the
 * machine); `auto` stays a little under a container's limit and well under a machine's, because a machine has
 * other users.
 */
export function resolveLine(request: string, options: ResolveLineOptions = {}): ResolvedLine {
  const root = options.root ?? "";
  const { limits: groupLimits, location } = readCgroupLimits(root);
  const machine = readMachine(root);
  const ulimits = readUlimits(root);
  const limits = [...groupLimits, ...ulimits, ...machine.limits];
  const binding = bindingOf([...groupLimits, ...ulimits], machine);
  const decided = decide(request.trim(), options.requestSource ?? "--memory", binding, machine);
  return { ...decided, limits, cgroup: location };
}

function decide(
  request: string,
  requestSource: string,
  binding: Binding | undefined,
  machine: Machine,
): Pick<ResolvedLine, "bytes" | "source" | "cut"> {
  if (request.toLowerCase() === "auto" || request === "") return automaticLine(binding, machine);
  const size = parseSize(request);
  if (size === undefined) {
    throw new PlimsollError("USAGE", {
      what: `"${request}" is no memory line: write a size such as 256MiB, a percentage such as 60%, or auto`,
      command: "memory",
    });
  }
  const most = binding ?? { bytes: machine.totalBytes, source: "machine" };
  if (size.kind === "percent") {
    return { bytes: Math.floor(most.bytes * size.fraction), source: requestSource, cut: null };
  }
  if (size.bytes <= most.bytes) return { bytes: size.bytes, source: requestSource, cut: null };
  const allowed = `${most.source} allows ${formatBytes(most.bytes)}`;
  const cut = `${requestSource} asks for ${formatBytes(size.bytes)}, ${allowed}`;
  return { bytes: most.bytes, source: most.source, cut };
}

function automaticLine(
  binding: Binding | undefined,
  machine: Machine,
): Pick<ResolvedLine, "bytes" | "source" | "cut"> {
  const free = Math.floor(machine.availableBytes * lineMachineFraction);
  const bound = binding && Math.floor(binding.bytes * lineCgroupFraction);
  if (binding !== undefined && bound !== undefined && bound < machine.availableBytes) {
    return { bytes: bound, source: binding.source, cut: null };
  }
  return { bytes: free, source: "machine", cut: null };
}

/** The smallest counted limit below the machine's memory; a larger one binds nothing. */
function bindingOf(limits: readonly SeenLimit[], machine: Machine): Binding | undefined {
  const bytes = smallest(limits);
  if (bytes === null || bytes >= machine.totalBytes) return undefined;
  const limit = limits.find((candidate) => candidate.counted && candidate.bytes === bytes)!;
  const version = /^cgroup v\d/.exec(limit.name)?.[0];
  const folder = limit.path.slice(0, limit.path.lastIndexOf("/"));
  return { bytes, source: version === undefined ? limit.name : `${version} ${folder}` };
}

function readMachine(root: string): Machine {
  const path = "/proc/meminfo";
  const text = readText(root, path);
  const totalBytes = meminfoBytes(text, "MemTotal") ?? totalmem();
  const availableBytes = meminfoBytes(text, "MemAvailable") ?? totalBytes;
  const limits: SeenLimit[] = [
    { name: "machine MemTotal", bytes: totalBytes, path, counted: false, note: "bounds an explicit line" },
    {
      name: "machine MemAvailable",
      bytes: availableBytes,
      path,
      counted: false,
      note: `auto takes ${lineMachineFraction * 100}% of it without a limit: others use the machine too`,
    },
  ];
  return { totalBytes, availableBytes, limits: text === undefined ? limits.slice(0, 1) : limits };
}

function meminfoBytes(text: string | undefined, name: string): number | undefined {
  const match = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text ?? "");
  return match ? Number(match[1]) * 1024 : undefined;
}

function readUlimits(root: string): SeenLimit[] {
  const path = "/proc/self/limits";
  const text = readText(root, path) ?? "";
  const limits: SeenLimit[] = [];
  const add = (label: string, name: string, counted: boolean, note: string) => {
    const match = new RegExp(`^${label}\\s+(\\S+)\\s`, "m").exec(text);
    if (!match) return;
    const bytes = match[1] === "unlimited" ? null : Number(match[1]);
    if (Number.isNaN(bytes)) return;
    const bounded = bytes === null || bytes >= limitBytesUnlimited ? null : bytes;
    limits.push({ name, bytes: bounded, path, counted, note });
  };
  add("Max data size", "ulimit -d", true, "private memory of the process");
  add("Max address space", "ulimit -v", false, "address space: V8 reserves far more than it uses");
  return limits;
}
