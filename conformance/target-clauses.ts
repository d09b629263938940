import assert from "node:assert/strict";
import type { TargetSession } from "../src/ports/index.js";
import type { TargetClause, TargetSubject } from "./target.js";
import { sortedClauses } from "./target-sorted-clauses.js";
import {
  assertRejects,
  batchAt,
  bytesOf,
  elsewhere,
  hasCode,
  idsSeen,
  isBug,
  mappedBytes,
  openSession,
  otherMapping,
  sealedAt,
  transactionBytes,
  unsealed,
  withSession,
} from "./target-world.js";

const kept = ["durable", "sortedAppend"] as const;

export const targetClauses: TargetClause[] = [
  {
    id: "T1",
    title: "a closed session takes no verb; closing twice, at once too, is closing",
    needs: [],
    check: checkClose,
  },
  { id: "T2", title: "a new target has no checkpoint, no sealed state, no note", needs: [], check: checkNew },
  {
    id: "T3",
    title: "what was committed is there again, with its checkpoint",
    needs: kept,
    check: checkCommit,
  },
  { id: "T4", title: "what was only appended counts for nothing", needs: kept, check: checkUncommitted },
  {
    id: "T4-kill",
    title: "the same when the writer was killed",
    needs: [...kept, "elsewhere"],
    check: checkKilled,
  },
  { id: "T5", title: "an append that is repeated changes nothing", needs: kept, check: checkReplay },
  {
    id: "T6",
    title: "a rollback deletes exactly what is at and above its id",
    needs: kept,
    check: checkRollback,
  },
  {
    id: "T7",
    title: "forget drops the checkpoint and all data of the import, no more",
    needs: kept,
    check: checkForget,
  },
  {
    id: "T8",
    title: "publish shows the new state to readers that come after it",
    needs: [...kept, "reader"],
    check: checkPublish,
  },
  {
    id: "T8-process",
    title: "and so it does in other processes",
    needs: [...kept, "elsewhere"],
    check: checkPublishElsewhere,
  },
  { id: "T9", title: "a second writer is refused, the first goes on", needs: ["durable"], check: checkLock },
  {
    id: "T9-process",
    title: "and so it is in another process",
    needs: ["durable", "elsewhere"],
    check: checkLockElsewhere,
  },
  {
    id: "T9-dead",
    title: "the lock of a dead writer is taken over",
    needs: ["durable", "elsewhere"],
    check: checkDeadLock,
  },
  {
    id: "T10",
    title: "the mapping is kept, and merged with the next one",
    needs: ["durable"],
    check: checkMapping,
  },
  {
    id: "T13",
    title: "mapped pages may be released at any time between verbs",
    needs: kept,
    check: checkRelease,
  },
  { id: "T14", title: "a target says what it cannot do", needs: [], check: checkAbsence },
  ...sortedClauses,
];

const verbs: Record<string, (session: TargetSession) => Promise<unknown>> = {
  checkpoint: (session) => session.checkpoint(),
  finished: (session) => session.finished("import"),
  append: (session) => session.append(batchAt(0)),
  commit: (session) => session.commit("{}"),
  rollback: (session) => session.rollback(0),
  forget: (session) => session.forget(),
  publish: (session) => session.publish(sealedAt(0), "import", "{}"),
  releaseMapped: (session) => session.releaseMapped(),
  flush: (session) => session.flush(),
};

const sortedVerbs: Record<string, (session: TargetSession) => Promise<unknown>> = {
  appendTupleBlock: (session) =>
    session.appendTupleBlock(1, { index: 1, term: 1n, id: 1, block: bytesOf("a") }),
  appendKeyBlock: (session) => session.appendKeyBlock(1, { hash: 1n, ordinal: 0, block: bytesOf("a") }),
  dropSegments: (session) => session.dropSegments(null),
  reader: async (session) => session.reader().close(),
};

async function checkClose(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  const session = await openSession(subject, folder);
  const first = session[Symbol.asyncDispose]();
  await session[Symbol.asyncDispose]();
  await withSession(subject, folder, (next) => next.checkpoint());
  await first;
  await session[Symbol.asyncDispose]();
  for (const [name, verb] of Object.entries({ ...verbs, ...sortedVerbs })) {
    await assertRejects(() => verb(session), isBug, `${name} after close`);
  }
}

async function checkNew(subject: TargetSubject): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    assert.equal(await session.checkpoint(), null);
    assert.equal(await session.finished("import"), null);
    assert.equal(session.sealed, null);
    await session.rollback(0);
    assert.equal(await session.checkpoint(), null);
  });
}

/** Checkpoints are the import's own: every character and every length comes back. */
const exactText = JSON.stringify({
  at: 20,
  text: "é 東京 👍🏽 \\u0000 \n",
  runs: "x".repeat(3 * transactionBytes),
});

