import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type DatabaseStream,
  type DbiHead,
  keyOrderOf,
  type MergeSource,
  mergeSnapshots,
  winnerOf,
} from "../../../src/snapshots/index.js";
import { SnapshotReader } from "../../../src/snapshots/wire/snapshot-reader.js";
import { snapshotMessage } from "../../../src/snapshots/wire/snapshot-writer.js";
import {
  collect,
  contentOf,
  type HeldDatabase,
  type HeldEntry,
  held,
  noMeta,
  toEntry,
} from "../../support/snapshots.js";

const heads: DbiHead[] = [
  { name: "bytes", flags: 0n, transform: "" },
  { name: "integers", flags: 8n, transform: "" },
  { name: "reversed", flags: 2n, transform: "" },
];

/** Keys as text that sorts in the order of the database. */
function sortable(key: string, head: DbiHead): string {
  return keyOrderOf(head, "native") === "bytes" ? key : Buffer.from(key, "hex").reverse().toString("hex");
}

function sorted(entries: HeldEntry[], head: DbiHead): HeldEntry[] {
  return entries.sort((a, b) => (sortable(a.key, head) < sortable(b.key, head) ? -1 : 1));
}

/** Few keys, times and values: most keys are in several snapshots, and ties are met often. */
const entryOf = (keyBytes: number): fc.Arbitrary<HeldEntry> =>
  fc
    .record({
      key: fc
        .array(fc.constantFrom("00", "01", "ff"), { minLength: keyBytes, maxLength: keyBytes })
        .map((bytes) => bytes.join("")),
      value: fc.constantFrom("", "00", "01", "0102".repeat(30)),
      timestampNano: fc.constantFrom(0n, 5n, 6n, 2n ** 40n),
      isDeleted: fc.boolean(),
    })
    .map((made) => (made.isDeleted ? { ...made, value: "" } : made));

const databaseOf = (head: DbiHead): fc.Arbitrary<HeldDatabase> =>
  fc
    .uniqueArray(entryOf(head.flags === 8n ? 4 : 3), { maxLength: 15, selector: ({ key }) => key })
    .map((entries) => ({ head, entries: sorted(entries, head) }));

const snapshot = fc
  .subarray(heads)
  .chain((chosen) => fc.tuple(...chosen.map(databaseOf)) as unknown as fc.Arbitrary<HeldDatabase[]>);

/** The same with maps and sorting: entry by entry, in whatever order. */
function naiveMerge(snapshots: HeldDatabase[][], deletedBeforeNano: bigint): HeldDatabase[] {
  const merged = new Map<string, { head: DbiHead; entries: Map<string, HeldEntry> }>();
  for (const { head, entries } of snapshots.flat()) {
    const database = merged.get(head.name) ?? { head, entries: new Map() };
    merged.set(head.name, database);
    for (const entry of entries) {
      const old = database.entries.get(entry.key);
      database.entries.set(entry.key, old ? held(winnerOf(toEntry(old), toEntry(entry))) : entry);
    }
  }
  return [...merged.values()]
    .sort((a, b) => (a.head.name < b.head.name ? -1 : 1))
    .map(({ head, entries }) => {
      const kept = [...entries.values()].filter(
        (entry) => !entry.isDeleted || entry.timestampNano >= deletedBeforeNano,
      );
      return { head, entries: sorted(kept, head) };
    });
}

async function sourceOf(databases: HeldDatabase[], name = "one", chunkBytes = 100): Promise<MergeSource> {
  const message = await collect(snapshotMessage(contentOf(noMeta, databases)));
  async function* pieces() {
    for (let at = 0; at < message.length; at += chunkBytes) yield message.subarray(at, at + chunkBytes);
  }
  return new SnapshotReader(pieces(), { name, schema: "native" }).open();
}

async function drain(stream: DatabaseStream): Promise<HeldDatabase[]> {
  const databases: HeldDatabase[] = [];
  for (let head = await stream.nextDbi(); head; head = await stream.nextDbi()) {
    const entries: HeldEntry[] = [];
    while (await stream.fill())
      for (let entry = stream.next(); entry; entry = stream.next()) entries.push(held(entry));
    databases.push({ head, entries });
  }
  return databases;
}

