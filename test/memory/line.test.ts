import { expect, test } from "vitest";
import { GiB, MiB } from "../../src/kernel/index.js";
import { resolveLine } from "../../src/memory/index.js";
import { fakeSystem, meminfo, mountLine, v1Unlimited } from "./fake-system.js";

const v2Mount = mountLine("cgroup2", "/", "/sys/fs/cgroup", "rw");
const v1Mount = mountLine("cgroup", "/", "/sys/fs/cgroup/memory", "rw,memory");
const MB = (count: number) => `${count * MiB}\n`;

function lineIn(files: Record<string, string>, request = "auto", requestSource = "--memory") {
  const system = fakeSystem({ "/proc/meminfo": meminfo, ...files });
  try {
    return resolveLine(request, { root: system.root, requestSource });
  } finally {
    system[Symbol.dispose]();
  }
}

test("version 2: auto is nine tenths of memory.max", () => {
  const line = lineIn({
    "/proc/self/cgroup": "0::/app\n",
    "/proc/self/mountinfo": v2Mount,
    "/sys/fs/cgroup/app/memory.max": MB(200),
    "/sys/fs/cgroup/app/memory.high": "max\n",
  });
  expect(line.bytes).toBe(180 * MiB);
  expect(line.source).toBe("cgroup v2 /sys/fs/cgroup/app");
  expect(line.cgroup).toMatchObject({ version: 2, limitBytes: 200 * MiB });
  expect(line.limits.find((limit) => limit.name === "cgroup v2 memory.high")?.bytes).toBeNull();
});

test("version 2: memory.high binds when it is below memory.max", () => {
  const line = lineIn({
    "/proc/self/cgroup": "0::/app\n",
    "/proc/self/mountinfo": v2Mount,
    "/sys/fs/cgroup/app/memory.max": MB(400),
    "/sys/fs/cgroup/app/memory.high": MB(100),
  });
  expect(line.bytes).toBe(90 * MiB);
});

test("an ancestor's smaller limit binds, and its group is the one that is watched", () => {
  const line = lineIn({
    "/proc/self/cgroup": "0::/pod/one/leaf\n",
    "/proc/self/mountinfo": v2Mount,
    "/sys/fs/cgroup/pod/memory.max": MB(100),
    "/sys/fs/cgroup/pod/one/memory.max": "max\n",
    "/sys/fs/cgroup/pod/one/leaf/memory.max": MB(500),
  });
  expect(line.bytes).toBe(90 * MiB);
  expect(line.source).toBe("cgroup v2 /sys/fs/cgroup/pod");
  expect(line.cgroup?.path).toMatch(/\/sys\/fs\/cgroup\/pod$/);
});

test("version 1: limits of the tree, unlimited as a number near 2^63", () => {
  const line = lineIn({
    "/proc/self/cgroup": "5:cpu:/\n4:memory:/a/b\n1:name=systemd:/x\n",
    "/proc/self/mountinfo": mountLine("cgroup", "/", "/sys/fs/cgroup/cpu", "rw,cpu") + v1Mount,
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": v1Unlimited,
    "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": MB(300),
    "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes": v1Unlimited,
    "/sys/fs/cgroup/memory/a/b/memory.stat": `cache 1\nhierarchical_memory_limit ${300 * MiB}\n`,
  });
  expect(line.bytes).toBe(270 * MiB);
  expect(line.limits.filter((limit) => limit.name.startsWith("cgroup")).map((limit) => limit.bytes)).toEqual([
    null,
    300 * MiB,
    300 * MiB,
    null,
  ]);
});

test("version 1: a limit above the mount shows in hierarchical_memory_limit only", () => {
  const line = lineIn({
    "/proc/self/cgroup": "4:memory:/docker/abc\n",
    "/proc/self/mountinfo": mountLine("cgroup", "/docker/abc", "/sys/fs/cgroup/memory", "ro,memory"),
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": v1Unlimited,
    "/sys/fs/cgroup/memory/memory.stat": `hierarchical_memory_limit ${256 * MiB}\n`,
  });
  expect(line.bytes).toBe(Math.floor(256 * MiB * 0.9));
  expect(line.source).toBe("cgroup v1 /sys/fs/cgroup/memory");
});

test("a container's bind mount: the group's path is taken below the mount's root", () => {
  const line = lineIn({
    "/proc/self/cgroup": "0::/kubepods/pod1/c1/sub\n",
    "/proc/self/mountinfo": mountLine("cgroup2", "/kubepods/pod1/c1", "/sys/fs/cgroup", "rw"),
    "/sys/fs/cgroup/memory.max": MB(512),
    "/sys/fs/cgroup/sub/memory.max": MB(128),
  });
  expect(line.cgroup?.limitBytes).toBe(128 * MiB);
  expect(line.limits.filter((limit) => limit.counted && limit.bytes !== null)).toHaveLength(2);
});

