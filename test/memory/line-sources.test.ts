import fc from "fast-check";
import { expect, test } from "vitest";
import { formatBytes, GiB, KiB, MiB } from "../../src/kernel/index.js";
import { divideLine, parseLineRequest, resolveLine } from "../../src/memory/index.js";
import { fakeSystem, meminfo, mountLine } from "./fake-system.js";
import { systems } from "./systems.js";

function lineIn(files: Record<string, string>, request = "auto", requestSource?: string) {
  using system = fakeSystem(files);
  const line = resolveLine(request, { root: system.root, ...(requestSource ? { requestSource } : {}) });
  return { ...line, root: system.root };
}

test.each(systems)("$name", ({ files, limitMiB, source, watched }) => {
  const auto = lineIn(files);
  expect(auto.source).toBe(source);
  expect(auto.cgroup?.path ?? null).toBe(watched === null ? null : auto.root + watched);
  const whole = lineIn(files, "100%");
  const cut = lineIn(files, "1024GiB");
  if (limitMiB === null) {
    expect(auto.bytes).toBe(Math.floor(8 * GiB * 0.6));
    expect(auto.decidedBy).toMatchObject({ name: "machine MemAvailable" });
    expect(whole).toMatchObject({ bytes: 16 * GiB, decidedBy: { name: "machine MemTotal" } });
    expect(cut.bytes).toBe(16 * GiB);
    return;
  }
  expect(auto.bytes).toBe(Math.floor(limitMiB * MiB * 0.9));
  expect(auto.origin?.text).toBe(`90% of ${formatBytes(limitMiB * MiB)}`);
  expect(auto.decidedBy).toMatchObject({ bytes: limitMiB * MiB, counted: true });
  expect(auto.limits).toContain(auto.decidedBy);
  expect(whole.bytes).toBe(limitMiB * MiB);
  expect(cut).toMatchObject({ bytes: limitMiB * MiB, source });
  expect(cut.cut).toBe(`--memory asks for 1 TiB, ${source} allows ${formatBytes(limitMiB * MiB)}`);
});

test("a mark on reclaim is shown and does not count", () => {
  const { files } = systems.find(({ name }) => name.includes("reclaim"))!;
  const high = lineIn(files).limits.find(({ name }) => name === "cgroup v2 memory.high");
  expect(high).toMatchObject({ bytes: 0, counted: false, note: "0 asks for reclaim" });
});

const limited = (bytes: number) => ({
  "/proc/meminfo": meminfo,
  "/proc/self/cgroup": "0::/app\n",
  "/proc/self/mountinfo": mountLine("cgroup2", "/", "/sys/fs/cgroup", "rw"),
  "/sys/fs/cgroup/app/memory.max": `${bytes}\n`,
});

test.each([
  // A quarter of the limit, never below 64 MiB nor above 1 GiB.
  ["25%,64MiB..1GiB", 128 * MiB, 64 * MiB, "25% of 128 MiB, raised to its floor"],
  ["25%,64MiB..1GiB", 512 * MiB, 128 * MiB, "25% of 512 MiB"],
  ["25%,64MiB..1GiB", 8 * GiB, 1 * GiB, "25% of 8 GiB, lowered to its ceiling"],
  ["25%,..1GiB", 128 * MiB, 32 * MiB, "25% of 128 MiB"],
  ["25%,64MiB..", 8 * GiB, 2 * GiB, "25% of 8 GiB"],
  ["auto,..100MiB", 512 * MiB, 100 * MiB, "90% of 512 MiB, lowered to its ceiling"],
  ["auto, 64MiB .. 1GiB", 512 * MiB, Math.floor(512 * MiB * 0.9), "90% of 512 MiB"],
  ["12.5%", 512 * MiB, 64 * MiB, "12.5% of 512 MiB"],
])("%s of %d bytes", (request, limitBytes, bytes, origin) => {
  const line = lineIn(limited(limitBytes), request, "plimsoll.yaml: memory");
  expect(line.bytes).toBe(bytes);
  expect(line.origin?.text).toBe(origin);
  const isOwn = request.startsWith("auto") && !origin.includes("to its");
  expect(line.source).toBe(isOwn ? "cgroup v2 /sys/fs/cgroup/app" : "plimsoll.yaml: memory");
  // Where a bound decided, no limit did.
  expect(line.decidedBy === null).toBe(origin.includes("to its"));
});

