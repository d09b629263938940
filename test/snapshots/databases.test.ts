import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makePowerDns } from "../../scripts/lib/powerdns.js";
import { keyOrderOf } from "../../src/snapshots/databases/key-order.js";
import {
  ApplicationEnvironment,
  Capture,
  mergeSnapshot,
  openSnapshot,
  sweep,
  writeSnapshot,
} from "../../src/snapshots/index.js";
import { asApplication, formats } from "../support/application-lmdb.js";
import { headOf, mergeTwin, streamOf, type TwinEntry } from "../support/twin.js";

const minutes = 60_000;
const signal = new AbortController().signal;
let dir: string;
let nextFolder = 0;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plimsoll-databases-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const folder = (): string => join(dir, String(nextFolder++));

/** All that stands in a database with headers. */
async function readAll(
  path: string,
  schema: "native" | "shadow" = "native",
): Promise<Map<string, TwinEntry[]>> {
  await using environment = new ApplicationEnvironment(path);
  using capture = await Capture.take(environment, { schema, signal });
  const found = new Map<string, TwinEntry[]>();
  for (const { head, entries } of capture.databases) {
    const copies: TwinEntry[] = [];
    // One object is all of them.
    for (const { key, value, timestampNano, isDeleted } of entries) {
      const [keyText, valueText] = [key, value].map((bytes) => Buffer.from(bytes).toString("hex"));
      copies.push({ key: keyText!, value: valueText!, timestampNano, isDeleted });
    }
    found.set(head.name, copies);
  }
  return found;
}

const hexKeys = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).toString("hex"));
const integerKeys = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((one) => Buffer.from(one).toString("hex"));
/** Empty, small, in the page, and on pages of their own. */
const values = fc
  .tuple(fc.constantFrom(0, 1, 3, 100, 2500, 9000), fc.uint8Array({ minLength: 1, maxLength: 3 }))
  .map(([bytes, pattern]) => Buffer.alloc(bytes, pattern).toString("hex"));
const times = fc.bigInt({ min: 1n, max: 5n });

function entriesOf(keys: fc.Arbitrary<string>, flags: number): fc.Arbitrary<TwinEntry[]> {
  const order = keyOrderOf(flags);
  const entry = fc.record({ key: keys, value: values, timestampNano: times, isDeleted: fc.boolean() });
  return fc.uniqueArray(entry, { selector: (one) => one.key, maxLength: 60 }).map((entries) =>
    entries.sort((a, b) => {
      const [left, right] = [Buffer.from(a.key, "hex"), Buffer.from(b.key, "hex")];
      return order(left, 0, left.length, right, 0, right.length);
    }),
  );
}

const kinds: [string, number, fc.Arbitrary<string>][] = [
  ["bytes", 0, hexKeys],
  ["keys by their ends", 0x02, hexKeys],
  ["integers of 4 bytes", 0x08, integerKeys(4)],
  ["integers of 8 bytes", 0x08, integerKeys(8)],
];

for (const [kind, flags, keys] of kinds) {
  test(
    `merging snapshots in any order, and again, ends in one state (${kind})`,
    async () => {
      const snapshots = fc.array(entriesOf(keys, flags), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(snapshots, fc.infiniteStream(fc.nat(100)), async (lists, picks) => {
          const twin = new Map<string, TwinEntry>();
          for (const list of lists) mergeTwin(twin, list);
          const expected = [...entriesInOrder([...twin.values()], flags)];
          for (const format of formats) {
            const path = folder();
            await asApplication(path, format, (table) => void table("records", flags));
            const order = [...lists, ...lists].map((list) => ({ list, at: picks.next().value }));
            {
              await using environment = new ApplicationEnvironment(path);
              for (const { list } of order.sort((a, b) => a.at - b.at)) {
                const source = streamOf([{ head: headOf("records", flags), entries: list }]);
                await mergeSnapshot(environment, source, { schema: "native", signal });
              }
            }
            expect((await readAll(path)).get("records")).toEqual(expected);
            rmSync(path, { recursive: true });
          }
        }),
        { numRuns: 5, endOnFailure: true },
      );
    },
    minutes,
  );
}

