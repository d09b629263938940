import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { MemoryGauge, MemoryReading } from "../../src/memory/index.js";

/** A root folder with just the files of /proc and /sys that a test names. */
export function fakeSystem(files: Record<string, string>): { root: string; [Symbol.dispose](): void } {
  const root = mkdtempSync(join(tmpdir(), "plimsoll-system-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return { root, [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }) };
}

/** 16 GiB, half of them available. */
export const meminfo = "MemTotal:       16777216 kB\nMemFree:  1 kB\nMemAvailable:   8388608 kB\n";

export const v1Unlimited = "9223372036854771712\n";

export function mountLine(
  type: "cgroup" | "cgroup2",
  mountRoot: string,
  mountPoint: string,
  options: string,
): string {
  return `35 31 0:32 ${mountRoot} ${mountPoint} rw,relatime shared:9 - ${type} cgroup ${options}\n`;
}

/** A gauge whose numbers the test sets. */
export class FakeGauge implements MemoryGauge {
  reading: MemoryReading = {
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
  reads = 0;
  closed = false;

  read(): MemoryReading {
    this.reads++;
    return this.reading;
  }

  close(): void {
    this.closed = true;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Time that passes only when somebody sleeps or the test says so. */
export class FakeClock {
  ms = 0;
  slept: number[] = [];
  nowMs = () => this.ms;
  wallMs = () => this.ms;
  sleep = async (ms: number) => {
    this.slept.push(ms);
    this.ms += ms;
  };
}
