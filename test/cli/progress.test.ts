import { expect, test } from "vitest";
import { ProgressDisplay, type ProgressMode } from "../../src/cli/progress.js";
import { renderBar, renderLine } from "../../src/cli/progress-bar.js";
import type { ImportProgress } from "../../src/pipeline/index.js";

const progress: ImportProgress = {
  phase: "read",
  fraction: 0.43,
  recordsRead: 1_234_567,
  bytesRead: 512 * 1024 * 1024,
  bytesTotal: 1200 * 1024 * 1024,
  recordsPerSecond: 102_345,
  etaSeconds: 75,
  rssBytes: 112 * 1024 * 1024,
  anonBytes: 70 * 1024 * 1024,
  fileBytes: 42 * 1024 * 1024,
  dirtyBytes: 0,
  unsyncedBytes: 0,
  workingSetBytes: null,
  stallPercent: null,
  batchBytes: 1024 * 1024,
  isNarrow: false,
  throttledSeconds: 0,
  writebackSeconds: 0,
  lineBytes: 256 * 1024 * 1024,
  leasedBytes: 8 * 1024 * 1024,
  rejects: 12,
  elapsedSeconds: 12.06,
};

test("a bar in 80 columns", () => {
  expect(renderBar(progress, 80)).toMatchInlineSnapshot(`
    [
      "read   43% [##########..............] 1,234,567 records  102,345/s  1m 15s left",
      "line  [#####.......] 112 MiB of 256 MiB  12 rejected  512 MiB read  12s so far",
    ]
  `);
});

test("a wide bar", () => {
  expect(renderBar({ ...progress, rejects: 0 }, 140)).toMatchInlineSnapshot(`
    [
      "read   43% [##############..................] 1,234,567 records  102,345/s  1m 15s left",
      "line  [#####.......] 112 MiB of 256 MiB  512 MiB read  12s so far",
    ]
  `);
});

test("a narrow bar", () => {
  expect(renderBar(progress, 44)).toMatchInlineSnapshot(`
    [
      "read   43% [#####.......] 1,234,567 records",
      "line  [#####.......] 112 MiB of 256 MiB",
    ]
  `);
});

test("the size of a stream is unknown; merging has no rate", () => {
  expect(renderBar({ ...progress, fraction: null, etaSeconds: null }, 80)[0]).toMatchInlineSnapshot(
    `"read    ?% [................................] 1,234,567 records  102,345/s"`,
  );
  expect(renderBar({ ...progress, phase: "merge", fraction: 1 }, 80)[0]).toMatchInlineSnapshot(
    `"merge 100% [################################] 1,234,567 records  1m 15s left"`,
  );
});

test("no width is ever exceeded", () => {
  for (let columns = 10; columns < 200; columns++) {
    for (const line of renderBar({ ...progress, recordsRead: 10 ** 12, rejects: 10 ** 9 }, columns)) {
      expect(line.length).toBeLessThan(Math.max(11, columns));
    }
  }
});

test("a line for logs", () => {
  expect(renderLine(progress)).toMatchInlineSnapshot(
    `"read 43%, 1,234,567 records, 102,345/s, 1m 15s left, memory 112 MiB of 256 MiB, 12 rejected, 512 MiB read, 12s so far"`,
  );
});

function shown(mode: ProgressMode, isTerminal: boolean, times: number[]): string[] {
  const texts: string[] = [];
  let now = 0;
  const output = {
    isTerminal,
    columns: () => 60,
    write: (text: string) => texts.push(text),
    nowMs: () => now,
  };
  const display = new ProgressDisplay(mode, output);
  for (const time of times) {
    now = time;
    display.show({ ...progress, recordsRead: time });
  }
  display.finish();
  return texts;
}

test("a terminal is redrawn ten times a second and cleared at the end", () => {
  const texts = shown("auto", true, [0, 50, 100, 120, 210]);
  expect(texts).toHaveLength(4);
  expect(texts[1]!.startsWith("\u001b[2A\r")).toBe(true);
  expect(texts.at(-1)).toBe("\u001b[2A\r\u001b[J");
});

test("elsewhere a line now and then; as JSON each line is an object and the last state is told", () => {
  expect(shown("auto", false, [0, 1999])).toEqual([]);
  expect(shown("auto", false, [0, 2000, 2100, 4100])).toHaveLength(2);
  const objects = shown("json", false, [0, 100, 200]).map((text) => JSON.parse(text));
  expect(objects.map(({ recordsRead }) => recordsRead)).toEqual([0, 200]);
  expect(shown("none", true, [0, 500])).toEqual([]);
});
