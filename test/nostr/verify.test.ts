import { beforeEach, describe, expect, test } from "vitest";
import { findPreset } from "../../src/presets/index.js";
import { verify } from "../../src/query/index.js";
import { type KeyEntry, keyEntries } from "../../src/query/key-entries.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";
import { nostrEvent, testPubkeys } from "./events.js";

const [pubkey] = testPubkeys as [string];
const made = { pubkey, created_at: 100, kind: 1, tags: [] as string[][], content: "" };
const note = nostrEvent({ ...made, content: "a note" });
const deleted = nostrEvent({ ...made, content: "taken back" });
const oldProfile = nostrEvent({ ...made, kind: 0, created_at: 1 });
const profile = nostrEvent({ ...made, kind: 0, created_at: 2 });
const article = nostrEvent({ ...made, kind: 30_023, tags: [["d", "x:y"]] });
const tags = [
  ["e", deleted.id],
  ["e", deleted.id],
  ["a", `30023:${pubkey}:other`],
  ["e", "of no use"],
];
const deletion = nostrEvent({ ...made, kind: 5, tags });
/** Ids of the records, in this order. */
const events = [note, deleted, oldProfile, profile, article, deletion];
const [noteId, profileId, articleId, deletionId] = [0, 3, 4, 5];

let store: MemoryStoreBuilder;

beforeEach(() => {
  store = new MemoryStoreBuilder(findPreset("nostr")!, { blockTuples: 40, batchRecords: 9 });
  store.addSegment(events.map((event) => ({ entity: "Event", text: JSON.stringify(event) })));
});

async function faults(): Promise<string[]> {
  const { firstFaults } = await verify(store.reader());
  return firstFaults.map(({ text }) => text);
}

/** The first entry that is so, in the one block of keys: a view of its bytes. */
function entryOf(isIt: (entry: KeyEntry) => boolean): KeyEntry {
  const [block] = store.parts.keys.get(1)!;
  const found = [...keyEntries(block!.block)].find(isIt);
  expect(found).toBeDefined();
  return found!;
}

/** The version of an entry lies before its key, whose length takes one byte. */
function versionBytesOf(entry: KeyEntry): Uint8Array {
  return new Uint8Array(entry.key.buffer, entry.key.byteOffset - 9, 8);
}

describe("a verification holds against events", () => {
  test("nothing that is right", async () => {
    expect(await faults()).toEqual([]);
    const entries = [...keyEntries(store.parts.keys.get(1)![0]!.block)];
    expect(entries.filter(({ isDeletion }) => isDeletion).length).toBe(3);
    expect([...store.dead].sort()).toEqual([1, 2]);
  });

  test("the owner of an event", async () => {
    entryOf(({ id, isReference }) => id === noteId && !isReference).extra[0]! ^= 1;
    expect(await faults()).toEqual([
      `The key "${note.id}" of Event lacks the definition by record ${noteId}.`,
      `The key "${note.id}" of Event is noted for record ${noteId}, which does not define it.`,
    ]);
  });

  test("the version and the id of what wins a group", async () => {
    const address = `The address "0:${pubkey}:"`;
    const expected = [
      `${address} lacks the definition by record ${profileId}.`,
      `${address} is noted for record ${profileId}, which does not define it.`,
    ];
    const entry = entryOf(({ id, version }) => id === profileId && version !== 0n);
    entry.extra[31]! ^= 1;
    expect(await faults()).toEqual(expected);
    entry.extra[31]! ^= 1;
    versionBytesOf(entry)[0]! ^= 1;
    expect(await faults()).toEqual(expected);
    versionBytesOf(entry)[0]! ^= 1;
    expect(await faults()).toEqual([]);
  });

  test("who deletes, until when, and that it is a deletion", async () => {
    const byId = entryOf(({ id, extra }) => id === deletionId && extra.length > 0);
    byId.extra[5]! ^= 1;
    // The tag stands twice in the event, and so does its entry: the other one is as good.
    const twin = [...keyEntries(store.parts.keys.get(1)![0]!.block)].filter(
      ({ id, extra }) => id === deletionId && extra.length > 0,
    )[1]!;
    twin.extra[5]! ^= 1;
    expect(await faults()).toEqual([
      `The key "${deleted.id}" of Event lacks the deletion by record ${deletionId}.`,
      `The key "${deleted.id}" of Event is noted for record ${deletionId}, which does not delete it.`,
      `The key "${deleted.id}" of Event is noted for record ${deletionId}, which does not delete it.`,
    ]);
    byId.extra[5]! ^= 1;
    twin.extra[5]! ^= 1;
    const byAddress = entryOf(({ id, version }) => id === deletionId && version !== 0n);
    versionBytesOf(byAddress)[0]! ^= 1;
    expect(await faults()).toEqual([
      `The address "30023:${pubkey}:other" lacks the deletion by record ${deletionId}.`,
      `The address "30023:${pubkey}:other" is noted for record ${deletionId}, which does not delete it.`,
    ]);
    versionBytesOf(byAddress)[0]! ^= 1;
    // Flags lie 7 bytes before the version: without the bit it would be a link.
    new Uint8Array(byAddress.key.buffer, byAddress.key.byteOffset - 16, 1)[0]! &= ~4;
    expect((await faults())[0]).toBe(
      `The address "30023:${pubkey}:other" lacks the deletion by record ${deletionId}.`,
    );
  });

  test("the record that a group's entry names", async () => {
    const entry = entryOf(({ id, version }) => id === articleId && version !== 0n);
    new Uint8Array(entry.key.buffer, entry.key.byteOffset - 14, 1)[0] = noteId;
    expect(await faults()).toEqual([
      `The address "30023:${pubkey}:x:y" lacks the definition by record ${articleId}.`,
      `The address "30023:${pubkey}:x:y" is noted for record ${noteId}, which does not define it.`,
    ]);
  });
});