function entriesInOrder(entries: TwinEntry[], flags: number): TwinEntry[] {
  const order = keyOrderOf(flags);
  return entries.sort((a, b) => {
    const [left, right] = [Buffer.from(a.key, "hex"), Buffer.from(b.key, "hex")];
    return order(left, 0, left.length, right, 0, right.length);
  });
}

test(
  "a captured database goes through the wire and comes out as it was, byte for byte again",
  async () => {
    await fc.assert(
      fc.asyncProperty(entriesOf(hexKeys, 0), entriesOf(integerKeys(4), 8), async (texts, numbers) => {
        for (const format of formats) {
          const [from, to] = [folder(), folder()];
          const source = streamOf([
            { head: headOf("numbers", 8), entries: numbers },
            { head: headOf("texts"), entries: texts },
          ]);
          for (const path of [from, to]) await asApplication(path, format, (table) => void table("other"));
          {
            await using environment = new ApplicationEnvironment(from);
            await mergeSnapshot(environment, source, { schema: "native", signal });
          }
          const first = await publish(from);
          {
            await using environment = new ApplicationEnvironment(to);
            await using reader = await openSnapshot(chunksOf(first), { name: "one", signal });
            await mergeSnapshot(environment, reader, { schema: "native", signal });
          }
          expect((await publish(to)).equals(first)).toBe(true);
        }
      }),
      { numRuns: 5, endOnFailure: true },
    );
  },
  minutes,
);

async function* chunksOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

async function publish(path: string): Promise<Buffer> {
  await using environment = new ApplicationEnvironment(path);
  using capture = await Capture.take(environment, { schema: "native", signal });
  const meta = {
    generationId: "GX",
    instanceId: "one",
    hostname: "here",
    databaseName: "main",
    lmdbTxnId: 1n,
    timestampNano: 1n,
    fromLmdbTxnId: 0n,
  };
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSnapshot({ meta, dbis: capture.databases }, { signal }))
    chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

test("tombstones are swept behind their retention, and a merge does not bring them back", async () => {
  const path = folder();
  await asApplication(path, 2, (table) => void table("records"));
  const entry = (key: string, timestampNano: bigint, isDeleted: boolean): TwinEntry => ({
    key,
    value: isDeleted ? "" : "00",
    timestampNano,
    isDeleted,
  });
  const entries = [entry("01", 10n, true), entry("02", 10n, false), entry("03", 30n, true)];
  const source = () => streamOf([{ head: headOf("records"), entries }]);
  {
    await using environment = new ApplicationEnvironment(path);
    await mergeSnapshot(environment, source(), { schema: "native", signal });
    const settings = { schema: "native", signal, cutoffNano: 20n, lockMs: 50, releaseMs: 1 } as const;
    expect(await sweep(environment, settings)).toMatchObject({ entries: 3, tombstones: 2, removed: 1 });
    await mergeSnapshot(environment, source(), { schema: "native", signal, deletedCutoffNano: 20n });
  }
  expect((await readAll(path)).get("records")).toEqual(entries.slice(1));
});

test("generated name servers hold six records a domain, and differ by what each has changed", async () => {
  const made = [folder(), folder()];
  for (const path of made) await makePowerDns({ domains: 200, instances: 2, seed: 3, dir: path });
  const [first, second, again] = await Promise.all(
    [`${made[0]}/instance-1`, `${made[0]}/instance-2`, `${made[1]}/instance-1`].map((path) => readAll(path)),
  );
  expect([...first!].map(([name, entries]) => [name, entries.length])).toEqual([
    ["domains_v5", 200],
    ["domains_v5_0", 200],
    ["records_v5", 1200],
  ]);
  expect(again).toEqual(first);
  const others = second!.get("records_v5")!;
  const differing = first!
    .get("records_v5")!
    .filter((entry, at) => entry.timestampNano !== others[at]!.timestampNano);
  expect(differing.length).toBeGreaterThan(5);
  expect(differing.length).toBeLessThan(60);
});
