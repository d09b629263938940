import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-prove-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

function prove(...args: string[]) {
  const env = { ...process.env, PLIMSOLL_BENCH_DIR: folder, PLIMSOLL_BENCH_RESULTS: join(folder, "results") };
  return spawnSync(process.execPath, ["bench/prove.js", "--short", "--scale", "0.1", ...args], {
    encoding: "utf8",
    env,
  });
}

/** Where no cgroup may be made the suite says why and proves nothing. */
function reasonToSkip(stdout: string): string | null {
  return /^skipped: (no memory cgroup can be made here \(.+\))$/m.exec(stdout)?.[1] ?? null;
}

test("runs inside cgroups of their lines are told one by one, stalling input and gzip included", ({
  skip,
}) => {
  const { status, stdout, stderr } = prove("--input", "duplicates,stdin,gzip", "--line", "192MiB");
  expect([status, stderr.replace(/^Making .*\n/gm, "")]).toEqual([0, ""]);
  const reason = reasonToSkip(stdout);
  skip(reason !== null, reason ?? "");
  expect(stdout.match(/^ok {4}.*, 192 MiB: .*peak [\d.]+ MiB, cgroup .*verify /gm)).toHaveLength(3);
  expect(stdout).toContain("The line holds");
});

test("what the kernel kills and what is refused is told, the others go on, and the exit says so", ({
  skip,
}) => {
  const { status, stdout } = prove("--input", "hot", "--line", "16MiB,48MiB,192MiB", "--no-verify");
  const reason = reasonToSkip(stdout);
  skip(reason !== null, reason ?? "");
  expect(status).toBe(1);
  expect(stdout).toMatch(/^FAIL {2}one hot term, 16 MiB: .*\n +killed by the kernel: 1 OOM kills$/m);
  expect(stdout).toMatch(/^FAIL {2}one hot term, 48 MiB: .*\n.*LINE_TOO_SMALL/m);
  expect(stdout).toMatch(/^ok {4}one hot term, 192 MiB: /m);
  expect(stdout).toContain("NOT PROVEN");
});

test("the page has each run with its figures or its fault, and its pictures are there", ({ skip }) => {
  const page = join(folder, "results", "line", "line.md");
  skip(!existsSync(page), "nothing could be proven");
  const text = readFileSync(page, "utf8");
  expect(text).toContain("4 of 6 runs hold");
  expect(text).toMatch(/^\| hot: one hot term \| 15,000 \| [\d,]+ \| .*, 0 killed \|/m);
  expect(text).toMatch(/^\| hot: one hot term \| killed by the kernel: 1 OOM kills/m);
  const pictures = [...text.matchAll(/\]\((plots\/line-.+?\.png)\)/g)].map(([, path]) => path!);
  expect(pictures).toContain("plots/line-192MiB.png");
  for (const path of pictures) {
    const { size } = statSync(join(folder, "results", "line", path));
    expect(size).toBeGreaterThan(2000);
    expect(size).toBeLessThan(80_000);
  }
});

test("wrong words are refused", () => {
  for (const words of [["--input", "nothing"], ["--line", "much"], ["--scale", "0"], ["--what"]]) {
    const { status, stderr } = prove(...words);
    expect([status, stderr.includes("Usage: npm run prove:line")]).toEqual([2, true]);
  }
});
