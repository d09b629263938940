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

test("a line that is too small is shown with the smallest that would do", () => {
  using system = systemWithLimit(16 * MiB);
  expect(outputOf({ root: system.root })).toMatch(/too small.*--memory \d+MiB/);
  expect(JSON.parse(outputOf({ root: system.root, json: true })).refusal).toMatch(/too small/);
});
