import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { gaugeFileBytesMax } from "../kernel/index.js";

const newline = 10;
const letterV = 86;
const letterR = 82;

/** What /proc/self/status says of resident memory, in bytes. */
export interface ResidentBytes {
  rssBytes: number;
  peakRssBytes: number;
  anonBytes: number;
  fileBytes: number;
}

/** A small kernel file that is read again and again: one descriptor, one buffer, no garbage. */
export class KernelFile implements Disposable {
  readonly buffer = Buffer.allocUnsafe(gaugeFileBytesMax);
  length = 0;
  #descriptor: number | undefined;

  constructor(path: string) {
    try {
      this.#descriptor = openSync(path, "r");
    } catch {
      this.#descriptor = undefined;
    }
  }

  /** Reads the file afresh; false when it is missing or has gone (its group was removed). */
  refresh(): boolean {
    if (this.#descriptor === undefined) return false;
    try {
      this.length = readSync(this.#descriptor, this.buffer, 0, this.buffer.length, 0);
      return this.length > 0;
    } catch {
      return false;
    }
  }

  text(): string {
    return this.buffer.toString("latin1", 0, this.length);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

/**
 * Finds the five lines of a status file without making strings of the other sixty. False when they are not
 * there.
 */
export function readResident(file: KernelFile, target: ResidentBytes): boolean {
  const { buffer, length } = file;
  let shmemBytes = 0;
  let found = 0;
  for (let start = 0; start < length && found < 5; ) {
    const first = buffer[start];
    if (
      (first === letterV && buffer[start + 1] === 109) ||
      (first === letterR && buffer[start + 1] === 115)
    ) {
      found++;
      const bytes = () => numberAt(buffer, start + 6, length) * 1024;
      if (startsWith(buffer, start, "VmHWM:")) target.peakRssBytes = bytes();
      else if (startsWith(buffer, start, "VmRSS:")) target.rssBytes = bytes();
      else if (startsWith(buffer, start, "RssAnon:")) target.anonBytes = bytes();
      else if (startsWith(buffer, start, "RssFile:")) target.fileBytes = bytes();
      else if (startsWith(buffer, start, "RssShmem:")) shmemBytes = bytes();
      else found--;
    }
    const end = buffer.indexOf(newline, start);
    start = end < 0 ? length : end + 1;
  }
  target.fileBytes += shmemBytes;
  return found === 5;
}

/** The highest resident memory of this process so far. */
export function peakRssBytes(root = ""): number {
  using status = new KernelFile(join(root, "/proc/self/status"));
  status.refresh();
  return peakRssIn(status);
}

/**
 * The peak that a status file tells. Where there is none, Node's own: on Linux that one would be wrong, since
 * a process begins with the peak of the one that started it.
 */
export function peakRssIn(status: KernelFile): number {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(status.text());
  return (peak === null ? process.resourceUsage().maxRSS : Number(peak[1])) * 1024;
}

function startsWith(buffer: Buffer, offset: number, label: string): boolean {
  for (let index = 0; index < label.length; index++) {
    if (buffer[offset + index] !== label.charCodeAt(index)) return false;
  }
  return true;
}

/** The first number at or after an offset, up to the end of its line. */
function numberAt(buffer: Buffer, offset: number, length: number): number {
  let value = 0;
  let seen = false;
  for (let index = offset; index < length && buffer[index] !== newline; index++) {
    const digit = buffer[index]! - 48;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      seen = true;
    } else if (seen) break;
  }
  return value;
}
