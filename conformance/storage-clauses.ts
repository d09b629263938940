import assert from "node:assert/strict";
import type { StorageClause, StorageSubject } from "./snapshot-storage.js";
import {
  assertCode,
  assertSame,
  chunksOf,
  get,
  listed,
  look,
  noise,
  put,
  still,
  within,
} from "./storage-world.js";
import { storageWriteClauses } from "./storage-write-clauses.js";

const readClauses: StorageClause[] = [
  { id: "R1", title: "what was written is read, byte for byte", check: checkBytes },
  { id: "R2", title: "a read begins where it is told to", check: checkOffsets },
  { id: "R3", title: "what is not there is told", check: checkAbsent },
  { id: "R4", title: "an object that is replaced is read whole or not at all", check: checkReplaced },
  { id: "R5", title: "a read that nobody goes on with leaves nothing open", check: checkGivenUp },
  { id: "L1", title: "names come in the order of bytes, each once, with their sizes", check: checkOrder },
  { id: "L2", title: "of a prefix exactly its names come", check: checkPrefix },
  { id: "L3", title: "pages lose no name and give none twice", check: checkPages },
  { id: "D1", title: "what was removed is gone, once and for all, and nothing else", check: checkRemove },
  { id: "N1", title: "names that lead elsewhere are refused", check: checkNames },
  { id: "A1", title: "an aborted signal ends each call", check: checkAbort },
  { id: "C1", title: "it closes more than once, and what was kept is there again", check: checkReopen },
];

export const storageClauses: StorageClause[] = [...readClauses, ...storageWriteClauses];

async function checkBytes(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    for (const bytes of [0, 1, 65_536, subject.largeBytes]) {
      const content = noise(bytes + 1, bytes);
      const name = `bytes-${bytes}.bin`;
      assert.deepEqual(await put(storage, name, content), { name, bytes });
      assertSame(await get(storage, name), content, `an object of ${bytes} bytes`);
    }
    const content = noise(7, 3000);
    await storage.write("small-chunks", chunksOf(content, 7), { signal: still() });
    assertSame(await get(storage, "small-chunks"), content, "what came in small chunks");
  });
}

async function checkOffsets(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    for (const bytes of [11, subject.largeBytes]) {
      const content = noise(bytes, bytes);
      await put(storage, "object", content);
      for (const offset of [0, 1, Math.floor(bytes / 2), bytes - 1, bytes, bytes + 5]) {
        const found = await get(storage, "object", offset);
        assertSame(found, content.subarray(offset), `the rest from byte ${offset} of ${bytes}`);
      }
    }
  });
}

async function checkAbsent(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    await put(storage, "parts/there", noise(1, 9));
    for (const name of ["absent", "parts", "parts/the", "parts/there-not", "parts/there/not"]) {
      await assertCode(() => get(storage, name), "SNAPSHOT_ABSENT");
      await assertCode(() => get(storage, name, 5), "SNAPSHOT_ABSENT");
    }
  });
}

async function checkReplaced(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    const first = noise(1, subject.largeBytes);
    const second = noise(2, subject.largeBytes);
    await put(storage, "object", first);
    const found: Buffer[] = [];
    const reading = async () => {
      for await (const chunk of storage.read("object", { signal: still() })) {
        found.push(Buffer.from(chunk));
        if (found.length === 1) await put(storage, "object", second);
      }
      const whole = Buffer.concat(found);
      assert.ok(whole.equals(first) || whole.equals(second), "parts of two objects came as one");
    };
    await reading().catch((error) => assertCode(() => Promise.reject(error), "SNAPSHOT_CHANGED"));
    assertSame(await get(storage, "object"), second, "the new object");
  });
}

async function checkGivenUp(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    await put(storage, "object", noise(1, subject.largeBytes));
    for (let time = 0; time < 40; time++) {
      for await (const chunk of storage.read("object", { signal: still() })) {
        assert.ok(chunk.byteLength > 0);
        break;
      }
      for await (const { name } of storage.list("", { signal: still() })) {
        assert.equal(name, "object");
        break;
      }
    }
    assertSame(await get(storage, "object"), noise(1, subject.largeBytes), "the object afterwards");
  });
}

/** In the order of bytes: `-` and `.` stand before `/`, digits behind it, small letters behind large ones. */
const orderedNames = [
  "0",
  "A__b__1.pb.gz",
  "Z",
  "_",
  "a",
  "a-b/c",
  "a.b",
  "b-/1",
  "b.c",
  "b/-",
  "b/0/deep",
  "b/0_",
  "b/a",
  "b0",
  "b_",
];

