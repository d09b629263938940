import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  collectGarbage,
  KiB,
  MiB,
  mergeBytes,
  mergePassBytesMax,
  snapshotEntryBytesMax,
  snapshotStreamBytes,
  snapshotStreamsMax,
} from "../../../src/kernel/index.js";
import {
  ApplicationDatabase,
  ApplicationEnvironment,
  ByteBudget,
  Capture,
  surveySnapshot,
  writeSnapshot,
} from "../../../src/snapshots/index.js";
import { firstPass, passBytes } from "../../../src/snapshots/merge/merge-passes.js";
import { asApplication } from "../../support/application-lmdb.js";
import { collect, contentOf, inChunks, noMeta, noSignal } from "../../support/snapshots.js";
import { headOf, mergeTwin, type TwinEntry } from "../../support/twin.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plimsoll-passes-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const schemas = ["native", "shadow"] as const;

test("passes are all sources in their order, each within its bytes whatever many there are", () => {
  const entryBytes = fc.oneof(fc.nat(64 * KiB), fc.nat(4 * MiB), fc.nat(snapshotEntryBytesMax));
  fc.assert(
    fc.property(
      fc.array(entryBytes, { minLength: 1, maxLength: 100 }),
      fc.integer({ min: mergeBytes + snapshotStreamBytes, max: 2048 * MiB }),
      fc.constantFrom(...schemas),
      (sizes, bytesMax, schema) => {
        const sources = sizes.map((entryBytesMax, index) => ({ entryBytesMax, index }));
        const seen: number[] = [];
        for (let left: readonly (typeof sources)[number][] = sources; left.length > 0; ) {
          const pass = firstPass(left, { bytesMax, schema });
          seen.push(...pass.map(({ index }) => index));
          expect(pass.length).toBeLessThanOrEqual(snapshotStreamsMax);
          const bytes = passBytes(pass, schema);
          if (pass.length > 1) expect(bytes).toBeLessThanOrEqual(Math.min(bytesMax, mergePassBytesMax));
          const next = left.slice(0, pass.length + 1);
          const isFull = pass.length === snapshotStreamsMax || passBytes(next, schema) > bytesMax;
          expect(isFull || next.length === pass.length || passBytes(next, schema) > mergePassBytesMax).toBe(
            true,
          );
          left = left.slice(pass.length);
        }
        expect(seen).toEqual(sources.map(({ index }) => index));
      },
    ),
  );
});

/** A budget that remembers the most that was held of it. */
class WatchedBudget extends ByteBudget {
  mostBytes = 0;
  leases = 0;

  override async take(bytes: number, signal: AbortSignal, count?: number) {
    const lease = await super.take(bytes, signal, count);
    this.leases += 1;
    this.mostBytes = Math.max(this.mostBytes, this.usedBytes);
    return lease;
  }
}

/** Snapshots of instances with the same keys: each has changed some, and some have a large value. */
async function instances(count: number, largeBytes: (instance: number) => number) {
  const state = new Map<string, TwinEntry>();
  const objects: Buffer[] = [];
  for (let instance = 0; instance < count; instance++) {
    const entries = Array.from({ length: 200 }, (_, index): TwinEntry => {
      const isOwn = (index * 7 + instance) % 11 === 0;
      const isLarge = index === 100 && largeBytes(instance) > 0;
      const bytes = isLarge ? largeBytes(instance) : 1 + (isOwn ? (index * instance) % 50 : index % 50);
      return {
        key: index.toString(16).padStart(8, "0"),
        value: Buffer.alloc(bytes, instance + 1).toString("hex"),
        // Times that many share, so that values decide, before a pass and across two.
        timestampNano: isOwn || isLarge ? BigInt(10 + (instance % 3)) : 1n,
        isDeleted: isOwn && index % 3 === 0,
      };
    });
    // Bytes that gzip makes nothing of: an object is read to its end when its last entry is merged.
    const value = randomBytes(128 * KiB).toString("hex");
    entries.push({ key: "ffffffff", value, timestampNano: 2n, isDeleted: false });
    mergeTwin(state, entries);
    objects.push(
      await collect(
        writeSnapshot(contentOf(noMeta, [{ head: headOf("records"), entries }]), { signal: noSignal }),
      ),
    );
  }
  return { state, objects };
}