async function merged(snapshots: HeldDatabase[][], deletedBeforeNano = 0n, chunkBytes = 100) {
  const sources = await Promise.all(
    snapshots.map((databases, index) => sourceOf(databases, `s${index}`, chunkBytes)),
  );
  return drain(mergeSnapshots(sources, { schema: "native", deletedBeforeNano }));
}

test("any number of snapshots, in any order and however often, is one state", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(snapshot, { maxLength: 7 }),
      fc.constantFrom(0n, 6n),
      fc.integer({ min: 20, max: 300 }),
      fc.infiniteStream(fc.nat()),
      async (snapshots, cutoff, chunkBytes, random) => {
        const expected = naiveMerge(snapshots, cutoff);
        expect(await merged(snapshots, cutoff, chunkBytes)).toEqual(expected);
        const again = [...snapshots, ...snapshots.slice(0, 2)].sort(() => (random.next().value % 2 ? 1 : -1));
        expect(await merged(again, cutoff, chunkBytes)).toEqual(expected);
        // In parts, with what came of them merged once more.
        const half = snapshots.length >> 1;
        const parts = [await merged(snapshots.slice(0, half)), await merged(snapshots.slice(half))];
        expect(await merged(parts, cutoff, chunkBytes)).toEqual(expected);
      },
    ),
    { numRuns: 100 },
  );
}, 60_000);

test("what is left of a database when the next one is asked for is passed over", async () => {
  const entries = ["01", "02", "03"].map((key) => ({
    key,
    value: "aa",
    timestampNano: 1n,
    isDeleted: false,
  }));
  const databases = heads.map((head) => ({ head, entries: head.flags === 8n ? [] : entries }));
  const stream = mergeSnapshots([await sourceOf(databases), await sourceOf(databases.slice(1))], {
    schema: "native",
  });
  expect((await stream.nextDbi())?.name).toBe("bytes");
  await stream.fill();
  expect(held(stream.next()!).key).toBe("01");
  expect((await stream.nextDbi())?.name).toBe("integers");
  expect((await stream.nextDbi())?.name).toBe("reversed");
  await stream.fill();
  expect(held(stream.next()!).key).toBe("01");
  expect(await stream.nextDbi()).toBeNull();
});

const [bytes, integers] = heads.map((head) => ({ head, entries: [] }));

test("databases that are not sorted by name are refused, but for a snapshot that is alone", async () => {
  const unsorted = [integers!, bytes!];
  expect((await merged([unsorted])).map(({ head }) => head.name)).toEqual(["integers", "bytes"]);
  await expect(merged([[bytes!], unsorted])).rejects.toMatchObject({
    code: "SNAPSHOT_DATABASE_ORDER",
    details: { name: "s1", database: "bytes" },
  });
});

test("names are sorted as LMDB does it, by their bytes", async () => {
  const named = (name: string) => ({ head: { name, flags: 0n, transform: "" }, entries: [] });
  const names = ["z", "é", "\uffee", "😀"];
  expect((await merged([names.map(named), [named("é"), named("😀")]])).map(({ head }) => head.name)).toEqual(
    names,
  );
});

test("databases of one name and two kinds are refused, as far as the format says the kind", async () => {
  const other = { head: { name: "bytes", flags: 8n, transform: "" }, entries: [] };
  await expect(merged([[bytes!], [other]])).rejects.toMatchObject({
    code: "SNAPSHOT_HEADS_DIFFER",
    details: { name: "s1", other: "s0", database: "bytes" },
  });
  const transformed = { head: { name: "bytes", flags: 4n, transform: "dupsort_hack_v1" }, entries: [] };
  await expect(merged([[bytes!], [transformed]])).rejects.toMatchObject({ code: "SNAPSHOT_HEADS_DIFFER" });
  const old = { ...bytes!, formatVersion: 2 };
  const source = await sourceOf([old]);
  const before3: MergeSource = {
    name: "old",
    formatVersion: 2,
    nextDbi: () => source.nextDbi(),
    fill: () => source.fill(),
    next: () => source.next(),
  };
  const stream = mergeSnapshots([before3, await sourceOf([transformed])], { schema: "shadow" });
  expect(await stream.nextDbi()).toEqual(transformed.head);
});

test("a merge of nothing has nothing", async () => {
  expect(await merged([])).toEqual([]);
  expect(await merged([[], []])).toEqual([]);
});
