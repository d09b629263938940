import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MiB } from "../../src/kernel/index.js";
import { Gauge, peakRssBytes } from "../../src/memory/index.js";
import { FakeClock, fakeSystem } from "./fake-system.js";

test.skipIf(!existsSync("/proc/self/status"))("the gauge agrees with /proc/self/status", () => {
  using gauge = new Gauge();
  const { rssBytes, anonBytes, fileBytes, peakRssBytes, heapBytes } = gauge.read();
  const status = readFileSync("/proc/self/status", "utf8");
  const bytesOf = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)![1]) * 1024;
  expect(Math.abs(rssBytes - bytesOf("VmRSS"))).toBeLessThan(8 * MiB);
  expect(Math.abs(anonBytes - bytesOf("RssAnon"))).toBeLessThan(8 * MiB);
  expect(Math.abs(fileBytes - bytesOf("RssFile") - bytesOf("RssShmem"))).toBeLessThan(8 * MiB);
  expect(bytesOf("VmHWM") - peakRssBytes).toBeLessThan(8 * MiB);
  expect(peakRssBytes).toBeGreaterThanOrEqual(rssBytes - MiB);
  expect(heapBytes).toBeGreaterThan(MiB);
  const before = gauge.read().anonBytes;
  const block = Buffer.alloc(32 * MiB, 1);
  expect(gauge.read().anonBytes - before).toBeGreaterThan(24 * MiB);
  expect(block[0]).toBe(1);
});

const status =
  "Name:\tnode\nVmPeak:\t  999999 kB\nVmHWM:\t  4000 kB\nVmRSS:\t  3000 kB\n" +
  "RssAnon:\t  1000 kB\nRssFile:\t  1500 kB\nRssShmem:\t  500 kB\nVmData:\t 7 kB\n";

test("memory file systems count as file pages; groups of both versions are read", () => {
  using system = fakeSystem({
    "/proc/self/status": status,
    "/two/memory.current": "5000\n",
    "/two/memory.stat": "anon 1\nfile 2\nfile_dirty 30\nfile_writeback 4\ninactive_file 1000\n",
    "/two/memory.pressure": "some avg10=1.50 avg60=0.00 avg300=0.00 total=9\nfull avg10=0.00\n",
    "/one/memory.usage_in_bytes": "7000\n",
    "/one/memory.stat":
      "dirty 1\nwriteback 1\ninactive_file 1\ntotal_inactive_file 600\ntotal_active_file 500\ntotal_dirty 20\ntotal_writeback 3\n",
  });
  const two = { version: 2 as const, path: join(system.root, "two"), limitBytes: 1 };
  using gaugeTwo = new Gauge({ root: system.root, cgroup: two });
  expect(gaugeTwo.read()).toMatchObject({
    rssBytes: 3000 * 1024,
    peakRssBytes: 4000 * 1024,
    anonBytes: 1000 * 1024,
    fileBytes: 2000 * 1024,
    cgroup: { usageBytes: 5000, workingSetBytes: 4000, dirtyBytes: 34 },
    pressureSomeAvg10: 1.5,
  });
  using gaugeOne = new Gauge({
    root: system.root,
    cgroup: { ...two, version: 1, path: join(system.root, "one") },
  });
  expect(gaugeOne.read().cgroup).toEqual({
    usageBytes: 7000,
    workingSetBytes: 6400,
    dirtyBytes: 23,
    unreclaimableBytes: 5923,
  });
  expect(gaugeOne.read().pressureSomeAvg10).toBeNull();
});

test("the group is read again only when its numbers are old, or when asked to", () => {
  const path = "/group/memory.stat";
  using system = fakeSystem({ "/proc/self/status": status, [path]: "file_dirty 1\nfile_writeback 0\n" });
  const clock = new FakeClock();
  const cgroup = { version: 2 as const, path: join(system.root, "group"), limitBytes: 1 };
  using gauge = new Gauge({ root: system.root, cgroup, clock });
  expect(gauge.read().cgroup?.dirtyBytes).toBe(1);
  using _changed = fakeFile(join(system.root, path), "file_dirty 9\nfile_writeback 0\n");
  clock.ms += 5;
  expect(gauge.read().cgroup?.dirtyBytes).toBe(1);
  expect(gauge.read(true).cgroup?.dirtyBytes).toBe(9);
});

test("without /proc the numbers come from Node.js", () => {
  using system = fakeSystem({});
  using gauge = new Gauge({ root: system.root });
  const reading = gauge.read();
  expect(reading.rssBytes).toBeGreaterThan(10 * MiB);
  expect(reading.anonBytes).toBe(reading.rssBytes);
  expect(reading.peakRssBytes).toBeGreaterThanOrEqual(reading.rssBytes);
});

test("the peak is the kernel's, also where other lines are missing", () => {
  using system = fakeSystem({ "/proc/self/status": "Name:\tnode\nVmHWM:\t  4000 kB\n" });
  expect(peakRssBytes(system.root)).toBe(4000 * 1024);
  using gauge = new Gauge({ root: system.root });
  const { peakRssBytes: peak, rssBytes } = gauge.read();
  expect(peak).toBe(rssBytes);
  using none = fakeSystem({});
  expect(peakRssBytes(none.root)).toBeGreaterThan(10 * MiB);
});

test.skipIf(!existsSync("/proc/self/status"))(
  "the peak of the process that started this one is not its own",
  () => {
    const parentBytes = 256 * MiB;
    const block = Buffer.alloc(parentBytes, 1);
    const door = new URL("../../dist/memory/index.js", import.meta.url).href;
    const script = `import { peakRssBytes } from ${JSON.stringify(door)}; console.log(peakRssBytes());`;
    const peak = Number(
      execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }),
    );
    expect(block[0]).toBe(1);
    expect(peak).toBeGreaterThan(10 * MiB);
    expect(peak).toBeLessThan(parentBytes);
  },
);

function fakeFile(path: string, text: string): Disposable {
  const before = readFileSync(path, "utf8");
  writeFileSync(path, text);
  return { [Symbol.dispose]: () => writeFileSync(path, before) };
}
