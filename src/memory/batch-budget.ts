import {
  formatBytes,
  lineCgroupFraction,
  lineRoomBytesMin,
  lineRoomFraction,
  MiB,
  PlimsollError,
  parseBytes,
} from "../kernel/index.js";
import { resolveLine } from "./line.js";

export interface BatchBudgetOptions {
  /**
   * What batches may hold together, by their measured bytes: a number of bytes, or a size such as "64MiB". A
   * line for the whole process may stand here too: "60%", "auto", "60%,64MiB..1GiB".
   */
  memory?: number | string | undefined;
  /**
   * The line of the whole process, in the forms of `--memory`. Without it nine tenths of what the container
   * or the machine has; without `memory` the batches take what it leaves above what the process uses.
   */
  line?: number | string | undefined;
}

export interface BatchBudget {
  /** What batches may hold together at most. */
  bytes: number;
  /** The line under which the process is kept by smaller batches. */
  lineBytes: number;
}

/** Settles what batches may hold, in a process that already uses some memory. */
export function resolveBatchBudget(options: BatchBudgetOptions, usedBytes: number): BatchBudget {
  const ownBytes = bytesOf("memory", options.memory);
  const isLine = options.memory !== undefined && ownBytes === undefined;
  if (ownBytes !== undefined && options.line === undefined) {
    return { bytes: ownBytes, lineBytes: lineBytesOf("memory", `${lineCgroupFraction * 100}%`) };
  }
  const lines: number[] = [];
  if (isLine) lines.push(lineBytesOf("memory", options.memory!));
  if (options.line !== undefined || lines.length === 0)
    lines.push(lineBytesOf("line", options.line ?? "auto"));
  const lineBytes = Math.min(...lines);
  const roomBytes = lineBytes - usedBytes;
  if (roomBytes < lineRoomBytesMin) {
    throw new PlimsollError("LINE_TOO_SMALL", {
      line: formatBytes(lineBytes),
      why: `the process already uses ${formatBytes(usedBytes)} of it`,
      minimum: `${Math.ceil((usedBytes + lineRoomBytesMin) / MiB)}MiB`,
    });
  }
  const bytes = Math.floor(roomBytes * lineRoomFraction);
  return { bytes: Math.min(bytes, ownBytes ?? bytes), lineBytes };
}

function lineBytesOf(name: string, line: number | string): number {
  return bytesOf(name, line) ?? resolveLine(String(line), { requestSource: name }).bytes;
}

/** A plain number of bytes; undefined when it is a line to be looked up. */
function bytesOf(name: string, value: number | string | undefined): number | undefined {
  if (typeof value !== "number") return value === undefined ? undefined : parseBytes(value);
  if (Number.isFinite(value) && value >= 1) return Math.floor(value);
  throw new PlimsollError("USAGE", {
    what: `${name} is ${value}: give a number of bytes`,
    command: "memory",
  });
}
