import fc from "fast-check";
import protobuf from "protobufjs";
import { expect, test } from "vitest";
import type { SnapshotMeta } from "../../../src/snapshots/index.js";
import { SnapshotReader } from "../../../src/snapshots/wire/snapshot-reader.js";
import { snapshotMessage } from "../../../src/snapshots/wire/snapshot-writer.js";
import {
  collect,
  contentOf,
  type HeldDatabase,
  type HeldEntry,
  noMeta,
  readAll,
} from "../../support/snapshots.js";

/** The format as its authors describe it, for a library that knows nothing of ours. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message KV { bytes key = 1; bytes value = 2; fixed64 timestampNano = 3; uint32 flags = 4; }
  message DBI { string name = 1; repeated KV entries = 2; uint64 flags = 3; string transform = 4; }
  message Meta {
    string generationID = 1; string instanceID = 2; string hostname = 3; int64 lmdbTxnID = 4;
    fixed64 timestampNano = 5; string databaseName = 7; int64 fromLmdbTxnID = 8;
  }
  message Snapshot { uint32 formatVersion = 1; uint32 compatVersion = 4; Meta meta = 2; repeated DBI databases = 3; }
`);
const Snapshot = root.lookupType("Snapshot");

const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constantFrom(0n, 1n, 2n ** 63n));
const int64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });

const meta: fc.Arbitrary<SnapshotMeta> = fc.record({
  generationId: fc.string(),
  instanceId: fc.string({ unit: "grapheme" }),
  hostname: fc.string(),
  databaseName: fc.string(),
  lmdbTxnId: int64,
  timestampNano: uint64,
  fromLmdbTxnId: int64,
});

const bytes = (minLength: number, maxLength: number) =>
  fc.uint8Array({ minLength, maxLength }).map((array) => Buffer.from(array).toString("hex"));

/** Lengths about those where a varint takes another byte. */
const value = fc.oneof(
  { weight: 20, arbitrary: bytes(0, 20) },
  { weight: 4, arbitrary: bytes(90, 140) },
  { weight: 1, arbitrary: fc.integer({ min: 16370, max: 16400 }).map((length) => "ab".repeat(length)) },
);

const entries: fc.Arbitrary<HeldEntry[]> = fc
  .uniqueArray(bytes(1, 30), { maxLength: 12 })
  .chain((keys) =>
    fc.tuple(
      ...keys
        .sort()
        .map((key) =>
          fc.record({ key: fc.constant(key), value, timestampNano: uint64, isDeleted: fc.boolean() }),
        ),
    ),
  )
  .map((list) => list.map((entry) => (entry.isDeleted ? { ...entry, value: "" } : entry)));

const databases: fc.Arbitrary<HeldDatabase[]> = fc.array(
  fc.record({
    head: fc.record({
      name,
      flags: fc.constantFrom(0n, 4n, 2n ** 63n),
      transform: fc.constantFrom("", "dupsort_hack_v1"),
    }),
    entries,
  }),
  { maxLength: 4 },
);

test("what is written, another library reads", async () => {
  await fc.assert(
    fc.asyncProperty(meta, databases, async (written, content) => {
      const message = Snapshot.decode(await collect(snapshotMessage(contentOf(written, content))));
      const {
        meta: read,
        databases: dbis,
        ...versions
      } = Snapshot.toObject(message, { longs: String, defaults: true });
      expect(versions).toEqual({ formatVersion: 3, compatVersion: 1 });
      expect(read ?? plainMeta(noMeta)).toEqual(plainMeta(written));
      expect(dbis).toEqual(content.map(plainDatabase));
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("what another library writes is read", async () => {
  await fc.assert(
    fc.asyncProperty(
      meta,
      databases,
      fc.integer({ min: 1, max: 3 }),
      async (written, content, formatVersion) => {
        const message = Snapshot.encode(
          Snapshot.fromObject({
            formatVersion,
            meta: plainMeta(written),
            databases: content.map((database) => plainDatabase(database)),
          }),
        ).finish();
        // That library writes fields by their numbers: heads stand behind entries, which only a second look finds.
        const chunkBytes = 1 + (message.length % 50);
        const survey = new SnapshotReader(pieces(message, chunkBytes), { name: "x", isSurvey: true });
        const surveyed = await readAll(await survey.open());
        const { databases: read, ...about } = surveyed;
        expect(about).toEqual({ formatVersion, compatVersion: 0, meta: written });
        expect(read.map(({ head }) => head)).toEqual(content.map(({ head }) => head));
        const outline = {
          ...about,
          databases: read.map(({ head, entries }) => ({ head, entries: entries.length })),
          entryBytesMax: survey.entryBytesMax,
        };
        const reader = new SnapshotReader(pieces(message, chunkBytes), { name: "x", outline });
        const again = await readAll(await reader.open());
        expect(again.databases).toEqual(formatVersion > 1 ? content : content.map(withoutEmptyValues));
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test("it is read the same wherever the borders of chunks lie", async () => {
  await fc.assert(
    fc.asyncProperty(
      meta,
      databases,
      fc.integer({ min: 1, max: 200 }),
      async (about, content, chunkBytes) => {
        const message = await collect(snapshotMessage(contentOf(about, content)));
        const reader = new SnapshotReader(pieces(message, chunkBytes), { name: "x" });
        const expected = { formatVersion: 3, compatVersion: 1, meta: about, databases: content };
        expect(await readAll(await reader.open())).toEqual(expected);
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test("what is left of a database when the next one is asked for is passed over", async () => {
  await fc.assert(
    fc.asyncProperty(
      databases,
      fc.nat(),
      fc.integer({ min: 1, max: 100 }),
      async (content, seed, chunkBytes) => {
        const message = await collect(snapshotMessage(contentOf(noMeta, content)));
        const reader = await new SnapshotReader(pieces(message, chunkBytes), { name: "x" }).open();
        for (const [index, { head, entries }] of content.entries()) {
          expect(await reader.nextDbi()).toEqual(head);
          const wanted = (seed >> index) % (entries.length + 1);
          for (let count = 0; count < wanted; count++) {
            const entry = reader.next() ?? ((await reader.fill()) ? reader.next() : null);
            expect(Buffer.from(entry!.key).toString("hex")).toBe(entries[count]!.key);
          }
        }
        expect(await reader.nextDbi()).toBeNull();
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

async function* pieces(message: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < message.length; at += chunkBytes) yield message.slice(at, at + chunkBytes);
}

function plainMeta(about: SnapshotMeta) {
  return {
    generationID: about.generationId,
    instanceID: about.instanceId,
    hostname: about.hostname,
    databaseName: about.databaseName,
    lmdbTxnID: String(about.lmdbTxnId),
    timestampNano: String(about.timestampNano),
    fromLmdbTxnID: String(about.fromLmdbTxnId),
  };
}

function plainDatabase({ head, entries: list }: HeldDatabase) {
  return {
    name: head.name,
    flags: String(head.flags),
    transform: head.transform,
    entries: list.map(({ key, value: text, timestampNano, isDeleted }) => ({
      key: Buffer.from(key, "hex"),
      value: Buffer.from(text, "hex"),
      timestampNano: String(timestampNano),
      flags: isDeleted ? 1 : 0,
    })),
  };
}

/** Version 1 knows no empty values: they are deletions. */
function withoutEmptyValues({ head, entries: list }: HeldDatabase): HeldDatabase {
  return {
    head,
    entries: list.map((entry) => ({ ...entry, isDeleted: entry.isDeleted || entry.value === "" })),
  };
}
