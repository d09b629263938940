import assert from "node:assert/strict";
import { isPlimsollError } from "../src/kernel/index.js";
import type { TableClause, TableSubject } from "./table-target.js";
import {
  finish,
  listRows,
  load,
  openTables,
  ownerBatch,
  sealed,
  type Thing,
  thingBatch,
  things,
  thingsMapping,
  withTables,
} from "./table-world.js";

export const tableClauses: TableClause[] = [
  { id: "B1", title: "a closed session takes no verb; closing twice is closing", check: checkClose },
  { id: "B2", title: "a new database has no checkpoint and no note", check: checkNew },
  { id: "B3", title: "what was committed is there, with its checkpoint", check: checkCommit },
  { id: "B4", title: "what was only applied counts for nothing", check: checkUncommitted },
  { id: "B5", title: "every rule settles keys in the order of the records", check: checkRules },
  { id: "B5-chunks", title: "whatever the chunks are, rows and counts are the same", check: checkChunks },
  { id: "B6", title: "lists come, change and go with their record", check: checkLists },
  { id: "B7", title: "tombstones take out what is not newer, before and after", check: checkTombstones },
  { id: "B8", title: "a record that the database refuses costs itself alone", check: checkRefused },
  { id: "B9", title: "links that lead nowhere are taken out and counted, once", check: checkLinks },
  { id: "B10", title: "publish leaves the note and no checkpoint", check: checkPublish },
  { id: "B11", title: "forget takes out what the unfinished import brought", check: checkForget },
  { id: "B12", title: "a second writer is refused, the first goes on", check: checkSecondWriter },
];

async function checkClose(subject: TableSubject): Promise<void> {
  const session = await openTables(subject, subject.makePlace(), thingsMapping("keep"));
  await Promise.all([session[Symbol.asyncDispose](), session[Symbol.asyncDispose]()]);
  await assert.rejects(session.apply(thingBatch([{ id: 1 }])));
  await assert.rejects(session.commit("{}"));
}

async function checkNew(subject: TableSubject): Promise<void> {
  await withTables(subject, subject.makePlace(), thingsMapping("keep"), async (session) => {
    assert.deepEqual([await session.checkpoint(), await session.finished("import")], [null, null]);
  });
}

async function checkCommit(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  const mapping = thingsMapping("keep");
  await withTables(subject, place, mapping, async (session) => {
    await load(
      session,
      [
        { id: 1, name: "one" },
        { id: 2, name: "two" },
      ],
      1,
    );
  });
  assert.deepEqual(await things(subject, place), [
    [1, null, "one", null],
    [2, null, "two", null],
  ]);
  await withTables(subject, place, mapping, async (session) => {
    assert.equal(await session.checkpoint(), '{"chunk":1}');
  });
}

async function checkUncommitted(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  await withTables(subject, place, thingsMapping("keep"), async (session) => {
    await load(session, [{ id: 1 }]);
    await session.apply(thingBatch([{ id: 2 }]));
    await session.settle();
  });
  assert.deepEqual(await things(subject, place), [[1, null, null, null]]);
}

const meetings: Thing[] = [
  { id: 1, version: 5, name: "a" },
  { id: 2, version: 1, name: "b" },
  { id: 1, version: 5, name: "c" },
  { id: 1, version: 4, name: "d" },
  { id: 1, version: 6, name: "e" },
  { id: 2, name: "f" },
];

const outcomes = {
  keep: { names: ["a", "b"], counts: { stored: 2, duplicates: 4 } },
  replace: { names: ["e", "f"], counts: { stored: 2, replaced: 4 } },
  "newest:version": { names: ["e", "b"], counts: { stored: 2, replaced: 1, superseded: 2, duplicates: 1 } },
  reject: { names: ["a", "b"], counts: { stored: 2 } },
};

async function checkRules(subject: TableSubject): Promise<void> {
  for (const rule of Object.keys(outcomes)) await checkRule(subject, rule, meetings.length);
}

async function checkChunks(subject: TableSubject): Promise<void> {
  for (const rule of Object.keys(outcomes)) for (const chunk of [1, 4]) await checkRule(subject, rule, chunk);
}

async function checkRule(subject: TableSubject, rule: string, chunk: number): Promise<void> {
  const place = subject.makePlace();
  const wanted = outcomes[rule as keyof typeof outcomes];
  const { counts, rejects } = await withTables(subject, place, thingsMapping(rule), (session) =>
    load(session, meetings, chunk),
  );
  const none = { stored: 0, replaced: 0, superseded: 0, duplicates: 0, deleted: 0 };
  assert.deepEqual(counts, { ...none, ...wanted.counts }, `${rule} in chunks of ${chunk}`);
  assert.deepEqual(
    (await things(subject, place)).map(([, , name]) => name),
    wanted.names,
  );
  const refused = rejects.map(({ code, place, ordinal }) => `${code} ${place.record + ordinal}`);
  const all = [3, 4, 5, 6].map((record) => `CONFLICT_REJECTED ${record}`);
  assert.deepEqual(refused, rule === "reject" ? all : []);
}