async function opened(name: string): Promise<{ path: string; database: ApplicationDatabase }> {
  const path = join(dir, name);
  await asApplication(path, 2, (table) => void table("records"));
  const rest = { mapBytes: 0, headerBlocks: 0, createFlags: new Map(), retentionMs: null, cutoffMs: null };
  const database = new ApplicationDatabase({
    ...rest,
    path,
    schema: "native",
    sweepLockMs: 50,
    sweepReleaseMs: 50,
  });
  return { path, database };
}

/** Sources that say how many of them are read at once. */
function watched(objects: readonly Buffer[]) {
  const open = { now: 0, most: 0 };
  const sources = objects.map((object, index) => ({
    name: `instance ${index}`,
    async *read() {
      open.now += 1;
      open.most = Math.max(open.most, open.now);
      try {
        yield* inChunks(object, 16 * KiB);
      } finally {
        open.now -= 1;
      }
    },
  }));
  return { sources, open };
}

async function stateOf(path: string): Promise<Map<string, TwinEntry>> {
  await using environment = new ApplicationEnvironment(path);
  using capture = await Capture.take(environment, { schema: "native", signal: noSignal });
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const state = new Map<string, TwinEntry>();
  for (const { key, value, timestampNano, isDeleted } of capture.databases[0]!.entries)
    state.set(text(key), { key: text(key), value: text(value), timestampNano, isDeleted });
  return state;
}

/** A line for each entry: values are large. */
function shown(state: Map<string, TwinEntry>): string[] {
  const lines = [...state.values()].map(({ key, value, timestampNano, isDeleted }) => {
    const digest = createHash("sha1").update(value).digest("hex");
    return `${key} ${timestampNano} ${isDeleted ? "deleted" : digest}`;
  });
  return lines.sort();
}

test("three instances and thirty take the same, and come to what one pass would", async () => {
  const bytesMax = 1024 * MiB;
  const most: number[] = [];
  for (const count of [3, 10, 30]) {
    const { state, objects } = await instances(count, (instance) => (instance % 3 === 1 ? 600 * KiB : 0));
    const { path, database } = await opened(`alike-${count}`);
    const { sources, open } = watched(objects);
    const budget = new WatchedBudget({ bytesMax });
    const { entries } = await database.merge(sources, { signal: noSignal, budget });
    await database[Symbol.asyncDispose]();
    expect([open.now, budget.usedBytes]).toEqual([0, 0]);
    expect(open.most).toBe(Math.min(count, snapshotStreamsMax));
    expect(entries).toBe(201 * Math.ceil(count / snapshotStreamsMax));
    // One lease for each look, and one for each pass.
    expect(budget.leases).toBe(count + Math.ceil(count / snapshotStreamsMax));
    most.push(budget.mostBytes);
    expect(shown(await stateOf(path))).toEqual(shown(state));
  }
  expect(Math.max(...most)).toBeLessThanOrEqual(mergePassBytesMax);
  expect(most[2]).toBe(most[1]);
});

test("large entries go together as far as the budget goes, and alone beyond that", async () => {
  const { state, objects } = await instances(5, () => 5 * MiB);
  const { path, database } = await opened("large");
  const alone = passBytes([{ entryBytesMax: 5 * MiB + 100 }], "native");
  const { sources, open } = watched(objects);
  const budget = new WatchedBudget({ bytesMax: alone });
  await database.merge(sources, { signal: noSignal, budget });
  expect(open.most).toBe(1);
  expect(budget.mostBytes).toBeLessThanOrEqual(alone);
  const tight = new WatchedBudget({ bytesMax: alone - MiB });
  const refused = database.merge(sources, { signal: noSignal, budget: tight });
  await expect(refused).rejects.toMatchObject({
    code: "SNAPSHOT_ENTRY_OVER_LINE",
    details: { name: "instance 0" },
  });
  expect(tight.usedBytes).toBe(0);
  await database[Symbol.asyncDispose]();
  expect(shown(await stateOf(path))).toEqual(shown(state));
});

test("a look over a snapshot finds its largest entry and holds none", async () => {
  const { objects } = await instances(1, () => 24 * MiB);
  collectGarbage();
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const chunks = async function* () {
    for await (const chunk of inChunks(objects[0]!, 8 * KiB)) {
      collectGarbage();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      yield chunk;
    }
  };
  const { entryBytesMax, databases } = await surveySnapshot(chunks(), { name: "one", signal: noSignal });
  expect(entryBytesMax).toBeGreaterThan(24 * MiB);
  expect(entryBytesMax).toBeLessThan(24 * MiB + 64);
  expect(databases).toMatchObject([{ entries: 201 }]);
  expect(most).toBeLessThan(4 * MiB);
});
