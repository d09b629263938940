import { createHash } from "node:crypto";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { SnapshotStorage } from "../../../src/ports/index.js";
import { MemoryStorage } from "../../../src/snapshots/index.js";
import { lmdbTarget } from "../../../src/targets/lmdb/index.js";
import { makeFolder } from "../../support/cli.js";
import { SmallDisk } from "../../support/small-disk.js";
import { type Doc, failingAt, importDocs, pull, push, seenOf } from "./replica-rig.js";

const folder = makeFolder();
afterAll(folder.remove);

const docs = (from: number, count: number): Doc[] =>
  Array.from({ length: count }, (_, at) => ({
    id: from + at,
    rev: at % 7,
    tag: at % 2 === 0 ? "even" : "odd",
    text: `number ${from + at} of all`,
  }));

const { signal } = new AbortController();
const partBytesMax = 2_000;
const storage = new MemoryStorage("faults");

/** The origin before and after its second import, both of them pushed; a replica is made of the first. */
beforeAll(async () => {
  await importDocs(folder, "origin", { docs: docs(0, 300) });
  await push(folder.file("origin"), { storage, partBytesMax });
  await pull(folder.file("replica"), storage);
  cpSync(folder.file("origin"), folder.file("former"), { recursive: true });
  await importDocs(folder, "origin", { docs: docs(200, 300) });
  await push(folder.file("origin"), { storage, partBytesMax });
});

async function objectsOf(from: SnapshotStorage): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of from.list("", { signal })) names.push(name);
  return names;
}

async function bytesOf(from: SnapshotStorage, name: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of from.read(name, { signal })) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

async function* only(bytes: Uint8Array) {
  yield bytes;
}

let copies = 0;

/** All objects once more, to be damaged. */
async function copyOfStorage(): Promise<MemoryStorage> {
  const copy = new MemoryStorage(`faults-${++copies}`);
  for (const name of await objectsOf(storage)) {
    await copy.write(name, only(await bytesOf(storage, name)), { signal });
  }
  return copy;
}

/** Names of the parts that a pull of the replica reads. */
async function partsRead(): Promise<string[]> {
  const names: string[] = [];
  const watched = Object.create(storage, {
    name: { value: storage.name },
    list: { value: storage.list.bind(storage) },
    read: {
      value: (...[name, options]: Parameters<SnapshotStorage["read"]>) => {
        if (name.startsWith("parts/")) names.push(name);
        return storage.read(name, options);
      },
    },
  }) as SnapshotStorage;
  const replica = copyOfReplica();
  await pull(replica, watched);
  return names;
}

function copyOfReplica(name = `replica-${++copies}`): string {
  cpSync(folder.file("replica"), folder.file(name), { recursive: true });
  return folder.file(name);
}

describe("an object that is not what was pushed", () => {
  const damages: [string, (copy: MemoryStorage, names: string[]) => Promise<void>, RegExp][] = [
    ["is missing", async (copy, [name]) => copy.remove(name!, { signal }), /^REPLICA_PART_ABSENT$/],
    [
      "is cut off",
      async (copy, [name]) => {
        const bytes = await bytesOf(copy, name!);
        await copy.write(name!, only(bytes.subarray(0, bytes.length - 9)), { signal });
      },
      /^SNAPSHOT_DAMAGED$/,
    ],
    [
      "is another part",
      async (copy, [name, other]) => {
        await copy.write(name!, only(await bytesOf(copy, other!)), { signal });
      },
      /^REPLICA_DAMAGED$/,
    ],
    [
      "is a manifest",
      async (copy, [name]) => {
        const manifest = (await objectsOf(copy)).find((object) => object.startsWith("docs__"))!;
        await copy.write(name!, only(await bytesOf(copy, manifest)), { signal });
      },
      /^REPLICA_DAMAGED$/,
    ],
  ];

  test.each(damages)("that %s is told, and the replica stays as it was", async (_, damage, code) => {
    const names = await partsRead();
    // Records first and a segment last.
    for (const [name, other] of [names.slice(0, 2), names.slice(-2).reverse()]) {
      const copy = await copyOfStorage();
      await damage(copy, [name!, other!]);
      const replica = copyOfReplica();
      const before = await seenOf(replica);
      await expect(pull(replica, copy)).rejects.toMatchObject({ code: expect.stringMatching(code) });
      expect(await seenOf(replica)).toEqual(before);
      // What was read in vain is in nobody's way when the object is right again.
      await pull(replica, storage);
      expect(await seenOf(replica)).toEqual(await seenOf(folder.file("origin")));
    }
  });

  test("is written again by the next push when it is gone or of another size", async () => {
    const copy = await copyOfStorage();
    const [first, second] = await partsRead();
    await copy.remove(first!, { signal });
    await copy.write(second!, only(Buffer.from("short")), { signal });
    const origin = folder.file("origin-again");
    cpSync(folder.file("origin"), origin, { recursive: true });
    expect(await push(origin, { storage: copy, partBytesMax })).toMatchObject({ partsWritten: 2 });
    const replica = copyOfReplica();
    await pull(replica, copy);
    expect(await seenOf(replica)).toEqual(await seenOf(origin));
  });

  test("a manifest of which a byte is wrong leaves no store behind", async () => {
    const copy = await copyOfStorage();
    const manifest = (await objectsOf(copy)).filter((name) => name.startsWith("docs__")).at(-1)!;
    const bytes = await bytesOf(copy, manifest);
    bytes[Math.floor(bytes.length / 2)]! ^= 1;
    await copy.write(manifest, only(bytes), { signal });
    const path = folder.file("never");
    await expect(pull(path, copy)).rejects.toMatchObject({ code: "SNAPSHOT_DAMAGED" });
    await expect(seenOf(path)).rejects.toMatchObject({ code: "STORE_ABSENT" });
    // The next push writes a better one.
    expect(await push(folder.file("origin"), { storage: copy, partBytesMax })).toMatchObject({ isNew: true });
    await pull(path, copy);
    expect(await seenOf(path)).toEqual(await seenOf(folder.file("origin")));
  });
});

