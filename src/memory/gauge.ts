import { join } from "node:path";
import { type Clock, gaugeCgroupMs, gaugeHeapMs, systemClock } from "../kernel/index.js";
import type { CgroupLocation } from "./cgroup.js";
import { KernelFile, peakRssIn, readResident } from "./status-file.js";

export interface CgroupReading {
  usageBytes: number;
  /** Usage without the page cache that the kernel can drop at once. */
  workingSetBytes: number;
  /** Page cache that must reach the disk before it can be dropped: dirty, or on its way. */
  dirtyBytes: number;
  /** Usage without anything that the kernel can drop at once, active page cache included. */
  unreclaimableBytes: number;
}

export interface MemoryReading {
  rssBytes: number;
  /** The highest resident memory so far, as the kernel counted it. */
  peakRssBytes: number;
  anonBytes: number;
  /** Mapped file pages, those of memory file systems included. */
  fileBytes: number;
  heapBytes: number;
  externalBytes: number;
  arrayBufferBytes: number;
  cgroup: CgroupReading | null;
  /**
   * Part of the last ten seconds in which some task waited for memory, in percent; null where the kernel has
   * no PSI.
   */
  pressureSomeAvg10: number | null;
}

/** What reads memory use; the governor takes any, so that tests can play the kernel. */
export interface MemoryGauge extends Disposable {
  /**
   * The object is used again by the next call: copy what you keep. `fresh` reads the control group whatever
   * its age.
   */
  read(fresh?: boolean): MemoryReading;
  close(): void;
}

export interface GaugeOptions {
  root?: string;
  cgroup?: CgroupLocation | null;
  clock?: Clock;
}

/**
 * Reads memory use cheaply enough for every batch: the process's numbers each time (tens of microseconds),
 * those of the control group and the heap only when they are older than their limits. Without /proc it falls
 * back on Node's own.
 */
export class Gauge implements MemoryGauge {
  readonly #clock: Clock;
  readonly #status: KernelFile;
  readonly #group: GroupFiles | null;
  readonly #pressure: KernelFile;
  readonly #reading: MemoryReading = {
    rssBytes: 0,
    peakRssBytes: 0,
    anonBytes: 0,
    fileBytes: 0,
    heapBytes: 0,
    externalBytes: 0,
    arrayBufferBytes: 0,
    cgroup: null,
    pressureSomeAvg10: null,
  };
  #groupReadMs = Number.NEGATIVE_INFINITY;
  #heapReadMs = Number.NEGATIVE_INFINITY;

  constructor(options: GaugeOptions = {}) {
    const root = options.root ?? "";
    this.#clock = options.clock ?? systemClock;
    this.#status = new KernelFile(join(root, "/proc/self/status"));
    this.#group = options.cgroup ? new GroupFiles(options.cgroup) : null;
    const hasGroupPressure = options.cgroup?.version === 2;
    const pressurePath = hasGroupPressure ? join(options.cgroup!.path, "memory.pressure") : undefined;
    this.#pressure = new KernelFile(pressurePath ?? join(root, "/proc/pressure/memory"));
  }

  read(fresh = false): MemoryReading {
    const nowMs = this.#clock.nowMs();
    const reading = this.#reading;
    if (nowMs - this.#heapReadMs >= gaugeHeapMs) {
      this.#heapReadMs = nowMs;
      this.#readHeap();
    }
    if (!this.#status.refresh() || !readResident(this.#status, reading)) {
      reading.rssBytes = process.memoryUsage.rss();
      reading.peakRssBytes = Math.max(reading.rssBytes, peakRssIn(this.#status));
      reading.anonBytes = reading.rssBytes;
      reading.fileBytes = 0;
    }
    if (this.#group !== null && (fresh || nowMs - this.#groupReadMs >= gaugeCgroupMs)) {
      this.#groupReadMs = nowMs;
      reading.cgroup = this.#group.read();
    }
    return reading;
  }

  close(): void {
    this.#status[Symbol.dispose]();
    this.#group?.[Symbol.dispose]();
    this.#pressure[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readHeap(): void {
    const usage = process.memoryUsage();
    this.#reading.heapBytes = usage.heapTotal;
    this.#reading.externalBytes = usage.external;
    this.#reading.arrayBufferBytes = usage.arrayBuffers;
    if (!this.#pressure.refresh()) return;
    const some = /^some avg10=([\d.]+)/m.exec(this.#pressure.text());
    this.#reading.pressureSomeAvg10 = some ? Number(some[1]) : null;
  }
}

const groupFiles = {
  1: {
    usage: "memory.usage_in_bytes",
    inactiveFile: /^total_inactive_file (\d+)$/m,
    activeFile: /^total_active_file (\d+)$/m,
    slabReclaimable: null,
    dirty: /^total_dirty (\d+)$/m,
    writeback: /^total_writeback (\d+)$/m,
  },
  2: {
    usage: "memory.current",
    inactiveFile: /^inactive_file (\d+)$/m,
    activeFile: /^active_file (\d+)$/m,
    slabReclaimable: /^slab_reclaimable (\d+)$/m,
    dirty: /^file_dirty (\d+)$/m,
    writeback: /^file_writeback (\d+)$/m,
  },
} as const;

class GroupFiles implements Disposable {
  readonly #names: (typeof groupFiles)[1 | 2];
  readonly #usage: KernelFile;
  readonly #stat: KernelFile;
  readonly #reading: CgroupReading = {
    usageBytes: 0,
    workingSetBytes: 0,
    dirtyBytes: 0,
    unreclaimableBytes: 0,
  };

  constructor(location: CgroupLocation) {
    this.#names = groupFiles[location.version];
    this.#usage = new KernelFile(join(location.path, this.#names.usage));
    this.#stat = new KernelFile(join(location.path, "memory.stat"));
  }

  read(): CgroupReading | null {
    if (!this.#stat.refresh()) return null;
    const text = this.#stat.text();
    const reading = this.#reading;
    // The root group of version 2 has no usage file: its statistics stand alone there.
    reading.usageBytes = this.#usage.refresh() ? Number.parseInt(this.#usage.text(), 10) : 0;
    reading.workingSetBytes = Math.max(0, reading.usageBytes - numberIn(text, this.#names.inactiveFile));
    reading.dirtyBytes = numberIn(text, this.#names.dirty) + numberIn(text, this.#names.writeback);
    const droppable = numberIn(text, this.#names.activeFile) + numberIn(text, this.#names.slabReclaimable);
    // Dirty pages stand in the lists of file pages too, and cannot be dropped.
    reading.unreclaimableBytes = Math.max(0, reading.workingSetBytes - droppable + reading.dirtyBytes);
    return reading;
  }

  [Symbol.dispose](): void {
    this.#usage[Symbol.dispose]();
    this.#stat[Symbol.dispose]();
  }
}

function numberIn(text: string, pattern: RegExp | null): number {
  return Number(pattern?.exec(text)?.[1] ?? 0);
}