async function checkOrder(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    assert.deepEqual(await listed(storage), []);
    const shuffled = orderedNames.map((name, index) => ({ name, at: (index * 7) % orderedNames.length }));
    shuffled.sort((left, right) => left.at - right.at);
    for (const { name } of shuffled) await put(storage, name, noise(1, name.length));
    assert.deepEqual(
      await listed(storage),
      orderedNames.map((name) => [name, name.length]),
    );
  });
}

async function checkPrefix(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    for (const name of orderedNames) await put(storage, name, noise(1, 1));
    for (const prefix of ["a", "b", "b/", "b/0", "b/0/", "b/0/d", "A__b__", "b/0/deeper", "..", "/", "zz"]) {
      const names = (await listed(storage, prefix)).map(([name]) => name);
      assert.deepEqual(
        names,
        orderedNames.filter((name) => name.startsWith(prefix)),
        `of ${prefix}`,
      );
    }
  });
}

async function checkPages(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    const names = Array.from({ length: subject.manyNames }, (_, index) => {
      const number = String(index).padStart(5, "0");
      return index % 3 === 0 ? `parts/p-${number}` : `main__i__${number}`;
    }).sort();
    for (const name of names) await put(storage, name, noise(1, 2));
    assert.deepEqual(
      await listed(storage),
      names.map((name) => [name, 2]),
    );
    const parts = names.filter((name) => name.startsWith("parts/"));
    assert.deepEqual(
      (await listed(storage, "parts/")).map(([name]) => name),
      parts,
    );
  });
}

async function checkRemove(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    for (const name of ["main", "main-2", "parts/main"]) await put(storage, name, noise(1, 5));
    for (let time = 0; time < 2; time++) await storage.remove("main", { signal: still() });
    await storage.remove("never-there", { signal: still() });
    await storage.remove("never/there", { signal: still() });
    assert.equal(await look(storage, "main"), null);
    assert.deepEqual(
      (await listed(storage)).map(([name]) => name),
      ["main-2", "parts/main"],
    );
    await put(storage, "main", noise(2, 6));
    assertSame(await get(storage, "main"), noise(2, 6), "an object in the place of a removed one");
  });
}

const strangeNames = [
  "",
  "/",
  ".",
  "..",
  "../object",
  "a/../../object",
  "/object",
  "a//b",
  "a/",
  "ä",
  "a b",
].concat(
  ["a\\b", "a\0b", "%2e%2e/object", "a?b", "a#b", ".hidden", "a/.hidden", "on-its-way.tmp", "a\nb"],
  ["n".repeat(300), "a/b/c/d/e"],
);

async function checkNames(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    for (const name of strangeNames) {
      await assertCode(() => get(storage, name), "STORAGE_NAME");
      await assertCode(() => put(storage, name, noise(1, 1)), "STORAGE_NAME");
      await assertCode(() => storage.remove(name, { signal: still() }), "STORAGE_NAME");
    }
    assert.deepEqual(await listed(storage), []);
  });
}

async function checkAbort(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    await put(storage, "object", noise(1, subject.largeBytes));
    await put(storage, "object-2", noise(1, 1));
    const options = { signal: AbortSignal.abort(new Error("stop")) };
    const first = async (items: AsyncIterable<unknown>) => {
      for await (const _ of items) return;
    };
    await assert.rejects(first(storage.read("object", options)), /stop/);
    await assert.rejects(first(storage.list("", options)), /stop/);
    await assert.rejects(storage.write("other", chunksOf(noise(1, 1)), options), /stop/);
    await assert.rejects(storage.remove("object", options), /stop/);
    const all = async (start: (signal: AbortSignal) => AsyncIterable<unknown>) => {
      const controller = new AbortController();
      for await (const _ of start(controller.signal)) controller.abort(new Error("stop in the midst"));
    };
    await assert.rejects(
      all((signal) => storage.list("", { signal })),
      /midst/,
    );
    if (subject.largeBytes > 1_000_000)
      await assert.rejects(
        all((signal) => storage.read("object", { signal })),
        /midst/,
      );
    assert.deepEqual(
      (await listed(storage)).map(([name]) => name),
      ["object", "object-2"],
    );
  });
}

async function checkReopen(subject: StorageSubject): Promise<void> {
  const place = await subject.makePlace();
  const storage = await subject.open(place);
  await put(storage, "parts/object", noise(3, 4000));
  await Promise.all([storage[Symbol.asyncDispose](), storage[Symbol.asyncDispose]()]);
  await storage[Symbol.asyncDispose]();
  const again = await subject.open(place);
  try {
    assert.deepEqual(await listed(again), [["parts/object", 4000]]);
    assertSame(await get(again, "parts/object"), noise(3, 4000), "the object after opening again");
  } finally {
    await again[Symbol.asyncDispose]();
  }
}