async function checkCommit(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  await withSession(subject, folder, async (session) => {
    for (const firstId of [0, 10]) await session.append(batchAt(firstId));
    await session.commit(exactText);
    assert.equal(await session.checkpoint(), exactText);
    assert.ok(session.bytesWritten > 0, "bytesWritten does not move");
  });
  await withSession(subject, folder, async (session) => {
    assert.equal(await session.checkpoint(), exactText);
    assert.deepEqual(unsealed(session).blocks, [0, 10]);
    using reader = session.reader({ isUnsealedVisible: true });
    assert.deepEqual(Buffer.from(reader.recordBlock(15)!.block), batchAt(10).blocks[0]!.block);
    assert.deepEqual(Buffer.from(reader.columnChunk(1, 15)!.chunk), batchAt(10).columns[0]!.chunk);
    assert.deepEqual(reader.place(15), batchAt(10).place);
  });
}

async function checkUncommitted(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  await withSession(subject, folder, async (session) => {
    await session.append(batchAt(0));
    await session.commit("first");
    // More than a transaction holds: some of it may be in the target already.
    for (const firstId of [10, 20, 30]) await session.append(batchAt(firstId, transactionBytes / 3));
  });
  await withSession(subject, folder, async (session) => {
    assert.equal(await session.checkpoint(), "first");
    await session.rollback(10);
    assert.deepEqual(unsealed(session), {
      blocks: [0],
      chunks: [0, 0, 0, 0],
      places: [0, 0, 0, 0],
    });
  });
}

async function checkKilled(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  const said = await elsewhere(
    subject,
    folder,
    `await session.append(batchAt(0, 100)); await session.commit("first"); say("committed");
     for (let id = 10; id < 200; id += 10) await session.append(batchAt(id, 8000));
     await die();`,
  );
  assert.equal(said, "committed");
  await withSession(subject, folder, async (session) => {
    assert.equal(await session.checkpoint(), "first");
    await session.rollback(10);
    assert.deepEqual(unsealed(session).blocks, [0]);
  });
}

async function checkReplay(subject: TargetSubject): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    for (const firstId of [0, 10]) await session.append(batchAt(firstId));
    await session.commit("one");
    const before = unsealed(session);
    for (const firstId of [0, 10]) await session.append(batchAt(firstId));
    await session.commit("two");
    assert.deepEqual(unsealed(session), before);
    assert.equal(await session.checkpoint(), "two");
  });
}

async function checkRollback(subject: TargetSubject): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    for (const firstId of [0, 10, 20, 30]) await session.append(batchAt(firstId));
    await session.commit("all");
    await session.rollback(40);
    assert.deepEqual(unsealed(session).blocks, [0, 10, 20, 30], "more than what is above is gone");
    await session.rollback(20);
    assert.deepEqual(unsealed(session), {
      blocks: [0, 10],
      chunks: [0, 10, 10, 10],
      places: [0, 10, 10, 10],
    });
    await session.append(batchAt(20));
    await session.commit("again");
    assert.deepEqual(unsealed(session).blocks, [0, 10, 20]);
  });
}

async function checkForget(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  await withSession(subject, folder, async (session) => {
    await session.append(batchAt(0));
    await session.appendTupleBlock(1, { index: 1, term: 1n, id: 0, block: bytesOf("sealed") });
    await session.publish(sealedAt(10, [1]), "first", "note");
    await session.append(batchAt(10));
    await session.appendTupleBlock(2, { index: 1, term: 1n, id: 10, block: bytesOf("unsealed") });
    await session.appendKeyBlock(2, { hash: 1n, ordinal: 0, block: bytesOf("unsealed") });
    await session.commit("pending");
    await session.forget();
    assert.equal(await session.checkpoint(), null);
  });
  await withSession(subject, folder, async (session) => {
    assert.equal(await session.checkpoint(), null);
    assert.equal(await session.finished("first"), "note");
    assert.deepEqual(session.sealed, sealedAt(10, [1]));
    assert.deepEqual(unsealed(session).blocks, [0]);
    using reader = session.reader();
    assert.equal([...reader.tupleBlocks(1, 1, 1n, 0)].length, 1);
    assert.deepEqual([...reader.tupleBlocks(2, 0, 0n, 0), ...reader.keyBlocks(2, 0n)], []);
  });
}