test("a namespace that shows the own group as the root", () => {
  const line = lineIn({
    "/proc/self/cgroup": "0::/\n",
    "/proc/self/mountinfo": v2Mount,
    "/sys/fs/cgroup/memory.max": MB(64),
  });
  expect(line.cgroup?.limitBytes).toBe(64 * MiB);
});

test("a namespace entered after the mount: the own group is found by its members", () => {
  const line = lineIn({
    "/proc/self/status": "Name:\tnode\nPid:\t42\n",
    "/proc/self/cgroup": "0::/\n",
    "/proc/self/mountinfo": mountLine("cgroup2", "/../..", "/sys/fs/cgroup", "rw"),
    "/sys/fs/cgroup/other/memory.max": MB(10),
    "/sys/fs/cgroup/other/cgroup.procs": "7\n",
    "/sys/fs/cgroup/a/b/memory.max": MB(100),
    "/sys/fs/cgroup/a/b/cgroup.procs": "41\n42\n",
    "/sys/fs/cgroup/a/memory.max": MB(80),
  });
  expect(line.bytes).toBe(72 * MiB);
});

test("both versions mounted: memory is where version 1 has it", () => {
  const line = lineIn({
    "/proc/self/cgroup": "4:memory:/box\n0::/\n",
    "/proc/self/mountinfo": v1Mount + mountLine("cgroup2", "/", "/sys/fs/cgroup/unified", "rw"),
    "/sys/fs/cgroup/memory/box/memory.limit_in_bytes": MB(150),
    "/sys/fs/cgroup/unified/cgroup.procs": "1\n",
  });
  expect(line.bytes).toBe(135 * MiB);
  expect(line.cgroup).toMatchObject({ version: 1, limitBytes: 150 * MiB });
});

test("a mount point with a blank in its name", () => {
  const line = lineIn({
    "/proc/self/cgroup": "0::/app\n",
    "/proc/self/mountinfo": mountLine("cgroup2", "/", "/sys/fs/c\\040group", "rw"),
    "/sys/fs/c group/app/memory.max": MB(100),
  });
  expect(line.bytes).toBe(90 * MiB);
});

test("no limits at all: a part of what the machine has available", () => {
  const line = lineIn({ "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": v2Mount });
  expect(line.bytes).toBe(Math.floor(8 * GiB * 0.6));
  expect(line.source).toBe("machine");
});

test("missing files are no error", () => {
  const system = fakeSystem({});
  expect(resolveLine("auto", { root: system.root }).bytes).toBeGreaterThan(0);
  system[Symbol.dispose]();
});

test("a limit above the machine's memory binds nothing", () => {
  const line = lineIn({
    "/proc/self/cgroup": "0::/app\n",
    "/proc/self/mountinfo": v2Mount,
    "/sys/fs/cgroup/app/memory.max": MB(64 * 1024),
  });
  expect(line.source).toBe("machine");
});

test("an explicit line: kept when it fits, to the byte of the limit; cut when it does not", () => {
  const files = {
    "/proc/self/cgroup": "0::/app\n",
    "/proc/self/mountinfo": v2Mount,
    "/sys/fs/cgroup/app/memory.max": MB(128),
  };
  expect(lineIn(files, "128MiB")).toMatchObject({ bytes: 128 * MiB, source: "--memory", cut: null });
  expect(lineIn(files, "96MiB", "PLIMSOLL_MEMORY")).toMatchObject({
    bytes: 96 * MiB,
    source: "PLIMSOLL_MEMORY",
  });
  expect(lineIn(files, "50%").bytes).toBe(64 * MiB);
  const cut = lineIn(files, "1GiB");
  expect(cut).toMatchObject({ bytes: 128 * MiB, source: "cgroup v2 /sys/fs/cgroup/app" });
  expect(cut.cut).toBe("--memory asks for 1 GiB, cgroup v2 /sys/fs/cgroup/app allows 128 MiB");
});

test("a percentage without a limit is of the machine; sizes above 4 GiB stay whole", () => {
  expect(lineIn({}, "25%").bytes).toBe(4 * GiB);
  expect(lineIn({}, "6GiB").bytes).toBe(6 * GiB);
  expect(lineIn({}, "64GiB").bytes).toBe(16 * GiB);
});

test("ulimit -d counts, ulimit -v is only shown", () => {
  const limits =
    "Limit                     Soft Limit           Hard Limit           Units     \n" +
    `Max data size             ${200 * MiB}            unlimited            bytes     \n` +
    `Max address space         ${100 * MiB}            unlimited            bytes     \n`;
  const line = lineIn({ "/proc/self/limits": limits });
  expect(line).toMatchObject({ bytes: 180 * MiB, source: "ulimit -d" });
  expect(line.limits.find((limit) => limit.name === "ulimit -v")).toMatchObject({ counted: false });
});

test.each(["", "auto", " AUTO "])("%j is auto", (request) => {
  expect(lineIn({}, request).source).toBe("machine");
});

test.each(["lots", "0", "-5MiB", "0%", "120%", "12 apples", "1e9", "NaN"])("%j is refused", (request) => {
  expect(() => lineIn({}, request)).toThrow(/is no memory line/);
});
