import { totalmem } from "node:os";
import {
  formatBytes,
  limitBytesUnlimited,
  lineCgroupFraction,
  lineMachineFraction,
} from "../kernel/index.js";
import { type CgroupLocation, readCgroupLimits, readText, type SeenLimit, tightest } from "./cgroup.js";
import { type LineBounds, type LineRequest, parseLineRequest } from "./line-request.js";

/** The memory line and where it came from. */
export interface ResolvedLine {
  bytes: number;
  /**
   * What decided, for the report: "--memory", "PLIMSOLL_MEMORY", "plimsoll.yaml: memory", "cgroup v2
   * /sys/fs/cgroup/app", "machine".
   */
  source: string;
  /** How the bytes came about when nobody named them: "60% of 512 MiB". */
  origin: LineOrigin | null;
  limits: SeenLimit[];
  /** The limit that decided, or that a percentage is of; null when the request names the bytes. */
  decidedBy: SeenLimit | null;
  cgroup: CgroupLocation | null;
  /** A sentence when more was asked for than there is. */
  cut: string | null;
}

export interface LineOrigin {
  text: string;
  /** What a percentage was taken of. */
  ofBytes: number;
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
  total: SeenLimit;
  available: SeenLimit | null;
}

/** The most that a line can be, with the words for it. */
interface Binding {
  bytes: number;
  source: string;
  limit: SeenLimit;
}

type Decision = Pick<ResolvedLine, "bytes" | "source" | "origin" | "decidedBy" | "cut">;

/**
 * Settles the line for a request (see `parseLineRequest`). A percentage is of the smallest limit, or of the
 * machine; `auto` stays a little under a container's limit and well under a machine's, because a machine has
 * other users. No line is above the smallest limit.
 */
export function resolveLine(request: string, options: ResolveLineOptions = {}): ResolvedLine {
  const root = options.root ?? "";
  const requestSource = options.requestSource ?? "--memory";
  const wanted = parseLineRequest(request, requestSource);
  const { limits: groupLimits, location } = readCgroupLimits(root);
  const machine = readMachine(root);
  const counted = [...groupLimits, ...readUlimits(root)];
  const shown = machine.available === null ? [machine.total] : [machine.total, machine.available];
  const decision = decide(wanted, requestSource, bindingOf(counted, machine), machine);
  return { ...decision, limits: [...counted, ...shown], cgroup: location };
}

function decide(
  request: LineRequest,
  requestSource: string,
  binding: Binding | undefined,
  machine: Machine,
): Decision {
  const most = binding ?? { bytes: machine.totalBytes, source: "machine", limit: machine.total };
  if (request.kind === "bytes") {
    const decision = { bytes: request.bytes, source: requestSource, origin: null, decidedBy: null };
    return cutTo(most, { ...decision, cut: null }, requestSource);
  }
  const part =
    request.kind === "auto" ? automaticPart(binding, machine) : percentPart(request.fraction, most);
  const { bytes, word } = clamp(part.bytes, request.bounds);
  // Where a bound decides, the request names the bytes.
  const isPart = word === "";
  const decision: Decision = {
    bytes,
    source: isPart && request.kind === "auto" ? part.source : requestSource,
    origin: { text: `${part.text}${word}`, ofBytes: most.bytes },
    decidedBy: isPart ? part.limit : null,
    cut: null,
  };
  return cutTo(most, decision, requestSource);
}

/** More than the smallest limit cannot be had, whoever asks. */
function cutTo(most: Binding, decision: Decision, requestSource: string): Decision {
  if (decision.bytes <= most.bytes) return decision;
  const asked = `${requestSource} asks for ${formatBytes(decision.bytes)}`;
  const cut = `${asked}, ${most.source} allows ${formatBytes(most.bytes)}`;
  return { bytes: most.bytes, source: most.source, origin: null, decidedBy: most.limit, cut };
}

/** A part of a limit, with the words for it. */
interface Part extends Binding {
  text: string;
}

function percentPart(fraction: number, most: Binding): Part {
  return {
    ...most,
    bytes: Math.floor(most.bytes * fraction),
    text: `${percent(fraction)} of ${formatBytes(most.bytes)}`,
  };
}

function automaticPart(binding: Binding | undefined, machine: Machine): Part {
  if (binding !== undefined) {
    const part = percentPart(lineCgroupFraction, binding);
    if (part.bytes < machine.availableBytes) return part;
  }
  const limit = machine.available ?? machine.total;
  const part = percentPart(lineMachineFraction, { bytes: machine.availableBytes, source: "machine", limit });
  return { ...part, text: `${part.text} available` };
}

function clamp(bytes: number, bounds: LineBounds): { bytes: number; word: string } {
  const { floorBytes, ceilingBytes } = bounds;
  if (bytes < floorBytes) return { bytes: floorBytes, word: `, raised to its floor` };
  if (bytes > ceilingBytes) return { bytes: ceilingBytes, word: `, lowered to its ceiling` };
  return { bytes, word: "" };
}

function percent(fraction: number): string {
  return `${Number((fraction * 100).toFixed(2))}%`;
}

/** The smallest counted limit, unless the machine has less memory than that. */
function bindingOf(limits: readonly SeenLimit[], machine: Machine): Binding | undefined {
  const limit = tightest(limits);
  if (limit === null || limit.bytes > machine.totalBytes) return undefined;
  const version = /^cgroup v\d/.exec(limit.name)?.[0];
  const folder = limit.path.slice(0, limit.path.lastIndexOf("/"));
  const source = version === undefined ? limit.name : `${version} ${folder}`;
  return { bytes: limit.bytes, source, limit };
}

function readMachine(root: string): Machine {
  const path = "/proc/meminfo";
  const text = readText(root, path);
  const totalBytes = meminfoBytes(text, "MemTotal") ?? totalmem();
  const availableBytes = meminfoBytes(text, "MemAvailable") ?? totalBytes;
  const seen = (name: string, bytes: number, note: string): SeenLimit => ({
    name,
    bytes,
    path,
    counted: false,
    note,
  });
  const part = `auto takes ${percent(lineMachineFraction)} of it without a limit: others use the machine too`;
  return {
    totalBytes,
    availableBytes,
    total: seen("machine MemTotal", totalBytes, "bounds an explicit line"),
    available: text === undefined ? null : seen("machine MemAvailable", availableBytes, part),
  };
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
