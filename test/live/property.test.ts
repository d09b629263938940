import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import type { LiveLayer } from "../../src/live/index.js";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import { findPreset } from "../../src/presets/index.js";
import { nostrCount, nostrQuery } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { anyArrival, anyEvents, type NostrEvent, testNowSeconds } from "../nostr/events.js";
import { NaiveModel } from "../nostr/naive-model.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl, seenHere } from "../support/imports.js";
import { mergeLast, openLayer } from "./live-layers.js";

const folder = makeFolder();
afterAll(folder.remove);
const mapping = mappingToYaml(compileMapping(findPreset("nostr")!));
let stores = 0;

type Step = { kind: "import" | "write" | "fold" | "merge" | "restart"; events: NostrEvent[] };

/** Events in some order, cut into imports and live writes, with folds and restarts anywhere between. */
const anySteps: fc.Arbitrary<Step[]> = anyEvents({ hasExpiration: false, eventsMax: 24 })
  .chain(anyArrival)
  .chain((arrival) =>
    fc
      .array(
        fc.record({
          size: fc.nat({ max: 6 }),
          kind: fc.constantFrom<Step["kind"]>(
            "import",
            "write",
            "write",
            "write",
            "fold",
            "merge",
            "restart",
          ),
        }),
        { minLength: 1, maxLength: 12 },
      )
      .map((cuts) => {
        const left = [...arrival];
        const steps = cuts.map(({ size, kind }): Step => {
          const hasEvents = kind === "import" || kind === "write";
          return { kind, events: hasEvents ? left.splice(0, size) : [] };
        });
        return [...steps, { kind: "write", events: left }];
      }),
  );

async function runImport(store: string, events: readonly NostrEvent[]): Promise<void> {
  const name = `events-${stores++}.jsonl`;
  folder.write(name, jsonl(events));
  await importHere({ cwd: folder.path, sources: [name], store, mapping, plan: {} });
}

async function seenLive(store: string, layer: LiveLayer): Promise<{ ids: string[]; count: number }> {
  await using reader = await openStoreReader(store);
  const overlay = await layer.overlay(reader);
  expect(overlay).not.toBeNull();
  const ids = [...nostrQuery(overlay!, {})].map(
    ({ bytes }) => (JSON.parse(Buffer.from(bytes).toString("utf8")) as NostrEvent).id,
  );
  const byKind = [...nostrQuery(overlay!, { kinds: [0, 1, 3, 5, 7, 10002, 30023] })].length;
  expect(byKind).toBe(ids.length);
  return { ids: ids.sort(), count: nostrCount(overlay!, {}) };
}

test("imports and live writes end in the same visible set, seen at once and after every fold", async () => {
  await fc.assert(
    fc.asyncProperty(anySteps, async (steps) => {
      const store = folder.file(`store-${stores++}`);
      const model = new NaiveModel();
      await runImport(store, []);
      let layer = await openLayer(store);
      for (const step of steps) {
        if (step.kind === "fold") await layer.foldNow();
        else if (step.kind === "merge") await mergeLast(store);
        else if (step.kind === "restart") {
          await layer[Symbol.asyncDispose]();
          layer = await openLayer(store);
        } else {
          model.add(step.events.map((event) => JSON.stringify(event)));
          if (step.kind === "import") await runImport(store, step.events);
          else {
            const records = step.events.map((event) => Buffer.from(JSON.stringify(event)));
            await layer.write(records.map((bytes) => ({ entity: "Event", bytes })));
          }
        }
        const wanted = model.visible(testNowSeconds).map(({ id }) => id);
        const { ids, count } = await seenLive(store, layer);
        expect(ids).toEqual(wanted.sort());
        expect(count).toBe(wanted.length);
      }
      await layer[Symbol.asyncDispose]();
      const { lines, faults } = await seenHere(store);
      const ids = lines.map((line) => (JSON.parse(line) as NostrEvent).id);
      expect(ids.sort()).toEqual(
        model
          .visible(testNowSeconds)
          .map(({ id }) => id)
          .sort(),
      );
      expect(faults).toEqual([]);
      rmSync(store, { recursive: true, force: true });
    }),
    { numRuns: 8 },
  );
}, 300_000);