test("a floor above the limit is cut to it, and says so", () => {
  const line = lineIn(limited(256 * MiB), "50%,1GiB..", "PLIMSOLL_MEMORY");
  expect(line).toMatchObject({ bytes: 256 * MiB, source: "cgroup v2 /sys/fs/cgroup/app", origin: null });
  expect(line.cut).toBe("PLIMSOLL_MEMORY asks for 1 GiB, cgroup v2 /sys/fs/cgroup/app allows 256 MiB");
});

test.each([
  "60%,",
  "60%,..",
  "60%,64MiB",
  "60%,1GiB..64MiB",
  "60%,lots..",
  "60%,..50%",
  "256MiB,..1GiB",
  ",64MiB..",
  "auto,auto",
  "60%,64MiB..1GiB,",
])("%j is refused, with the name of who said it", (request) => {
  expect(() => parseLineRequest(request, "plimsoll.yaml: memory")).toThrow(
    `plimsoll.yaml: memory: "${request}" is no memory line`,
  );
});

test("bounds hold for every limit, and a line is never above the limit", () => {
  const sizes = fc.integer({ min: 1, max: 4096 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 100 }),
      fc.option(sizes),
      fc.option(sizes),
      sizes,
      (percent, floor, ceiling, limit) => {
        fc.pre(floor !== null || ceiling !== null);
        fc.pre(floor === null || ceiling === null || floor <= ceiling);
        const text = `${percent}%,${floor === null ? "" : `${floor}MiB`}..${ceiling === null ? "" : `${ceiling}MiB`}`;
        const part = Math.floor((limit * MiB * percent) / 100);
        const raised = Math.max(part, (floor ?? 0) * MiB);
        const wanted = ceiling === null ? raised : Math.min(raised, ceiling * MiB);
        expect(lineIn(limited(limit * MiB), text).bytes).toBe(Math.min(wanted, limit * MiB));
      },
    ),
    { numRuns: 60 },
  );
});

test("a percentage that is too small is refused in its own words", () => {
  const line = lineIn(limited(512 * MiB), "10%");
  const divide = () =>
    divideLine({ lineBytes: line.bytes, lineOrigin: line.origin, baselineBytes: 60 * MiB, threads: 2 });
  expect(divide).toThrow(/^A memory line of 51\.2 MiB \(10% of 512 MiB\) is too small: /);
  const [, mebibytes, percent] = /--memory (\d+)MiB \((\d+)%\)/.exec(messageOf(divide)) ?? [];
  // Both figures do, and a percent less does not.
  expect(() => lineOf(Number(mebibytes) * MiB)).not.toThrow();
  expect(() => lineOf(lineIn(limited(512 * MiB), `${percent}%`).bytes)).not.toThrow();
  expect(() => lineOf(Number(mebibytes) * MiB - 16 * MiB)).toThrow(/too small/);
  function lineOf(lineBytes: number) {
    return divideLine({ lineBytes, baselineBytes: 60 * MiB, threads: 1 });
  }
});

test("where not even the whole limit does, no percentage is named", () => {
  const line = lineIn(limited(64 * MiB), "50%");
  const message = messageOf(() =>
    divideLine({ lineBytes: line.bytes, lineOrigin: line.origin, baselineBytes: 60 * MiB, threads: 1 }),
  );
  expect(message).toMatch(/at least --memory \d+MiB, or raise the container's limit/);
  expect(line.bytes % KiB).toBe(0);
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