describe("what is no replica of what was pushed", () => {
  test("a store that was imported into is left alone", async () => {
    await importDocs(folder, "other", { docs: docs(0, 10) });
    const before = await seenOf(folder.file("other"));
    await expect(pull(folder.file("other"), storage)).rejects.toMatchObject({ code: "REPLICA_FOREIGN" });
    expect(await seenOf(folder.file("other"))).toEqual(before);
  });

  test("a replica that was imported into is its own store from then on, and can be pushed", async () => {
    const name = "promoted";
    const path = copyOfReplica(name);
    await importDocs(folder, name, { docs: docs(1_000, 5) });
    await expect(pull(path, storage)).rejects.toMatchObject({ code: "REPLICA_FOREIGN" });
    const place = await copyOfStorage();
    await push(path, { storage: place, instance: "two", partBytesMax });
    await expect(pull(folder.file("any"), place)).rejects.toMatchObject({
      code: "REPLICA_SEVERAL",
      details: { instances: "one, two" },
    });
    await pull(folder.file("any"), place, "two");
    expect(await seenOf(folder.file("any"))).toEqual(await seenOf(path));
    await expect(pull(copyOfReplica(), place, "three")).rejects.toMatchObject({ code: "REPLICA_ABSENT" });
    // By now they have other records under the same ids.
    await expect(pull(folder.file("any"), place, "one")).rejects.toMatchObject({ code: "REPLICA_FOREIGN" });
  });

  test("an origin whose folder was put back, and went on otherwise, is pushed as it is", async () => {
    const place = await copyOfStorage();
    cpSync(folder.file("former"), folder.file("restored"), { recursive: true });
    await importDocs(folder, "restored", { docs: docs(700, 300) });
    const { partsWritten, parts } = await push(folder.file("restored"), { storage: place, partBytesMax });
    expect(partsWritten).toBeLessThan(parts);
    const replica = copyOfReplica();
    await pull(replica, place);
    expect(await seenOf(replica)).toEqual(await seenOf(folder.file("restored")));
    // One that has what the origin has lost cannot follow.
    const ahead = copyOfReplica();
    await pull(ahead, storage);
    await expect(pull(ahead, place)).rejects.toMatchObject({ code: "REPLICA_FOREIGN" });
  });

  test("an origin that was made anew under the same name is pushed whole", async () => {
    const place = await copyOfStorage();
    rmSync(folder.file("anew"), { recursive: true, force: true });
    await importDocs(folder, "anew", { docs: docs(5, 400).reverse() });
    expect(await push(folder.file("anew"), { storage: place, partBytesMax })).toMatchObject({ isNew: true });
    await expect(pull(copyOfReplica(), place)).rejects.toMatchObject({ code: "REPLICA_FOREIGN" });
    await pull(folder.file("of-anew"), place);
    expect(await seenOf(folder.file("of-anew"))).toEqual(await seenOf(folder.file("anew")));
  });
});

test("nothing to push and nowhere to pull from are told", async () => {
  const empty = new MemoryStorage("faults-empty");
  await expect(pull(folder.file("none"), empty)).rejects.toMatchObject({ code: "REPLICA_ABSENT" });
  await expect(push(folder.file("none"), { storage: empty })).rejects.toMatchObject({ code: "STORE_ABSENT" });
  const bad = push(folder.file("origin"), { storage: empty, instance: "a__b" });
  await expect(bad).rejects.toMatchObject({ code: "SNAPSHOT_NAME_INVALID" });
  expect(await objectsOf(empty)).toEqual([]);
});

const disk = new SmallDisk(folder.file("disk"));
const diskMissing = disk.missing();

