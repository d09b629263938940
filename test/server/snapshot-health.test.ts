import { expect, test } from "vitest";
import { type HealthCheck, healthOf, stateAfter, worstOf } from "../../src/server/snapshots/health.js";
import { shownInstances } from "../../src/server/snapshots/snapshot-view.js";
import type { InstanceStatus } from "../../src/snapshots/index.js";

const check = (name: string, state: HealthCheck["state"], sinceMs: number | null = null): HealthCheck => ({
  name,
  state,
  sinceMs,
  code: null,
});

test("a failure counts after its time", () => {
  const thresholds = { warnMs: 60, errorMs: 300 };
  expect([0, 59, 60, 299, 300].map((ms) => stateAfter(ms, thresholds))).toEqual([
    "ok",
    "ok",
    "degraded",
    "degraded",
    "failing",
  ]);
  // Where only the error counts there is no warning before it.
  expect(stateAfter(9, { warnMs: 60, errorMs: 0 })).toBe("failing");
});

test("of several databases the worst is told, and what has only begun is well", () => {
  const checks = worstOf([
    check("storage_list", "ok"),
    check("storage_list", "degraded", 5),
    check("storage_list", "ok", 7),
    check("storage_load", "ok"),
    check("storage_load", "ok", 3),
    check("start", "starting", 1),
  ]);
  expect(checks).toEqual([
    check("storage_list", "degraded", 5),
    check("storage_load", "ok", 3),
    check("start", "starting", 1),
  ]);
  expect(healthOf(checks)).toBe("degraded");
  expect(healthOf(checks.slice(1))).toBe("ok");
  expect(healthOf([...checks, check("sync", "failing", 1)])).toBe("failing");
  expect(healthOf([])).toBe("ok");
});

test("of many instances this one and those that are behind are told, and no more than a hundred", () => {
  const instances: InstanceStatus[] = Array.from({ length: 1_000 }, (_, at) => ({
    instance: `ns${at}`,
    isOwn: at === 700,
    seen: "b",
    merged: at % 100 === 50 ? "a" : "b",
    takenAtMs: 0,
    bytes: 1,
  }));
  const shown = shownInstances({ instances } as never);
  expect(shown).toHaveLength(100);
  expect(shown[0]!.instance).toBe("ns700");
  expect(shown.slice(1, 11).every(({ merged }) => merged === "a")).toBe(true);
});
