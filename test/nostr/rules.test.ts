import { afterAll, describe, expect, test } from "vitest";
import { nostrQuery } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { makeFolder, plimsoll, readRejects } from "../support/cli.js";
import { importHere, jsonl, nostrPreset as mapping, seenHere } from "../support/imports.js";
import { type NostrEvent, nostrEvent, testPubkeys, type UnsignedEvent } from "./events.js";

const folder = makeFolder();
afterAll(folder.remove);

const [ann, bob] = testPubkeys as [string, string];
let stores = 0;

function made(parts: Partial<UnsignedEvent>): NostrEvent {
  return nostrEvent({ pubkey: ann, created_at: 100, kind: 1, tags: [], content: "", ...parts });
}

interface Seen {
  /** What the query shows, in the order of the events given. */
  visible: NostrEvent[];
  /** The counts of every import that are not 0. */
  counts: Record<string, number>[];
  store: string;
}

/** Imports the lists one after another, and asks the store for all there is. */
async function importAll(...lists: (NostrEvent | object)[][]): Promise<Seen> {
  const name = `store-${stores++}`;
  const store = folder.file(name);
  const counts: Seen["counts"] = [];
  for (const [at, events] of lists.entries()) {
    const source = `${name}-${at}.jsonl`;
    folder.write(source, jsonl(events));
    const { records } = await importHere({ cwd: folder.path, sources: [source], store, mapping });
    counts.push(Object.fromEntries(Object.entries(records).filter(([, count]) => count > 0)));
  }
  expect((await seenHere(store)).faults).toEqual([]);
  await using reader = await openStoreReader(store);
  const shown = [...nostrQuery(reader, {})].map(({ bytes }) => Buffer.from(bytes).toString("utf8"));
  const seen = new Set(shown.map((line) => (JSON.parse(line) as NostrEvent).id));
  const visible = (lists.flat() as NostrEvent[]).filter(({ id }) => seen.delete(id));
  expect(seen.size).toBe(0);
  return { visible, counts, store };
}

describe("replaceable events", () => {
  test.each([0, 3, 10_000, 19_999])(
    "of kind %i the latest version is shown, in either order",
    async (kind) => {
      const [older, newer] = [made({ kind, created_at: 1 }), made({ kind, created_at: 2 })];
      const foreign = made({ kind, pubkey: bob });
      expect((await importAll([older, newer, foreign])).visible).toEqual([newer, foreign]);
      const late = await importAll([newer, foreign], [older]);
      expect(late.visible).toEqual([newer, foreign]);
      expect(late.counts[1]).toEqual({ read: 1, superseded: 1 });
      const early = await importAll([older, foreign], [newer]);
      expect(early.visible).toEqual([foreign, newer]);
      expect(early.counts[1]).toEqual({ read: 1, replaced: 1 });
    },
    120_000,
  );

  test("of one second the lowest id wins, whichever comes first", async () => {
    const versions = ["a", "b", "c", "d"].map((content) => made({ kind: 10_002, content }));
    const byId = versions.toSorted((left, right) => (left.id < right.id ? -1 : 1));
    expect((await importAll(byId)).visible).toEqual([byId[0]]);
    expect((await importAll(...byId.toReversed().map((version) => [version]))).visible).toEqual([byId[0]]);
  }, 120_000);

  test("regular kinds next to them are all shown", async () => {
    const events = [1, 2, 4, 9_999, 40_000, 65_535].flatMap((kind) => [
      made({ kind }),
      made({ kind, created_at: 5 }),
    ]);
    expect((await importAll(events)).visible).toEqual(events);
  });

  test("addressable ones are told apart by their first d tag", async () => {
    const article = (created_at: number, ...tags: string[][]) => made({ kind: 30_023, created_at, tags });
    const old = [article(1, ["d", "x"]), article(1, ["d", ""]), article(1, ["d", "a:b\n\u0000"])];
    const others = [article(1, ["d", "y"]), article(1, ["t", "x"], ["d", "z"])];
    const last = [
      article(2, ["d", "x", "more"], ["d", "y"]),
      article(2, ["t", "x"]),
      article(2, ["d", "a:b\n\u0000"]),
    ];
    expect((await importAll([...old, ...others, ...last])).visible).toEqual([...others, ...last]);
    const empty = [article(3, ["d"], ["d", "x"]), article(4)];
    expect((await importAll(last, empty)).visible).toEqual([last[0], last[2], empty[1]]);
  }, 60_000);

  test("a d tag that makes too long a key is rejected, one that just fits is not", async () => {
    const article = (bytes: number) => made({ kind: 30_023, tags: [["d", "é".repeat(bytes / 2)]] });
    const { visible, counts, store } = await importAll([article(990), article(992)]);
    expect(visible).toEqual([article(990)]);
    expect(counts).toEqual([{ read: 2, stored: 1, rejected: 1 }]);
    expect(readRejects(`${store}.rejects.jsonl`).map(({ code }) => code)).toEqual(["KEY_TOO_LONG"]);
    const address = `30023:${ann}:${"é".repeat(495)}`;
    const deletion = made({ kind: 5, tags: [["a", address]] });
    expect((await importAll([article(990)], [deletion])).visible).toEqual([deletion]);
  }, 60_000);
});