async function checkLists(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  await withTables(subject, place, thingsMapping("replace"), async (session) => {
    await load(session, [
      { id: 1, tags: ["x", "y"] },
      { id: 2, tags: ["z"] },
      { id: 3, tags: ["q"] },
    ]);
    await load(session, [
      { id: 1, tags: ["w"] },
      { id: 3, gone: true },
    ]);
  });
  assert.deepEqual(await listRows(subject, place, "tags"), [
    [1, 0, "w"],
    [2, 0, "z"],
  ]);
}

async function checkTombstones(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  await withTables(subject, place, thingsMapping("newest:version"), async (session) => {
    const { counts } = await load(
      session,
      [
        { id: 1, version: 5, name: "a" },
        { id: 1, version: 4, gone: true },
        { id: 2, version: 5, name: "b" },
        { id: 2, version: 5, gone: true },
        { id: 2, version: 3, name: "c" },
        { id: 3, version: 9, gone: true },
        { id: 3, version: 10, name: "d" },
      ],
      2,
    );
    assert.deepEqual(counts, { stored: 3, replaced: 0, superseded: 0, duplicates: 0, deleted: 4 });
  });
  assert.deepEqual(await things(subject, place), [
    [1, 5, "a", null],
    [3, 10, "d", null],
  ]);
  const other = subject.makePlace();
  await withTables(subject, other, thingsMapping("keep"), async (session) => {
    await load(session, [{ id: 1 }, { id: 1, gone: true }, { id: 1, name: "again" }]);
  });
  assert.deepEqual(await things(subject, other), [[1, null, "again", null]]);
}

async function checkRefused(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  // A key that is missing is what no table takes.
  const all = Array.from({ length: 200 }, (_, id): Thing => ({ id: id === 150 ? null : id, tags: ["t"] }));
  const { counts, rejects } = await withTables(subject, place, thingsMapping("keep"), (session) =>
    load(session, all),
  );
  assert.equal(counts.stored, 199);
  assert.deepEqual(
    rejects.map(({ code, ordinal }) => [code, ordinal]),
    [["ROW_REFUSED", 150]],
  );
  assert.ok(rejects[0]!.reason.length > 0 && rejects[0]!.head.length > 0);
  assert.equal((await things(subject, place)).length, 199);
  assert.equal((await listRows(subject, place, "tags")).length, 199);
}

async function checkLinks(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  await withTables(subject, place, thingsMapping("keep"), async (session) => {
    await load(session, [
      { id: 1, owner: "ann", friends: ["bob", "nobody"] },
      { id: 2, owner: "nobody" },
    ]);
    await session.apply(ownerBatch(["ann", "bob"]));
    await session.settle();
    await session.commit("{}");
    assert.equal(await finish(session), 2);
    assert.equal(await finish(session), 0);
  });
  assert.deepEqual(await things(subject, place), [
    [1, null, null, "ann"],
    [2, null, null, null],
  ]);
  assert.deepEqual(await listRows(subject, place, "friends"), [[1, 0, "bob"]]);
}

async function checkPublish(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  const mapping = thingsMapping("keep");
  await withTables(subject, place, mapping, async (session) => {
    await load(session, [{ id: 1 }]);
    await session.publish(sealed, "import", "note");
  });
  await withTables(subject, place, mapping, async (session) => {
    const found = [
      await session.checkpoint(),
      await session.finished("import"),
      await session.finished("other"),
    ];
    assert.deepEqual(found, [null, "note", null]);
  });
  assert.equal((await things(subject, place)).length, 1);
}

async function checkForget(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  const mapping = thingsMapping("keep");
  await withTables(subject, place, mapping, (session) => load(session, [{ id: 1, tags: ["t"] }]));
  await withTables(subject, place, mapping, async (session) => {
    await session.forget();
    assert.equal(await session.checkpoint(), null);
    await load(session, [{ id: 2 }]);
    await session.publish(sealed, "import", "note");
  });
  assert.deepEqual(
    [await things(subject, place), await listRows(subject, place, "tags")],
    [[[2, null, null, null]], []],
  );
  // What a finished import has left is nobody's to forget.
  await withTables(subject, place, mapping, async (session) => {
    await load(session, [{ id: 3 }]);
    await session.forget();
  });
  assert.ok((await things(subject, place)).some(([id]) => id === 2));
}

async function checkSecondWriter(subject: TableSubject): Promise<void> {
  const place = subject.makePlace();
  const mapping = thingsMapping("keep");
  await withTables(subject, place, mapping, async (session) => {
    await assert.rejects(
      withTables(subject, place, mapping, async () => {}),
      (error) => isPlimsollError(error) && error.retryable,
    );
    await load(session, [{ id: 1 }]);
  });
  assert.equal((await things(subject, place)).length, 1);
}
