import { pressureDwellMs, pressureDwellMsMax, pressureRelapseMs } from "../kernel/index.js";
import type { MemoryReading } from "./gauge.js";
import type { Ledger } from "./leases.js";
import type { ShareTable } from "./share-table.js";
import type { ShareName } from "./shares.js";

/** Leases that the gauge sees as file pages or page cache, and so are not added to anonymous memory again. */
const sharesSeenAsFile: readonly ShareName[] = ["mappedPages", "writeback"];

export interface PressureOptions {
  table: ShareTable;
  /** The limit of the control group; null when it has none. */
  groupLimitBytes: number | null;
  /** The first reading, before anything was leased. */
  start: MemoryReading;
}

/** Where memory stands, or is about to stand, against the line and against the limit of the control group. */
export class Pressure {
  readonly #table: ShareTable;
  readonly #groupLimitBytes: number | null;
  readonly #baselineAnonBytes: number;
  readonly #baselineHeapBytes: number;

  constructor(options: PressureOptions) {
    this.#table = options.table;
    this.#groupLimitBytes = options.groupLimitBytes;
    this.#baselineAnonBytes = Math.min(options.start.anonBytes, options.table.baselineBytes);
    this.#baselineHeapBytes = options.start.heapBytes;
  }

  /** Pressure begins above the high mark and ends below the low one; all of them lie inside the reserve. */
  get marks(): { lowBytes: number; highBytes: number; throttleBytes: number } {
    const { lineBytes, shares } = this.#table;
    const reserve = shares.reserve.bytes;
    return {
      lowBytes: lineBytes - reserve * 0.75,
      highBytes: lineBytes - reserve * 0.5,
      throttleBytes: lineBytes - reserve * 0.25,
    };
  }

  /**
   * Bytes in use on the scale of the line: what is nearer to its bound counts, this process to the line or
   * its control group, other processes included, to its limit.
   */
  usedBytes(reading: MemoryReading, ledger: Ledger): number {
    const promised = this.#promisedBytes(reading, ledger);
    const own = Math.max(reading.anonBytes, promised) + reading.fileBytes + this.boundDirtyBytes(reading);
    if (this.#groupLimitBytes === null || reading.cgroup === null) return own;
    const untouched = Math.max(0, promised - reading.anonBytes);
    const headroom = this.#groupLimitBytes - (reading.cgroup.unreclaimableBytes + untouched);
    return Math.max(own, this.#table.lineBytes - headroom);
  }

  /**
   * Dirty page cache counts only inside a limited group: there it can kill, elsewhere the machine looks after
   * it.
   */
  boundDirtyBytes(reading: MemoryReading): number {
    return this.#groupLimitBytes === null ? 0 : (reading.cgroup?.dirtyBytes ?? 0);
  }

  /**
   * What is leased will be touched even if it is not yet, what was freed may still be resident and is used
   * again: so anonymous memory is the larger of what is there and what is promised.
   */
  #promisedBytes(reading: MemoryReading, ledger: Ledger): number {
    const heapGrowth = Math.max(0, reading.heapBytes - this.#baselineHeapBytes);
    const seenAsFile = sharesSeenAsFile.reduce((sum, name) => sum + ledger.usedBytes(name), 0);
    return this.#baselineAnonBytes + ledger.totalBytes() - seenAsFile + heapGrowth;
  }
}

/**
 * Whether the governor saves memory. It begins at once; it ends below the low mark, and when it had to begin
 * again soon after it ended, only after a calm that doubles each time: a load that swings across both marks
 * must not open and shut the door with every swing.
 */
export class PressureMode {
  isPressed = false;
  changes = 0;
  #dwellMs = 0;
  #calmSinceMs: number | null = null;
  #endedMs = Number.NEGATIVE_INFINITY;

  /** True when the mode has changed. */
  judge(usedBytes: number, marks: { lowBytes: number; highBytes: number }, nowMs: number): boolean {
    return this.isPressed
      ? this.#mayEnd(usedBytes <= marks.lowBytes, nowMs)
      : this.#mayBegin(usedBytes > marks.highBytes, nowMs);
  }

  #mayBegin(isHigh: boolean, nowMs: number): boolean {
    if (!isHigh) return false;
    const isRelapse = nowMs - this.#endedMs < pressureRelapseMs + this.#dwellMs;
    this.#dwellMs = isRelapse
      ? Math.min(pressureDwellMsMax, Math.max(pressureDwellMs, this.#dwellMs * 2))
      : 0;
    this.#calmSinceMs = null;
    return this.#turn(true);
  }

  #mayEnd(isLow: boolean, nowMs: number): boolean {
    if (!isLow) {
      this.#calmSinceMs = null;
      return false;
    }
    this.#calmSinceMs ??= nowMs;
    if (nowMs - this.#calmSinceMs < this.#dwellMs) return false;
    this.#endedMs = nowMs;
    return this.#turn(false);
  }

  #turn(isPressed: boolean): boolean {
    this.isPressed = isPressed;
    this.changes++;
    return true;
  }
}
