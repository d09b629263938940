import { expect, test } from "vitest";
import { faultsOf } from "../../bench/prove/checks.js";
import { smallestIn } from "../../bench/prove/smallest.js";

const fates = { stored: 8, replaced: 0, superseded: 0, duplicates: 2, deleted: 0, rejected: 0 };
const run = {
  state: "complete",
  isOomKilled: false,
  lineBytes: 100,
  vmHwmBytes: 100,
  outcomes: { read: 10, ...fates },
  cgroup: { oomKills: 0 },
};
const input = { count: 10, expect: { stored: 8, postings: { city: 8 } } };
const found = {
  store: { records: 8, entities: [{ indexes: [{ field: "city", postings: 8 }] }] },
  verify: { code: 0, last: "sound" },
  rejects: null,
};

test("a run in which all holds has no fault", () => {
  expect(faultsOf(run, input, found)).toEqual([]);
  expect(faultsOf(run, { count: 10, expect: null }, { ...found, store: null, verify: null })).toEqual([]);
});

test.each([
  ["one byte above the line", { ...run, vmHwmBytes: 101 }, found, /above the line/],
  ["killed by the kernel", { ...run, isOomKilled: true, cgroup: { oomKills: 2 } }, found, /2 OOM kills/],
  ["not complete", { ...run, state: "failed", error: "exit code 1: no" }, found, /exit code 1: no/],
  ["a record not read", { ...run, outcomes: { ...run.outcomes, read: 9 } }, found, /records read: 9, not 10/],
  [
    "a record without fate",
    { ...run, outcomes: { ...run.outcomes, stored: 7 } },
    found,
    /fates of records: 9/,
  ],
  [
    "a reject",
    { ...run, outcomes: { ...run.outcomes, stored: 7, rejected: 1 } },
    { ...found, rejects: { codes: ["BAD"], first: "BAD: why" } },
    /rejected: 1, not 0 \(BAD: why\)/,
  ],
  [
    "a record lost",
    run,
    { ...found, store: { ...found.store, records: 7 } },
    /records in the store: 7, not 8/,
  ],
  ["an index lost", run, { ...found, store: { records: 8, entities: [] } }, /index on city: none, not 8/],
  ["no store", run, { ...found, store: null }, /records in the store: none/],
  [
    "verify found something",
    run,
    { ...found, verify: { code: 1, last: "a fault" } },
    /verify ended with 1: a fault/,
  ],
])("%s is a fault", (_, bad, account, words) => {
  expect(faultsOf(bad, input, account).join("\n")).toMatch(words);
});

test("records that are too large for the line may be set aside where that is allowed, and nothing else may", () => {
  const outcomes = { ...run.outcomes, stored: 7, rejected: 1 };
  const store = { records: 7, entities: [{ indexes: [{ field: "city", postings: 7 }] }] };
  const faults = (codes: string[], isAllowed: boolean) =>
    faultsOf({ ...run, outcomes }, input, { ...found, store, rejects: { codes, first: "" } }, isAllowed)
      .length;
  expect(faults(["RECORD_TOO_LARGE"], true)).toBe(0);
  expect(faults(["RECORD_TOO_LARGE"], false)).toBeGreaterThan(0);
  expect(faults(["RECORD_TOO_LARGE", "BAD"], true)).toBeGreaterThan(0);
});

test("the smallest line is read from the mend of a refusal, not from its reasons", () => {
  const message =
    "plimsoll: LINE_TOO_SMALL: A memory line of 64 MiB is too small: the process itself takes 159.6 MiB. " +
    "Give at least --memory 100MiB, or raise the container's limit to it.";
  expect(smallestIn(message)).toBe(100 * 2 ** 20);
  expect(smallestIn("plimsoll: something else about 5 MiB")).toBe(null);
});
