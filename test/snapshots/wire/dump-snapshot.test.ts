import { expect, test } from "vitest";
import { dumpSnapshot, openSnapshot, writeSnapshot } from "../../../src/snapshots/index.js";
import { contentOf, noMeta, noSignal } from "../../support/snapshots.js";

const content = contentOf(
  { ...noMeta, instanceId: "one", lmdbTxnId: 7n, timestampNano: 1641092645012345678n },
  [
    {
      head: { name: "main", flags: 12n, transform: "" },
      entries: [
        { key: "6b6b6b31", value: "7631", timestampNano: 1641092645012345678n, isDeleted: false },
        { key: "6b6b6b32", value: "0001", timestampNano: 0n, isDeleted: false },
        { key: "6b6b6b33", value: "", timestampNano: 1n, isDeleted: true },
        {
          key: "6b6b6b34",
          value: "61".repeat(1024 * 1024 + 1),
          timestampNano: 2n ** 64n - 1n,
          isDeleted: false,
        },
      ],
    },
    { head: { name: "other", flags: 0n, transform: "" }, entries: [] },
  ],
);

async function dumped(database?: string): Promise<Record<string, unknown>[]> {
  const reader = await openSnapshot(writeSnapshot(content, { signal: noSignal }), {
    name: "x",
    signal: noSignal,
  });
  let text = "";
  for await (const block of dumpSnapshot(reader, database === undefined ? {} : { database })) text += block;
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

test("a dump has a line for the snapshot, for each database and for each entry", async () => {
  const [snapshot, main, text, bytes, deleted, large, other] = await dumped();
  expect(snapshot).toEqual({
    snapshot: {
      formatVersion: 3,
      compatVersion: 1,
      generationId: "",
      instanceId: "one",
      hostname: "",
      databaseName: "",
      lmdbTxnId: "7",
      timestampNano: "1641092645012345678",
      fromLmdbTxnId: "0",
      time: "2022-01-02T03:04:05.012345678Z",
    },
  });
  expect(main).toEqual({ database: "main", flags: ["DUPSORT", "INTEGERKEY"], transform: "" });
  expect(text).toEqual({
    key: "kkk1",
    value: "v1",
    time: "2022-01-02T03:04:05.012345678Z",
    timestampNano: "1641092645012345678",
  });
  expect(bytes).toMatchObject({ key: "kkk2", valueHex: "0001", time: "1970-01-01T00:00:00.000000000Z" });
  expect(deleted).toMatchObject({ key: "kkk3", deleted: true });
  expect(large).toMatchObject({ valueBytes: 1024 * 1024 + 1, time: "2554-07-21T23:34:33.709551615Z" });
  expect((large!.value as string).length).toBe(1024 * 1024);
  expect(other).toEqual({ database: "other", flags: [], transform: "" });
});

test("one database can be chosen", async () => {
  expect((await dumped("other")).map((line) => Object.keys(line)[0])).toEqual(["snapshot", "database"]);
});
