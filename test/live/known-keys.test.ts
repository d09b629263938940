import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import { findPreset } from "../../src/presets/index.js";
import { nostrQuery } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { type NostrEvent, nostrEvent, testNowSeconds, testPubkeys } from "../nostr/events.js";
import { NaiveModel } from "../nostr/naive-model.js";
import { makeFolder } from "../support/cli.js";
import { importHere } from "../support/imports.js";
import { mergeLast, openLayer } from "./live-layers.js";

const folder = makeFolder();
afterAll(folder.remove);
const mapping = mappingToYaml(compileMapping(findPreset("nostr")!));
const author = testPubkeys[0]!;
const firstSecond = testNowSeconds - 100;
let stores = 0;

/** Of one address: versions, deletions of it, and of events written before. */
interface Write {
  kind: "version" | "repeat" | "delete-address" | "delete-event";
  second: number;
  /** Of the events before, or what makes a version another one. */
  pick: number;
}

const anyWrite: fc.Arbitrary<Write> = fc.record({
  kind: fc.constantFrom("version", "version", "repeat", "delete-address", "delete-event"),
  second: fc.nat({ max: 5 }),
  pick: fc.nat(),
});

/** A fold makes a segment, so that what is written again stands in many; now and then two are merged. */
interface Round {
  writes: Write[];
  isMerged: boolean;
}

const anyRounds: fc.Arbitrary<Round[]> = fc.array(
  fc.record({ writes: fc.array(anyWrite, { minLength: 1, maxLength: 2 }), isMerged: fc.boolean() }),
  { minLength: 4, maxLength: 8 },
);

function eventOf({ kind, second, pick }: Write, before: NostrEvent[]) {
  const former = before[pick % Math.max(1, before.length)];
  if (kind === "repeat" && former !== undefined) return former;
  const parts = { pubkey: author, created_at: firstSecond + second, content: "" };
  if (kind === "delete-address") {
    // What it covers may come behind it.
    return nostrEvent({
      ...parts,
      created_at: parts.created_at + 3,
      kind: 5,
      tags: [["a", `30023:${author}:d`]],
    });
  }
  if (kind === "delete-event" && former !== undefined) {
    return nostrEvent({ ...parts, kind: 5, tags: [["e", former.id]] });
  }
  return nostrEvent({ ...parts, kind: 30_023, tags: [["d", "d"]], content: `version ${pick}` });
}

async function holdsFor(rounds: readonly Round[]): Promise<void> {
  const store = folder.file(`store-${stores++}`);
  await importHere({ cwd: folder.path, sources: ["/dev/null"], store, mapping, plan: {} });
  const model = new NaiveModel();
  const before: NostrEvent[] = [];
  await using layer = await openLayer(store);
  for (const { writes, isMerged } of rounds) {
    for (const write of writes) {
      const event = eventOf(write, before);
      before.push(event);
      model.add([JSON.stringify(event)]);
      await layer.write([{ entity: "Event", bytes: Buffer.from(JSON.stringify(event)) }]);
    }
    await layer.foldNow();
    if (isMerged) await mergeLast(store);
    await using reader = await openStoreReader(store);
    const seen = [...nostrQuery((await layer.overlay(reader))!, {})].map(
      ({ bytes }) => (JSON.parse(Buffer.from(bytes).toString("utf8")) as NostrEvent).id,
    );
    const wanted = model.visible(testNowSeconds).map(({ id }) => id);
    expect(seen.sort()).toEqual(wanted.sort());
  }
}

test("keys that are written again and again are settled as if all segments were looked through", async () => {
  await fc.assert(fc.asyncProperty(anyRounds, holdsFor), { numRuns: 5 });
}, 300_000);

test("a deletion that covers what is to come is not forgotten", async () => {
  const round = (kind: Write["kind"], second: number): Round => ({
    writes: [{ kind, second, pick: second }],
    isMerged: false,
  });
  const versions = [1, 2, 3].map((second) => round("version", second));
  await holdsFor([round("version", 0), round("delete-address", 5), ...versions]);
}, 60_000);