async function checkPublish(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  await withSession(subject, folder, async (session) => {
    await session.append(batchAt(0));
    await session.publish(sealedAt(10), "first", "note one");
    assert.deepEqual(session.sealed, sealedAt(10));
    await using before = await subject.openReader!(folder);
    await session.append(batchAt(10));
    await session.commit("pending");
    using within = session.reader();
    assert.deepEqual(idsSeen(within).blocks, [0], "unsealed records are seen");
    assert.equal(within.recordBlock(10), undefined);
    assert.equal(within.columnChunk(1, 10), undefined);
    assert.equal(within.place(10), undefined);
    assert.deepEqual([...within.recordBlocks(10)], [], "blocks behind the last sealed id");
    within.close();
    await session.publish(sealedAt(20), "second", "note two");
    await using after = await subject.openReader!(folder);
    assert.deepEqual([before.sealed, after.sealed], [sealedAt(10), sealedAt(20)]);
    assert.deepEqual([idsSeen(before).blocks, idsSeen(after).blocks], [[0], [0, 10]]);
    assert.equal(await session.checkpoint(), null, "a published import is not pending");
    await session.publish(sealedAt(20), "third", null);
    assert.equal(await session.finished("third"), null, "a note that was not given");
    assert.deepEqual(
      [await session.finished("first"), await session.finished("second")],
      ["note one", "note two"],
    );
  });
}

async function checkPublishElsewhere(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  const look =
    "say(JSON.stringify([reader.sealed.nextId, [...reader.recordBlocks(0)].map((entry) => entry.firstId)]));";
  await withSession(subject, folder, async (session) => {
    await session.append(batchAt(0));
    await session.publish(sealedAt(10), "first", "note");
    await session.append(batchAt(10));
    await session.commit("pending");
    assert.equal(await elsewhere(subject, folder, look, true), "[10,[0]]");
    await session.publish(sealedAt(20), "second", "note");
    assert.equal(await elsewhere(subject, folder, look, true), "[20,[0,10]]");
  });
}

async function checkLock(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  await withSession(subject, folder, async (session) => {
    const second = async () => {
      await using other = await openSession(subject, folder);
      await other.checkpoint();
    };
    await assertRejects(second, hasCode("STORE_LOCKED"), "a second writer");
    await assertRejects(second, hasCode("STORE_LOCKED"), "a second writer that tries again");
    await session.append(batchAt(0));
    await session.commit("first");
  });
  await withSession(subject, folder, async (session) => assert.equal(await session.checkpoint(), "first"));
}

async function checkLockElsewhere(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  await withSession(subject, folder, async () => {
    assert.equal(await elsewhere(subject, folder, 'say("open");'), "STORE_LOCKED");
  });
  assert.equal(
    await elsewhere(subject, folder, 'say("open"); await session[Symbol.asyncDispose]();'),
    "open",
  );
}

async function checkDeadLock(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  assert.equal(await elsewhere(subject, folder, 'say("open"); await die();'), "open");
  assert.equal(await elsewhere(subject, folder, 'say("open"); await die();'), "open");
  await withSession(subject, folder, async (session) => assert.equal(await session.checkpoint(), null));
}

async function checkMapping(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  const names = (session: TargetSession) => session.mapping.entities.map((entity) => entity.name);
  const first = await openSession(subject, folder);
  assert.deepEqual(names(first), ["Thing"]);
  await first[Symbol.asyncDispose]();
  const second = await openSession(subject, folder, otherMapping);
  assert.deepEqual(names(second), ["Thing", "Other"]);
  await second[Symbol.asyncDispose]();
  const refused = subject.make(folder).open({
    mergeMapping: () => {
      throw new Error("no such mapping");
    },
    tempDir: null,
    transactionBytes,
    mappedBytes,
    signal: new AbortController().signal,
  });
  await assert.rejects(refused, /no such mapping/);
  const third = await openSession(subject, folder);
  assert.deepEqual(names(third), ["Thing", "Other"]);
  await third[Symbol.asyncDispose]();
}

async function checkRelease(subject: TargetSubject): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    await session.append(batchAt(0));
    await session.releaseMapped();
    await session.append(batchAt(10));
    await session.commit("both");
    await session.releaseMapped();
    await session.releaseMapped();
    assert.deepEqual(unsealed(session).blocks, [0, 10]);
    assert.equal(await session.checkpoint(), "both");
    await session.append(batchAt(20));
    assert.equal(await session.flush(), true);
    assert.equal(await session.flush(), false);
    assert.equal(session.unsyncedBytes, 0);
    assert.equal(await session.checkpoint(), "both");
  });
}

async function checkAbsence(subject: TargetSubject): Promise<void> {
  const folder = subject.makeFolder();
  const { sortedAppend, durable } = subject.make(folder).capabilities;
  await withSession(subject, folder, async (session) => {
    for (const [name, verb] of Object.entries(sortedVerbs)) {
      if (sortedAppend) await verb(session);
      else await assertRejects(() => verb(session), isBug, `${name} without sortedAppend`);
    }
    await session.append(batchAt(0));
    await session.commit("here");
    assert.equal(await session.checkpoint(), durable ? "here" : null);
    await session.publish(sealedAt(10), "import", "note");
  });
  await withSession(subject, folder, async (session) => {
    assert.equal(await session.finished("import"), durable ? "note" : null);
  });
}