describe("ephemeral events and what is no event", () => {
  test("are rejected with a code of their own", async () => {
    const good = made({});
    const bad = [
      made({ kind: 20_000 }),
      made({ kind: 29_999 }),
      made({ pubkey: ann.slice(2) }),
      { ...good, tags: undefined },
      { ...good, created_at: "5" },
    ];
    const { visible, counts, store } = await importAll([good, ...bad]);
    expect(visible).toEqual([good]);
    expect(counts).toEqual([{ read: 6, stored: 1, rejected: 5 }]);
    expect(readRejects(`${store}.rejects.jsonl`).map(({ code }) => code)).toEqual([
      "NOSTR_EPHEMERAL",
      "NOSTR_EPHEMERAL",
      "NOSTR_HEX",
      "FIELD_MISSING",
      "FIELD_TYPE",
    ]);
  });
});

describe("deletions", () => {
  const note = made({ content: "a note" });
  const byId = made({ kind: 5, created_at: 1, tags: [["e", note.id]] });

  test.each([
    ["with it", [[byId, note]]],
    ["before it", [[byId], [note]]],
    ["after it", [[note], [byId]]],
    ["after it, and again", [[note], [byId], [byId, note], [made({ kind: 5, tags: [["e", note.id]] })]]],
  ])(
    "by id take an event out that comes %s",
    async (_when, lists) => {
      const { visible, counts } = await importAll(...lists);
      expect(visible).not.toContainEqual(note);
      expect(visible).toContainEqual(byId);
      expect(counts[0]!.read).toBe(lists[0]!.length);
    },
    60_000,
  );

  test("count the events of their own import, and repeats of dead ones as duplicates", async () => {
    const { counts } = await importAll([note], [byId], [note], [made({ content: "x" }), byId]);
    expect(counts).toEqual([
      { read: 1, stored: 1 },
      { read: 1, stored: 1 },
      { read: 1, duplicates: 1 },
      { read: 2, stored: 1, duplicates: 1 },
    ]);
    expect((await importAll([byId], [note])).counts[1]).toEqual({ read: 1, deleted: 1 });
  }, 60_000);

  test("of others, and of deletions, are without effect", async () => {
    const foreign = made({
      kind: 5,
      pubkey: bob,
      tags: [
        ["e", note.id],
        ["a", `0:${ann}:`],
      ],
    });
    const profile = made({ kind: 0 });
    const ofDeletion = made({
      kind: 5,
      tags: [
        ["e", byId.id],
        ["e", foreign.id],
      ],
    });
    const events = [note, foreign, profile, ofDeletion, made({ kind: 5 })];
    expect((await importAll(events)).visible).toEqual(events);
    expect((await importAll([foreign], [note, profile])).visible).toEqual([foreign, note, profile]);
    expect((await importAll([ofDeletion], [byId])).visible).toEqual([ofDeletion, byId]);
  }, 60_000);

  test("by address take out the versions up to their time, and no later one", async () => {
    const versions = [98, 99, 100, 101].map((created_at) => made({ kind: 0, created_at }));
    const deletion = made({ kind: 5, created_at: 100, tags: [["a", `0:${ann}`]] });
    expect((await importAll([deletion], versions.slice(0, 3))).visible).toEqual([deletion]);
    expect((await importAll(versions.slice(0, 3), [deletion])).visible).toEqual([deletion]);
    expect((await importAll([deletion, ...versions])).visible).toEqual([deletion, versions[3]]);
    const late = await importAll(versions.slice(0, 2), [deletion], versions.slice(2));
    expect(late.visible).toEqual([deletion, versions[3]]);
    // The version that it took the place of was dead: it is replaced all the same, and counted once.
    expect(late.counts[2]).toEqual({ read: 2, replaced: 1, superseded: 1 });
  }, 60_000);

  test("of the latest version bring no older one back", async () => {
    const [older, newer] = [made({ kind: 3, created_at: 1 }), made({ kind: 3, created_at: 2 })];
    const deletion = made({ kind: 5, created_at: 3, tags: [["e", newer.id]] });
    for (const lists of [
      [[older, newer, deletion]],
      [[deletion], [newer], [older]],
      [[older], [newer], [deletion]],
    ]) {
      expect((await importAll(...lists)).visible).toEqual([deletion]);
    }
  }, 60_000);

  test("by address need the right identifier, and a colon before it", async () => {
    const article = made({ kind: 30_023, tags: [["d", "x"]] });
    const bare = made({ kind: 30_023, tags: [] });
    const addresses = [
      `30023:${ann}`,
      `30023:${ann}:y`,
      `030023:${ann}:x`,
      `30023:${bob}:x`,
      `30023::x`,
      "",
      ":",
    ];
    const deletion = made({ kind: 5, tags: addresses.map((address) => ["a", address]) });
    expect((await importAll([article, bare, deletion])).visible).toEqual([article, bare, deletion]);
    const right = made({
      kind: 5,
      tags: [
        ["a", `30023:${ann}:x`],
        ["a", `30023:${ann}:`, "wss://relay"],
      ],
    });
    expect((await importAll([article, bare, right])).visible).toEqual([right]);
  }, 60_000);

  test("of more events than fit a buffer at once are all carried out", async () => {
    const notes = Array.from({ length: 3000 }, (_, at) => made({ content: `note ${at}` }));
    const deletion = made({ kind: 5, tags: notes.map(({ id }) => ["e", id]) });
    const { visible, counts } = await importAll([deletion, ...notes]);
    expect(visible).toEqual([deletion]);
    expect(counts).toEqual([{ read: 3001, stored: 1, deleted: 3000 }]);
  }, 60_000);
});

