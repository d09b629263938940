import assert from "node:assert/strict";
import { isPlimsollError } from "../src/kernel/index.js";
import type { SnapshotStorage } from "../src/ports/index.js";
import type { StorageClause, StorageSubject } from "./snapshot-storage.js";
import {
  assertCode,
  assertSame,
  chunksOf,
  gate,
  get,
  listed,
  look,
  noise,
  openHandles,
  put,
  still,
  within,
} from "./storage-world.js";

export const storageWriteClauses: StorageClause[] = [
  { id: "W1", title: "nothing is seen of an object before all of it is there", check: checkInvisible },
  { id: "W2", title: "an object is replaced whole", check: checkReplace },
  { id: "W3", title: "chunks that throw leave what was there before", check: checkThrow },
  { id: "W4", title: "an abort leaves what was there before", check: checkAbort },
  { id: "W5", title: "of writers of one name at once one whole object is left", check: checkRace },
  { id: "W6", title: "`isNew` never takes a name from another", check: checkIsNew },
  { id: "W7", title: "of writers of one new name at once one has it", check: checkIsNewRace },
  { id: "W8", title: "chunks are taken as they can be stored, and not before", check: checkPace },
  { id: "K1", title: "what killed writers left is not seen and can be cleaned away", check: checkLeft },
];

/** Chunks that stop half way until they are told to go on. */
async function* halting(content: Uint8Array, half: () => Promise<void>): AsyncGenerator<Uint8Array> {
  const middle = Math.floor(content.byteLength / 2);
  yield* chunksOf(content.subarray(0, middle));
  await half();
  yield* chunksOf(content.subarray(middle));
}

async function checkInvisible(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    for (const bytes of [1000, subject.largeBytes]) {
      const content = noise(bytes, bytes);
      const name = `parts/new-${bytes}`;
      const before = await listed(storage);
      const seesNothing = async () => {
        assert.equal(await look(storage, name), null, "a half object can be read");
        assert.deepEqual(await listed(storage), before, "a half object is listed");
      };
      await storage.write(name, halting(content, seesNothing), { signal: still() });
      assertSame(await get(storage, name), content, "the finished object");
      assert.equal((await listed(storage, name)).length, 1);
    }
  });
}

async function checkReplace(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    const former = noise(1, 50_000);
    await put(storage, "object", former);
    for (const bytes of [900, subject.largeBytes, 0]) {
      const before = await get(storage, "object");
      const next = noise(2, bytes);
      const stillThere = async () => assertSame(await get(storage, "object"), before, "the former object");
      await storage.write("object", halting(next, stillThere), { signal: still() });
      assertSame(await get(storage, "object"), next, "the new object");
    }
  });
}

async function checkThrow(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    const handles = openHandles();
    await put(storage, "there", noise(1, 100));
    for (const bytes of [1000, subject.largeBytes]) {
      for (const name of ["there", "new"]) {
        const failure = new Error("the reader of the store failed");
        const broken = halting(noise(2, bytes), () => Promise.reject(failure));
        await assert.rejects(storage.write(name, broken, { signal: still() }), (error) => error === failure);
      }
    }
    assert.deepEqual(await listed(storage), [["there", 100]]);
    assert.equal(await look(storage, "new"), null);
    assertSame(await look(storage, "there"), noise(1, 100), "the former object");
    // Connections may be kept for the next call.
    assert.ok(openHandles() <= handles + 4, "handles are left open");
  });
}

async function checkAbort(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    await put(storage, "there", noise(1, 100));
    for (const bytes of [1000, subject.largeBytes]) {
      for (const name of ["there", "new"]) {
        const controller = new AbortController();
        const stopped = halting(noise(2, bytes), async () => controller.abort(new Error("stop here")));
        await assert.rejects(storage.write(name, stopped, { signal: controller.signal }), /stop here/);
      }
    }
    assert.deepEqual(await listed(storage), [["there", 100]]);
    assertSame(await look(storage, "there"), noise(1, 100), "the former object");
  });
}

async function checkRace(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    const contents = [subject.largeBytes, 5000, 5000, 1].map((bytes, index) => noise(index, bytes));
    await Promise.all(contents.map((content) => put(storage, "object", content)));
    const found = await get(storage, "object");
    assert.ok(
      contents.some((content) => content.equals(found)),
      "a mixture was stored",
    );
    assert.deepEqual(await listed(storage), [["object", found.byteLength]]);
  });
}

