import { expect, test } from "vitest";
import { runMemoryCommand } from "../../src/cli/memory-command.js";
import { MiB } from "../../src/kernel/index.js";
import { fakeSystem, meminfo, mountLine } from "../memory/fake-system.js";

function systemWithLimit(bytes: number) {
  return fakeSystem({
    "/proc/meminfo": meminfo,
    "/proc/self/cgroup": "0::/app\n",
    "/proc/self/mountinfo": mountLine("cgroup2", "/", "/sys/fs/cgroup", "rw"),
    "/sys/fs/cgroup/app/memory.max": `${bytes}\n`,
  });
}

function outputOf(options: Parameters<typeof runMemoryCommand>[0]): string {
  let text = "";
  runMemoryCommand(options, {
    write: (part) => {
      text += part;
    },
  });
  return text;
}

test("prints the line, what decided, every limit with its path, and the shares", () => {
  using system = systemWithLimit(4096 * MiB);
  const text = outputOf({ root: system.root });
  expect(text).toMatch(/line +3\.6 GiB/);
  expect(text).toMatch(/decided +cgroup v2 \/sys\/fs\/cgroup\/app/);
  expect(text).toContain("/sys/fs/cgroup/app/memory.max");
  expect(text).toMatch(/runBuffers +\d/);
});

test("as JSON, with an explicit line", () => {
  using system = systemWithLimit(4096 * MiB);
  const document = JSON.parse(outputOf({ root: system.root, json: true, memory: "2GiB", threads: 2 }));
  expect(document).toMatchObject({ lineBytes: 2048 * MiB, lineSource: "--memory", threads: 2, cut: null });
  expect(document.shares.reserve).toBeGreaterThan(0);
  expect(document.limits[0]).toMatchObject({ bytes: 4096 * MiB, counted: true });
});

test("the one that decided has the mark, and only that one", () => {
  using system = systemWithLimit(1024 * MiB);
  const marked = (memory: string) =>
    outputOf({ root: system.root, memory })
      .split("\n")
      .filter((line) => line.startsWith("*"));
  expect(marked("auto")).toEqual([expect.stringMatching(/cgroup v2 memory\.max +1 GiB +yes/)]);
  expect(marked("50%")).toEqual([expect.stringMatching(/cgroup v2 memory\.max/)]);
  expect(marked("50%,..256MiB")).toEqual([expect.stringMatching(/asked for +50%,\.\.256MiB +--memory/)]);
  expect(marked("256MiB")).toEqual([expect.stringMatching(/asked for +256MiB +--memory/)]);
  expect(marked("4GiB")).toEqual([expect.stringMatching(/cgroup v2 memory\.max/)]);
  const { limits } = JSON.parse(outputOf({ root: system.root, json: true, memory: "50%" }));
  expect(limits.filter(({ decided }: { decided: boolean }) => decided)).toMatchObject([
    { name: "cgroup v2 memory.max", bytes: 1024 * MiB, path: "/sys/fs/cgroup/app/memory.max" },
  ]);
});

test("it says what to write for another line", () => {
  using system = systemWithLimit(1024 * MiB);
  const text = outputOf({
    root: system.root,
    memorySource: "plimsoll.yaml: memory",
    memory: "60%,64MiB..1GiB",
  });
  expect(text).toMatch(/decided +plimsoll\.yaml: memory \(60% of 1 GiB\)/);
  for (const word of ["--memory 512MiB", "PLIMSOLL_MEMORY=512MiB", "memory: 512MiB", "docker run --memory"]) {
    expect(text).toContain(word);
  }
  expect(text).toMatch(/runBuffers .* --run-buffer /);
});

test("shares that are asked for, and a line that does not hold them", () => {
  using system = systemWithLimit(1024 * MiB);
  const settings = { shares: { runBuffers: 8 * MiB, databaseDirty: 2 * MiB } };
  const given = JSON.parse(outputOf({ root: system.root, json: true, threads: 2, settings }));
  expect(given.shares).toMatchObject({ runBuffers: 8 * MiB, databaseDirty: 2 * MiB });
  const text = outputOf({ root: system.root, memory: "200MiB", settings: { batchBytes: 64 * MiB } });
  expect(text).toMatch(/does not hold --batch-bytes 64MiB.*Lower --batch-bytes to/);
});

test("a line that is too small is shown with the smallest that would do", () => {
  using system = systemWithLimit(16 * MiB);
  expect(outputOf({ root: system.root })).toMatch(/too small.*--memory \d+MiB/);
  expect(JSON.parse(outputOf({ root: system.root, json: true })).refusal).toMatch(/too small/);
});