test.skipIf(diskMissing !== null)(
  `a pull onto a full disk says so, and goes on when there is room${diskMissing === null ? "" : ` (${diskMissing})`}`,
  async () => {
    const place = new MemoryStorage("faults-full");
    const words = (at: number) => createHash("sha512").update(String(at)).digest("base64");
    const long = docs(0, 3_000).map((doc) => ({ ...doc, text: words(doc.id) }));
    await importDocs(folder, "large", { docs: long });
    const { parts } = await push(folder.file("large"), { storage: place, partBytesMax: 100_000 });
    disk.mount("400k");
    try {
      const replica = folder.file("disk/replica");
      await expect(pull(replica, place)).rejects.toMatchObject({ code: "STORE_FULL" });
      disk.enlarge();
      expect((await pull(replica, place)).partsRead).toBeLessThan(parts);
      expect(await seenOf(replica)).toEqual(await seenOf(folder.file("large")));
    } finally {
      disk.unmount();
    }
  },
);

test("one writer at a time: a pull waits for none, and is refused", async () => {
  const path = copyOfReplica();
  await using _writer = await lmdbTarget(path).open({
    mergeMapping: (stored) => stored!,
    tempDir: null,
    transactionBytes: 1 << 20,
    mappedBytes: 1 << 20,
    signal,
  });
  await expect(pull(path, storage)).rejects.toMatchObject({ code: "STORE_LOCKED" });
});

test("parts and manifests that nobody needs go when their time is over, and not before", async () => {
  const place = new MemoryStorage("faults-clean");
  const path = folder.file("cleaned");
  cpSync(folder.file("former"), path, { recursive: true });
  await push(path, { storage: place, partBytesMax });
  const before = await objectsOf(place);
  await importDocs(folder, "cleaned", { docs: docs(100, 400), merged: 2 });
  await push(path, { storage: place, partBytesMax });
  // Those who have begun with the former manifest find all of it.
  expect(await objectsOf(place)).toEqual(expect.arrayContaining(before));
  // A push that broke leaves parts that no manifest names.
  await importDocs(folder, "cleaned", { docs: docs(900, 40) });
  await push(path, { storage: failingAt(place, 60), partBytesMax }).catch(() => {});
  await importDocs(folder, "cleaned", { docs: docs(950, 40), merged: 3 });
  await push(path, { storage: place, partBytesMax });
  const { parts } = await push(path, { storage: place, partBytesMax, keepMs: 0 });
  expect(await objectsOf(place)).toHaveLength(parts + 1);
  await pull(folder.file("of-cleaned"), place);
  expect(await seenOf(folder.file("of-cleaned"))).toEqual(await seenOf(path));
});

test("a store whose folder takes no file is pushed, and read whole the next time", async () => {
  const place = new MemoryStorage("faults-unwritable");
  const path = folder.file("unwritable");
  cpSync(folder.file("former"), path, { recursive: true });
  rmSync(join(path, "copies.json"));
  // Where the note of a push is made stands a folder.
  mkdirSync(join(path, "copies.json.new"));
  const first = await push(path, { storage: place, partBytesMax });
  expect(first).toMatchObject({ isNew: true });
  expect(await push(path, { storage: place, partBytesMax })).toMatchObject({ isNew: false, partsWritten: 0 });
});

test("a push of what is there writes nothing, and what is new costs what is new", async () => {
  const place = new MemoryStorage("faults-again");
  const path = folder.file("again");
  cpSync(folder.file("former"), path, { recursive: true });
  const first = await push(path, { storage: place, partBytesMax });
  const second = await push(path, { storage: place, partBytesMax });
  expect(second).toMatchObject({ manifest: first.manifest, isNew: false, partsWritten: 0, bytesWritten: 0 });
  // Whoever knows what was pushed last need not even look at the storage.
  expect(await push(path, { storage: failingAt(place, 1), former: first })).toEqual(second);
  await importDocs(folder, "again", { docs: docs(5_000, 10) });
  const third = await push(path, { storage: place, partBytesMax, former: second });
  expect(third.partsWritten).toBeLessThanOrEqual(3);
  const replica = folder.file("of-again");
  expect(await pull(replica, place)).toMatchObject({ isNew: true, partsRead: third.parts });
  expect(await pull(replica, place)).toMatchObject({ isNew: false, partsRead: 0 });
});

test("a pull whose parts go in the midst of it goes on with the newer manifest", async () => {
  const place = new MemoryStorage("faults-overtaken");
  const path = folder.file("overtaken");
  cpSync(folder.file("former"), path, { recursive: true });
  await push(path, { storage: place, partBytesMax });
  let reads = 0;
  const slow = Object.create(place, {
    name: { value: place.name },
    list: { value: place.list.bind(place) },
    read: {
      value: async function* (...[name, options]: Parameters<SnapshotStorage["read"]>) {
        if (name.startsWith("parts/") && ++reads === 3) {
          await importDocs(folder, "overtaken", { docs: docs(100, 300), merged: 2 });
          await push(path, { storage: place, partBytesMax, keepMs: 0 });
          await push(path, { storage: place, partBytesMax, keepMs: 0 });
        }
        yield* place.read(name, options);
      },
    },
  }) as SnapshotStorage;
  const replica = folder.file("of-overtaken");
  const { manifest } = await pull(replica, slow);
  expect(await objectsOf(place)).toContain(manifest);
  expect(await seenOf(replica)).toEqual(await seenOf(path));
});