async function checkIsNew(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    const options = { isNew: true };
    await put(storage, "taken", noise(1, 100));
    if (!(await keepsNew(storage))) return;
    for (const bytes of [100, subject.largeBytes]) {
      const codes = ["SNAPSHOT_NAME_TAKEN", ...(bytes === 100 ? [] : ["STORAGE_UNCONDITIONAL"])];
      const code = await assertCode(() => put(storage, "taken", noise(2, bytes), options), ...codes);
      assertSame(await get(storage, "taken"), noise(1, 100), "the first writer's object");
      // Some servers heed conditions of objects that come in one request only.
      if (code === "STORAGE_UNCONDITIONAL") return;
      await put(storage, `new-${bytes}`, noise(3, bytes), options);
      assertSame(await get(storage, `new-${bytes}`), noise(3, bytes), "a new object");
      await assertCode(() => put(storage, `new-${bytes}`, noise(3, bytes), options), "SNAPSHOT_NAME_TAKEN");
    }
  });
}

/** A storage that cannot do it says so, and writes nothing. */
async function keepsNew(storage: SnapshotStorage): Promise<boolean> {
  const options = { isNew: true };
  try {
    await put(storage, "first", noise(1, 10), options);
    assert.ok(storage.capabilities.conditionalWrite, "it takes new names without the capability");
    return true;
  } catch (error) {
    if (!isPlimsollError(error) || error.code !== "STORAGE_UNCONDITIONAL") throw error;
    assert.equal(storage.capabilities.conditionalWrite, false);
    assert.equal(await look(storage, "first"), null);
    return false;
  }
}

async function checkIsNewRace(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage, place) => {
    if (!(await keepsNew(storage))) return;
    const other = await subject.open(place);
    try {
      const contents = Array.from({ length: 8 }, (_, index) => noise(index, 2000));
      const results = await Promise.allSettled(
        contents.map((content, index) =>
          put(index % 2 === 0 ? storage : other, "contested", content, { isNew: true }),
        ),
      );
      const winners = results.flatMap(({ status }, index) => (status === "fulfilled" ? [index] : []));
      assert.equal(winners.length, 1, `${winners.length} writers were told that they have the name`);
      for (const result of results) {
        if (result.status === "rejected")
          await assertCode(() => Promise.reject(result.reason), "SNAPSHOT_NAME_TAKEN");
      }
      assertSame(await get(other, "contested"), contents[winners[0]!]!, "the winner's object");
    } finally {
      await other[Symbol.asyncDispose]();
    }
  });
}

async function checkPace(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage) => {
    let asked = 0;
    let given = 0;
    const content = noise(5, 1000);
    const chunks: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          assert.equal(++asked - given, 1, "a chunk was asked for before the one before had come");
          await new Promise((resolve) => setTimeout(resolve, 1));
          given++;
          return given > 20 ? { done: true, value: undefined } : { done: false, value: content };
        },
      }),
    };
    await storage.write("object", chunks, { signal: still() });
    assert.equal((await get(storage, "object")).byteLength, 20_000);
  });
}

async function checkLeft(subject: StorageSubject): Promise<void> {
  await within(subject, async (storage, place) => {
    await put(storage, "main/first", noise(1, 10));
    await subject.leaveWriting?.(place, "main/half");
    assert.deepEqual(await listed(storage), [["main/first", 10]]);
    assert.equal(await look(storage, "main/half"), null);
    if (storage.removeLeftovers === undefined) return;
    const clean = (at: SnapshotStorage) => at.removeLeftovers!({ signal: still() });
    const underway = gate();
    const half = gate();
    const wait = () => {
      half.open();
      return underway.passed;
    };
    const content = noise(2, subject.largeBytes);
    const writing = storage.write("main/second", halting(content, wait), { signal: still() });
    try {
      await half.passed;
      const removed = await clean(storage);
      assert.equal(removed, subject.leaveWriting === undefined ? 0 : 1, "what was left is still there");
      assert.equal(await clean(storage), 0);
    } finally {
      underway.open();
      await writing;
    }
    assertSame(await get(storage, "main/second"), content, "what was under way when it was cleaned");
    assertSame(await get(storage, "main/first"), noise(1, 10), "what was finished");
  });
}
