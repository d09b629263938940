import { describe, expect, test } from "vitest";
import { SyncPlan, type SyncPlanSettings } from "../../../src/snapshots/sync/sync-plan.js";
import { playHistory } from "../../support/sync-world.js";

const settings: SyncPlanSettings = {
  instance: "a",
  databasePollMs: 1000,
  storagePollMs: 1000,
  retryMs: 5000,
  forceSnapshotMs: 0,
  cleanMs: 0,
  sweepMs: 0,
  firstSweepMs: 0,
  isOnce: false,
  isReceiveOnly: false,
  failuresMax: null,
  mergeSnapshotsMax: 10,
  retryMsMax: 60_000,
  random: () => 0.5,
};

function listedPlan(names: Record<string, string>, changes: Partial<SyncPlanSettings> = {}): SyncPlan {
  const plan = new SyncPlan({ ...settings, ...changes }, 0);
  expect(plan.next(0, 5)).toEqual({ kind: "list" });
  plan.listed(
    Object.entries(names).map(([instance, name]) => ({ instance, name })),
    0,
  );
  return plan;
}

describe("what a sync does next", () => {
  test("a database with something in it is sent at the start, an empty one is not", () => {
    expect(listedPlan({}).next(1, 5)).toEqual({ kind: "send", after: null });
    expect(listedPlan({}).next(1, 0)).toMatchObject({ kind: "wait" });
  });

  test("its own former snapshot is merged before it sends, whatever fails meanwhile", () => {
    const plan = listedPlan({ a: "a1", b: "b1" });
    const own = { instance: "a", name: "a1" };
    expect(plan.next(1, 5)).toEqual({ kind: "merge", snapshots: [own, { instance: "b", name: "b1" }] });
    plan.failed("merge", new Error("down"), 1);
    plan.listed([own, { instance: "b", name: "b1" }], 2);
    expect(plan.next(3, 9)).toMatchObject({ kind: "wait" });
    plan.mergedAll({ snapshots: [own], txnId: 9, ownTransactions: 4 });
    expect(plan.next(10, 9)).toMatchObject({ kind: "merge" });
  });

  test("a merge alone sends nothing; what the application wrote meanwhile does", () => {
    const quiet = listedPlan({ b: "b1" });
    quiet.mergedAll({ snapshots: [{ instance: "b", name: "b1" }], txnId: 3, ownTransactions: 3 });
    expect(quiet.next(1, 3)).toMatchObject({ kind: "wait" });
    expect(quiet.next(2, 4)).toMatchObject({ kind: "send" });
    const busy = listedPlan({ b: "b1" });
    busy.mergedAll({ snapshots: [{ instance: "b", name: "b1" }], txnId: 4, ownTransactions: 3 });
    expect(busy.next(1, 4)).toMatchObject({ kind: "send" });
  });

  test("an older listing brings nothing back", () => {
    const plan = listedPlan({ b: "b2" });
    plan.mergedAll({ snapshots: [{ instance: "b", name: "b2" }], txnId: 3, ownTransactions: 3 });
    plan.listed([{ instance: "b", name: "b1" }], 1000);
    expect(plan.next(1001, 3)).toMatchObject({ kind: "wait" });
  });

  test("merges and snapshots take turns, and listings come between", () => {
    const plan = listedPlan({ b: "b1", c: "c1" }, { mergeSnapshotsMax: 1 });
    const done: string[] = [];
    let txnId = 5;
    for (let atMs = 0; atMs < 30_000; atMs += 500) {
      const action = plan.next(atMs, ++txnId);
      done.push(action.kind);
      if (action.kind === "list") {
        plan.listed(
          ["b", "c"].map((instance) => ({ instance, name: `${instance}${atMs + 1e6}` })),
          atMs,
        );
      } else if (action.kind === "merge") {
        plan.mergedAll({ snapshots: action.snapshots, txnId: ++txnId, ownTransactions: 1 });
      } else if (action.kind === "send") plan.sent(`a${atMs}`, txnId, atMs);
    }
    for (const kind of ["list", "merge", "send"]) {
      expect(done.filter((each) => each === kind).length).toBeGreaterThan(8);
    }
  });

  test("a snapshot is forced when nothing has changed for long", () => {
    const plan = listedPlan({}, { forceSnapshotMs: 60_000 });
    plan.sent("a1", 5, 10);
    plan.listed([], 60_000);
    expect(plan.next(60_005, 5)).toMatchObject({ kind: "wait" });
    expect(plan.next(60_010, 5)).toEqual({ kind: "send", after: "a1" });
  });

  test("once: stops when what was there is merged and what is local is sent", () => {
    const plan = listedPlan({ b: "b1" }, { isOnce: true });
    expect(plan.next(1, 5)).toMatchObject({ kind: "merge" });
    plan.mergedAll({ snapshots: [{ instance: "b", name: "b1" }], txnId: 7, ownTransactions: 2 });
    expect(plan.next(2, 7)).toMatchObject({ kind: "send" });
    plan.sent("a1", 7, 3);
    expect(plan.next(4, 7)).toEqual({ kind: "stop" });
  });

  test("failures are tried again later and later, and end a sync that may not fail for ever", () => {
    const plan = new SyncPlan({ ...settings, failuresMax: 8 }, 0);
    let nowMs = 0;
    const pauses: number[] = [];
    for (let count = 0; count < 7; count++) {
      expect(plan.next(nowMs, 5)).toEqual({ kind: "list" });
      plan.failed("list", new Error(`down ${count}`), nowMs);
      const failedAtMs = nowMs;
      for (let action = plan.next(nowMs, 5); action.kind === "wait"; action = plan.next(nowMs, 5)) {
        nowMs += action.ms;
      }
      pauses.push(nowMs - failedAtMs);
    }
    expect(pauses).toEqual([3750, 7500, 15_000, 30_000, 45_000, 45_000, 45_000]);
    plan.failed("list", new Error("down at last"), nowMs);
    expect(plan.next(nowMs, 5)).toEqual({ kind: "fail", error: new Error("down at last") });
  });

  test("what cannot be read is passed over, and an older one of its instance is taken", () => {
    const plan = listedPlan({ b: "b2" }, { isOnce: true });
    plan.foundUnreadable({ instance: "b", name: "b2" }, 1);
    expect(plan.next(1, 0)).toEqual({ kind: "list" });
    plan.listed([{ instance: "b", name: "b1" }], 1);
    expect(plan.next(2, 0)).toMatchObject({ kind: "merge", snapshots: [{ instance: "b", name: "b1" }] });
    plan.foundUnreadable({ instance: "b", name: "b1" }, 3);
    plan.listed([], 3);
    expect(plan.next(4, 0)).toEqual({ kind: "stop" });
  });
});

describe("histories of several instances", () => {
  test("end in one state that has the last of all writes, whatever was cut off, killed or old", () => {
    const met = { kills: 0, disksLost: 0, lostAcks: 0, staleListings: 0, cuts: 0, cleaned: 0, merges: 0 };
    for (let seed = 1; seed <= 1000; seed++) {
      const { states, expected, counts } = playHistory(seed);
      for (const state of states) expect([seed, state]).toEqual([seed, expected]);
      for (const name of Object.keys(met) as (keyof typeof met)[]) met[name] += counts[name];
    }
    // The histories are of the kind that the name says.
    for (const count of Object.values(met)) expect(count).toBeGreaterThan(500);
  }, 60_000);
});
