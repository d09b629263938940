import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { listDatabases, shadowPrefix } from "../../src/snapshots/databases/database-list.js";
import { EntryWalk } from "../../src/snapshots/databases/entry-walk.js";
import { dbiFlags } from "../../src/snapshots/databases/page-layout.js";
import {
  ApplicationEnvironment,
  Capture,
  dropShadows,
  mainToShadow,
  mergeSnapshot,
  openSnapshot,
  writeSnapshot,
} from "../../src/snapshots/index.js";
import { asApplication, formats } from "../support/application-lmdb.js";

const minutes = 60_000;
const signal = new AbortController().signal;
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plimsoll-shadow-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** What the application itself sees: its pairs, in the order of its database. */
function readMain(environment: ApplicationEnvironment, name: string): string[] {
  using state = environment.hold();
  const tree = listDatabases(environment.pages, state.meta, "").get(name);
  if (tree === undefined) return [];
  const walk = new EntryWalk(environment.pages, tree);
  const found: string[] = [];
  while (walk.next())
    found.push(`${Buffer.from(walk.key).toString("hex")}=${Buffer.from(walk.value).toString("hex")}`);
  return found;
}

async function publish(environment: ApplicationEnvironment): Promise<Buffer> {
  using capture = await Capture.take(environment, { schema: "shadow", signal });
  const meta = {
    generationId: "GX",
    instanceId: "one",
    hostname: "here",
    databaseName: "main",
    lmdbTxnId: capture.lmdbTxnId,
    timestampNano: 1n,
    fromLmdbTxnId: 0n,
  };
  const chunks: Uint8Array[] = [];
  for await (const chunk of writeSnapshot({ meta, dbis: capture.databases }, { signal }))
    chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function* once(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}

interface Step {
  instance: number;
  kind: "put" | "remove" | "sync";
  key: number;
  value: number;
}

/** Databases of an application: of one value for a key, of numbers, and of several values. */
const databases: [string, number][] = [
  ["plain", 0],
  ["numbers", dbiFlags.integerKey],
  ["several", dbiFlags.dupSort],
  ["pairs", dbiFlags.dupSort | dbiFlags.dupFixed],
];

const steps = fc.array(
  fc.record({
    instance: fc.nat(1),
    kind: fc.constantFrom("put", "put", "remove", "sync") as fc.Arbitrary<Step["kind"]>,
    key: fc.nat(5),
    value: fc.nat(5),
  }),
  { minLength: 4, maxLength: 14 },
);

test(
  "two applications that know nothing of it end with the same entries, whatever they did and when",
  async () => {
    let folder = 0;
    await fc.assert(
      fc.asyncProperty(steps, fc.constantFrom(...databases), async (list, [name, flags]) => {
        for (const format of formats) {
          const paths = [0, 1].map(() => join(dir, String(folder++)));
          for (const path of paths) await asApplication(path, format, (table) => void table(name, flags));
          // What the last synchronisation left, and what each instance has; of several values pairs are the
          // keys.
          let agreed = new Map<string, string>();
          const own = [new Map<string, string>(), new Map<string, string>()];
          let now = 100n;
          const syncAll = async (): Promise<void> => {
            await using first = new ApplicationEnvironment(paths[0]!);
            await using second = new ApplicationEnvironment(paths[1]!);
            for (const [from, to] of [
              [first, second] as const,
              [second, first] as const,
              [first, second] as const,
            ]) {
              now += 10n;
              await mainToShadow(from, { signal, timestampNano: now });
              await using reader = await openSnapshot(once(await publish(from)), { name: "one", signal });
              // The other one's own changes are later, and have not been taken yet.
              await mergeSnapshot(to, reader, { schema: "shadow", signal, nowNano: () => now + 1n });
            }
            // The second one's changes are taken later, so they win.
            const merged = new Map(agreed);
            for (const mine of own) applyChanges(merged, agreed, mine);
            agreed = merged;
            for (const mine of own) {
              mine.clear();
              for (const [key, value] of agreed) mine.set(key, value);
            }
            for (const one of [first, second]) expect(readMain(one, name).sort()).toEqual(linesOf(agreed));
          };
          for (const { instance, kind, key, value } of list) {
            if (kind === "sync") {
              await syncAll();
              continue;
            }
            const bytes = Buffer.alloc(4);
            bytes.writeUInt32LE(key + 1);
            const content = Buffer.alloc((flags & dbiFlags.dupFixed) !== 0 ? 8 : value * 3 + 1, value);
            const isOfPairs = (flags & dbiFlags.dupSort) !== 0;
            noteChange(
              own[instance]!,
              kind === "put",
              bytes.toString("hex"),
              content.toString("hex"),
              isOfPairs,
            );
            await asApplication(paths[instance]!, format, (table) => {
              if (kind === "put") table(name, flags).putSync(bytes, content);
              else table(name, flags).removeSync(bytes);
            });
          }
          await syncAll();
          await using first = new ApplicationEnvironment(paths[0]!);
          await using second = new ApplicationEnvironment(paths[1]!);
          const found = readMain(first, name);
          expect(readMain(second, name)).toEqual(found);
          const live = readShadow(first, name).filter((one) => !one.isDeleted).length;
          expect(live).toBe(found.length);
          expect(dropShadows(first)).toEqual([shadowPrefix + name]);
          expect(readMain(first, name)).toEqual(found);
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  },
  minutes,
);

test("a change is later than what it changed, even where the clock was set back", async () => {
  const path = join(dir, "clock");
  const write = (value: string | null) =>
    asApplication(path, 2, (table) => {
      const key = Buffer.from("key");
      if (value === null) table("plain", 0).removeSync(key);
      else table("plain", 0).putSync(key, Buffer.from(value));
    });
  const take = async (timestampNano: bigint) => {
    await using environment = new ApplicationEnvironment(path);
    const changed = await mainToShadow(environment, { signal, timestampNano });
    const [entry] = readShadow(environment, "plain");
    return { changed, main: readMain(environment, "plain").length, ...entry };
  };
  await write("b");
  expect(await take(1000n)).toMatchObject({ changed: 1, main: 1, timestampNano: 1000n });
  await write("c");
  expect(await take(1000n)).toMatchObject({ changed: 1, main: 1, timestampNano: 1001n, isDeleted: false });
  await write(null);
  expect(await take(500n)).toMatchObject({ changed: 1, main: 0, timestampNano: 1002n, isDeleted: true });
  expect(await take(500n)).toMatchObject({ changed: 0, main: 0 });
  // Some other clock has gone to the end of all times: there is nothing later, and nothing breaks.
  const lastNano = 2n ** 64n - 1n;
  await write("d");
  expect(await take(lastNano)).toMatchObject({ changed: 1, timestampNano: lastNano, isDeleted: false });
  await write("e");
  expect(await take(500n)).toMatchObject({ changed: 1, timestampNano: lastNano, isDeleted: false });
  expect(await take(500n)).toMatchObject({ changed: 0, main: 1 });
});

function noteChange(
  own: Map<string, string>,
  isPut: boolean,
  key: string,
  value: string,
  isOfPairs: boolean,
): void {
  if (isPut) own.set(isOfPairs ? `${key}=${value}` : key, value);
  else for (const one of [...own.keys()]) if (one.split("=")[0] === key) own.delete(one);
}

/** What differs from what was agreed is a change. */
function applyChanges(
  merged: Map<string, string>,
  agreed: Map<string, string>,
  mine: Map<string, string>,
): void {
  for (const key of new Set([...agreed.keys(), ...mine.keys()])) {
    const value = mine.get(key);
    if (value === agreed.get(key)) continue;
    if (value === undefined) merged.delete(key);
    else merged.set(key, value);
  }
}

function linesOf(entries: Map<string, string>): string[] {
  return [...entries].map(([key, value]) => `${key.split("=")[0]}=${value}`).sort();
}

interface ShadowEntry {
  timestampNano: bigint;
  isDeleted: boolean;
}

function readShadow(environment: ApplicationEnvironment, name: string): ShadowEntry[] {
  using state = environment.hold();
  const tree = listDatabases(environment.pages, state.meta, "").get(shadowPrefix + name)!;
  const walk = new EntryWalk(environment.pages, tree);
  const found: ShadowEntry[] = [];
  while (walk.next()) {
    const header = Buffer.from(walk.value);
    found.push({ timestampNano: header.readBigUInt64BE(0), isDeleted: header[17] === 1 });
  }
  return found;
}
