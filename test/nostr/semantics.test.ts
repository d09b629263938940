import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { ImportPlan, ImportReport } from "../../src/pipeline/index.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl, nostrPreset as mapping, seenHere } from "../support/imports.js";
import { tries } from "../support/runs.js";
import { anyArrival, anyChunks, anyEvents, type NostrEvent, testNowSeconds } from "./events.js";
import { NaiveModel } from "./naive-model.js";

const folder = makeFolder();
afterAll(folder.remove);

let stores = 0;

interface Outcome {
  reports: ImportReport[];
  /** Ids of what can be seen, sorted. */
  ids: string[];
  faults: string[];
  live: number;
  dead: number;
}

/** Imports each piece by itself, one after another, into a new store. */
async function importPieces(
  pieces: readonly (readonly unknown[])[],
  plan: Partial<ImportPlan> = {},
): Promise<Outcome> {
  const name = `store-${stores++}`;
  const store = folder.file(name);
  const reports: ImportReport[] = [];
  for (const [at, piece] of pieces.entries()) {
    // Several sources of an import are several runs: there is a checkpoint behind each.
    const halves = [piece.slice(0, piece.length / 2), piece.slice(piece.length / 2)];
    const sources = halves.map((half, number) => {
      folder.write(`${name}-${at}-${number}.jsonl`, jsonl(half));
      return `${name}-${at}-${number}.jsonl`;
    });
    reports.push(
      await importHere({ cwd: folder.path, sources, store, mapping, plan: { syncBytes: 1, ...plan } }),
    );
  }
  const { lines, stats, faults } = await seenHere(store);
  rmSync(store, { recursive: true, force: true });
  const ids = lines.map((line) => (JSON.parse(line) as NostrEvent).id).sort();
  return { reports, ids, faults, live: stats.records, dead: stats.dead };
}

function sum(reports: readonly ImportReport[], name: keyof ImportReport["records"]): number {
  return reports.reduce((total, { records }) => total + records[name], 0);
}

const idsOf = (events: readonly NostrEvent[]) => events.map(({ id }) => id).sort();

/** Events that clash, in some order, with repeats, cut into imports. */
const anyHistory = anyEvents({ hasExpiration: false, eventsMax: 30 }).chain((events) =>
  anyArrival(events).chain((arrival) =>
    fc.record({
      pieces: anyChunks(arrival),
      threads: fc.constantFrom(1, 2),
      mergeInputsMax: fc.constantFrom(4, 64),
    }),
  ),
);

describe("nostr events", () => {
  test("end in the same visible set whatever the order and the imports they come in", async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, async ({ pieces, threads, mergeInputsMax }) => {
        const model = new NaiveModel().add(pieces.flat().map((event) => JSON.stringify(event)));
        const outcome = await importPieces(pieces, { threads, mergeInputsMax });
        const tally = model.tally();
        expect(outcome.ids).toEqual(idsOf(model.visible(testNowSeconds)));
        expect(outcome.faults).toEqual([]);
        expect(outcome.live).toBe(tally.stored);
        expect(outcome.dead).toBe(tally.outdone + tally.duplicates + tally.deleted);
        const { reports } = outcome;
        for (const { records } of reports) {
          const { stored, replaced, superseded, duplicates, deleted, rejected } = records;
          expect(stored + replaced + superseded + duplicates + deleted + rejected).toBe(records.read);
        }
        expect(sum(reports, "read")).toBe(tally.read);
        expect(sum(reports, "duplicates")).toBe(tally.duplicates);
        expect(sum(reports, "rejected")).toBe(tally.rejected);
        if (reports.length > 1) return;
        expect(sum(reports, "stored")).toBe(tally.stored);
        expect(sum(reports, "superseded")).toBe(tally.outdone);
        expect(sum(reports, "deleted")).toBe(tally.deleted);
      }),
      { numRuns: tries(40) },
    );
  }, 600_000);
});