describe("the rules of a store", () => {
  test("leave no choice of another", async () => {
    folder.write("one.jsonl", jsonl([made({})]));
    const words = ["import", folder.file("one.jsonl"), "--into", folder.file("refused"), "--preset", "nostr"];
    const refused = await plimsoll([...words, "--on-conflict", "replace"]);
    expect(refused.code).toBe(2);
    expect(refused.error).toContain("is not for nostr events: the id of an event is its hash");
    expect((await plimsoll([...words, "--on-conflict", "keep"])).code).toBe(0);
  });

  test("do not change: a store of events without them takes none by them", async () => {
    const { out } = await plimsoll(["infer", folder.file("one.jsonl")]);
    expect(out).toContain("rules: nostr");
    folder.write("plain.yaml", out.replace(/^ *rules: nostr\n/m, "").replace(/^preset: .*\n/m, ""));
    const words = ["import", folder.file("one.jsonl"), "--into", folder.file("plain")];
    const plain = await plimsoll([...words, "--mapping", folder.file("plain.yaml")]);
    expect(plain.code, plain.error).toBe(0);
    const refused = await plimsoll([...words, "--preset", "nostr", "--fresh"]);
    expect(refused.code).not.toBe(0);
    expect(refused.error).toContain("its rules are absent, not nostr");
  });
});
