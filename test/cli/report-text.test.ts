import { expect, test } from "vitest";
import { reportText } from "../../src/cli/report-text.js";
import { type ImportReport, idleGovernor, noRuns } from "../../src/pipeline/index.js";

const report: ImportReport = {
  state: "complete",
  source: ["a.csv"],
  target: "./geo",
  resumedFrom: null,
  records: { read: 1010, stored: 1000, replaced: 0, superseded: 0, duplicates: 7, deleted: 0, rejected: 3 },
  bytes: { read: 1_500_000, written: 700_000, spilled: 0 },
  seconds: 2.5,
  recordsPerSecond: 404,
  memory: {
    lineBytes: 268_435_456,
    lineSource: "--memory",
    peakRssBytes: 134_217_728,
    peakAnonBytes: 0,
    shares: {},
    timeline: [],
  },
  governor: idleGovernor,
  phases: [],
  runs: noRuns,
  danglingLinks: 2,
  rejectsFile: "./geo.rejects.jsonl",
  error: null,
};

const context = {
  storePath: "./geo",
  databaseName: null,
  entityName: "City",
  resumeCommand: "plimsoll import a.csv --into ./geo",
  rerunCommand: "plimsoll import a.csv --into ./geo --offset 4 --limit 1",
};

test("tells what was loaded in counts that add up, and what comes next", () => {
  expect(reportText(report, context)).toBe(
    `Loaded 1,010 records in 2.5s, 404/s, into ./geo
  records   1,000 stored + 7 duplicates + 3 rejected = 1,010 read
  bytes     1.43 MiB read, 684 KiB written
  memory    peak 128 MiB under a line of 256 MiB (50%), from --memory
  links     2 links point to records that are not in the store
  rejects   3, each with its reason in ./geo.rejects.jsonl
            mended one? plimsoll import a.csv --into ./geo --offset 4 --limit 1
  query     plimsoll query ./geo --filter '{"entity":"City","limit":5}'
`,
  );
});

test("an interrupted import says how to go on, one that had nothing to do only how to query", () => {
  expect(reportText({ ...report, state: "interrupted" }, context)).toContain(
    "go on     plimsoll import a.csv --into ./geo\n",
  );
  const resumedFrom = { phase: "complete", record: 0, source: "" };
  expect(reportText({ ...report, resumedFrom }, context)).toMatch(/^ {2}query .*\n$/);
});
