import { expect, test } from "vitest";
import { PlanProgress } from "../../src/cli/plan-progress.js";
import { renderBar, renderLine } from "../../src/cli/progress-bar.js";
import type { ImportProgress } from "../../src/pipeline/index.js";

const told = (phase: ImportProgress["phase"], fraction: number | null) =>
  ({ phase, fraction }) as ImportProgress;

test("a plan's share and time left are those of the bytes of all its actions", () => {
  let nowMs = 0;
  const actions = [
    { name: "done before", sizeBytes: 500 },
    { name: "first", sizeBytes: 400 },
    { name: "second", sizeBytes: 100 },
  ];
  const progress = new PlanProgress(actions, () => nowMs);
  progress.next(true);
  nowMs = 10_000;
  expect(progress.position(told("read", 0.5))).toEqual({
    action: 2,
    actions: 3,
    name: "first",
    fraction: 0.66,
    // 160 of its own bytes took ten seconds, and 340 are left: what was passed over says nothing of speed.
    etaSeconds: 21,
  });
  expect(progress.position(told("merge", 0.5)).fraction).toBeCloseTo(0.86);
  expect(progress.position(told("read", null))).toMatchObject({ fraction: null, etaSeconds: null });
  progress.next(false);
  expect(progress.position(told("seal", 1))).toMatchObject({
    action: 3,
    name: "second",
    fraction: 1,
    etaSeconds: 0,
  });
});

test("it is shown with the action", () => {
  const progress = {
    phase: "read",
    fraction: 0.1,
    etaSeconds: 1,
    recordsRead: 1000,
    recordsPerSecond: 100,
    rssBytes: 50 << 20,
    lineBytes: 100 << 20,
    bytesRead: 1 << 20,
    elapsedSeconds: 3,
    rejects: 0,
  } as ImportProgress;
  const position = { action: 3, actions: 12, name: "prices", fraction: 0.5, etaSeconds: 75 };
  const [bar, line] = renderBar(progress, 120, position) as [string, string];
  expect(bar).toMatch(
    /^read {3}50% \[#+\.+\] action 3 of 12 {2}prices {2}1,000 records {2}100\/s {2}1m 15s left$/,
  );
  expect(line).toContain("50 MiB of 100 MiB");
  expect(renderLine(progress, position)).toMatch(/^action 3 of 12, prices, read 50%, 1,000 records/);
});
