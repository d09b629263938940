import { cpSync, mkdirSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { SnapshotStorage } from "../../../src/ports/index.js";
import { openStorage } from "../../../src/snapshots/index.js";
import { makeFolder, projectFile, startPlimsoll } from "../../support/cli.js";
import { seeded } from "../../support/people.js";
import { tries } from "../../support/runs.js";
import { type Doc, importDocs, pull, push, seenOf } from "./replica-rig.js";

const folder = makeFolder();
afterAll(folder.remove);

const random = seeded(5);
const someDocs = (count: number, ids: number): Doc[] =>
  Array.from({ length: count }, () => ({
    id: Math.floor(random() * ids),
    rev: Math.floor(random() * 100),
    tag: ["red", "green", "blue"][Math.floor(random() * 3)]!,
    text: Array.from({ length: 6 }, () => Math.floor(random() * 5_000).toString(36)).join(" "),
  }));

/** One life of a push or a pull in a process of its own; whether the step was reached, which killed it. */
async function isKilled(
  verb: "push" | "pull",
  store: string,
  storage: string,
  step: number,
): Promise<boolean> {
  const program = [projectFile("test/support/die-at-replica.js")];
  const words = [verb, folder.file(store), folder.file(storage), String(step)];
  const { code, signal, error } = await startPlimsoll(words, { cwd: folder.path, program }).ended;
  if (signal !== "SIGKILL") expect(code, error).toBe(0);
  return signal === "SIGKILL";
}

async function storageIn(name: string): Promise<SnapshotStorage> {
  mkdirSync(folder.file(name), { recursive: true });
  return await openStorage(`file:${folder.file(name)}`);
}

/** A store at three moments, and what is to be seen then. */
const moments: { store: string; seen: Awaited<ReturnType<typeof seenOf>> }[] = [];

beforeAll(async () => {
  const steps = [
    { docs: someDocs(3_000, 1_500) },
    { docs: someDocs(400, 1_500) },
    { docs: someDocs(200, 1_500), isDeleting: true, merged: 3 },
  ];
  for (const [at, step] of steps.entries()) {
    await importDocs(folder, "store", step);
    const store = `store-${at}`;
    cpSync(folder.file("store"), folder.file(store), { recursive: true });
    moments.push({ store, seen: await seenOf(folder.file(store)) });
  }
});

const partBytesMax = 30_000;

test("a push that is killed anywhere is done by the next one, which writes what is missing", async () => {
  const { store, seen } = moments[0]!;
  const path = folder.file(store);
  const whole = await push(path, { storage: await storageIn("undisturbed"), partBytesMax });
  expect(whole.parts).toBeGreaterThan(8);
  let kills = 0;
  let written = 0;
  for (let life = 0; life < tries(6); life++) {
    const storage = await storageIn(`pushed-${life}`);
    // Two calls for each object, and its chunks.
    const step = 1 + Math.floor(random() * 4 * whole.parts);
    if (await isKilled("push", store, `pushed-${life}`, step)) kills++;
    written += (await push(path, { storage, partBytesMax })).partsWritten;
    await pull(folder.file(`replica-${life}`), storage);
    expect(await seenOf(folder.file(`replica-${life}`))).toEqual(seen);
  }
  expect(kills).toBeGreaterThan(0);
  expect(written).toBeLessThan(tries(6) * whole.parts);
}, 240_000);

test("a pull that is killed again and again goes on with the part that is missing", async () => {
  const storage = await storageIn("storage");
  const replica = folder.file("replica");
  let former: unknown = null;
  let kills = 0;
  let readWhole = 0;
  let readLast = 0;
  for (const [at, { store, seen }] of moments.entries()) {
    await push(folder.file(store), { storage, partBytesMax });
    if (former !== null) cpSync(replica, folder.file(`fresh-${at}`), { recursive: true });
    const whole = await pull(folder.file(`fresh-${at}`), storage);
    for (let life = 0; life < tries(4); life++) {
      const step = 4 + Math.floor(random() * 3 * whole.partsRead);
      if (await isKilled("pull", "replica", "storage", step)) kills++;
      if (former === null) continue;
      // Readers see the state before until they see this one.
      expect([former, seen]).toContainEqual(await seenOf(replica));
    }
    readWhole += whole.partsRead;
    readLast += (await pull(replica, storage)).partsRead;
    expect(await seenOf(replica)).toEqual(seen);
    former = seen;
  }
  expect(readLast).toBeLessThan(readWhole);
  expect(kills).toBeGreaterThan(0);
}, 240_000);
