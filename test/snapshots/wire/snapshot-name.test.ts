import fc from "fast-check";
import { expect, test } from "vitest";
import {
  instanceNameOf,
  makeSnapshotName,
  parseSnapshotName,
  snapshotPrefix,
} from "../../../src/snapshots/index.js";

const timestampNano = 1641092645012345678n;

test("a name is made as the original makes it, and read again", () => {
  const name = makeSnapshotName({ database: "db1", instance: "inst1", timestampNano });
  expect(name).toBe("db1__inst1__20220102-030405-012345678__GX.pb.gz");
  expect(parseSnapshotName(name)).toEqual({
    database: "db1",
    instance: "inst1",
    timestampNano,
    generation: "GX",
    extra: [],
  });
  expect(name.startsWith(snapshotPrefix("db1"))).toBe(true);
});

test("parts behind the generation are kept apart", () => {
  expect(parseSnapshotName("db1__inst1__20220102-030405-012345678__G1__X123__Y456.pb.gz")).toMatchObject({
    generation: "G1",
    extra: ["X123", "Y456"],
  });
});

test.each([
  "invalid",
  "db1__inst1__20220102-030405-012345678__G1.pb.invalid",
  "db1__inst1__20220102-030405-012345678__G1.pb.gz.tmp",
  "db1__inst1__20220102-030405-012345678.pb.gz",
  "db1__inst1__20220102-030405-012__G1.pb.gz",
  "db1__inst1__20220102-030405_012345678__G1.pb.gz",
  "db1__inst1__20220230-030405-012345678__G1.pb.gz",
  "db1__inst1__20220102-240405-012345678__G1.pb.gz",
  "db1__inst1__20220102-030460-012345678__G1.pb.gz",
  "db.1__inst1__20220102-030405-012345678__G1.pb.gz",
])("%s is no name of a snapshot", (name) => {
  expect(parseSnapshotName(name)).toBeUndefined();
});

test.each([
  ["a.b", "one"],
  ["", "one"],
  ["a__b", "one"],
  ["a_", "one"],
  ["a/b", "one"],
  ["a", ""],
  ["a", "one_two"],
  ["a", "one.two"],
])("database %j and instance %j make no name", (database, instance) => {
  expect(() => makeSnapshotName({ database, instance, timestampNano })).toThrow(
    expect.objectContaining({ code: "SNAPSHOT_NAME_INVALID" }),
  );
});

test("whatever goes into a name comes out of it, and names sort by time", () => {
  const database = fc.stringMatching(/^[a-zA-Z0-9_-]{1,20}$/).filter((name) => !/__|_$/.test(name));
  const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(database, fc.string({ minLength: 1 }), time, time, (name, host, a, b) => {
      const instance = instanceNameOf(host);
      const first = makeSnapshotName({ database: name, instance, timestampNano: a });
      const second = makeSnapshotName({ database: name, instance, timestampNano: b });
      expect(parseSnapshotName(first)).toMatchObject({ database: name, instance, timestampNano: a });
      expect(first < second).toBe(a < b);
    }),
  );
});
