import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeFolder, projectFile, startPlimsoll } from "../../support/cli.js";
import { seeded } from "../../support/people.js";
import { tries } from "../../support/runs.js";
import { type Doc, importDocs, seenOf } from "./replica-rig.js";

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

interface Life {
  wasKilled: boolean;
  steps: number;
  parts: number;
  partsRead: number;
  partsWritten: number;
  isNew: boolean;
}

/** One life of a push or a pull, which ends at a step, or by itself. */
async function live(verb: "push" | "pull", store: string, storage: string, step: number): Promise<Life> {
  mkdirSync(folder.file(storage), { recursive: true });
  const program = [projectFile("test/support/die-at-replica.js")];
  const words = [verb, folder.file(store), folder.file(storage), String(step)];
  const { code, signal, out, error } = await startPlimsoll(words, { cwd: folder.path, program }).ended;
  if (signal === "SIGKILL") return { wasKilled: true } as Life;
  expect(code, error).toBe(0);
  return { ...(JSON.parse(out) as Omit<Life, "wasKilled">), wasKilled: false };
}

/** A store at three moments; what was pushed at each, and what is to be seen then. */
const moments: { store: string; seen: Awaited<ReturnType<typeof seenOf>> }[] = [];

beforeAll(async () => {
  const steps = [
    { docs: someDocs(6_000, 3_000) },
    { docs: someDocs(800, 3_000), merged: 0 },
    { docs: someDocs(300, 3_000), isDeleting: true, merged: 3 },
  ];
  for (const [at, step] of steps.entries()) {
    await importDocs(folder, "store", step);
    const store = `store-${at}`;
    cpSync(folder.file("store"), folder.file(store), { recursive: true });
    moments.push({ store, seen: await seenOf(folder.file(store)) });
  }
});

/** Steps of a life that is not killed, and some of them, the first and the last among these. */
async function someSteps(undisturbed: Life, count: number): Promise<number[]> {
  const { steps } = undisturbed;
  const drawn = Array.from({ length: tries(count) }, () => 1 + Math.floor(random() * steps));
  return [...new Set([1, steps, steps - 1, ...drawn])];
}

test("a push that is killed anywhere is done by the next one, which writes only what is missing", async () => {
  const whole = await live("push", moments[0]!.store, "undisturbed", 0);
  expect(whole.parts).toBeGreaterThan(10);
  let written = 0;
  let kills = 0;
  for (const step of await someSteps(whole, 6)) {
    const storage = `pushed-${step}`;
    expect((await live("push", moments[0]!.store, storage, step)).wasKilled).toBe(true);
    kills++;
    const { partsWritten } = await live("push", moments[0]!.store, storage, 0);
    written += partsWritten;
    const replica = `of-${storage}`;
    await live("pull", replica, storage, 0);
    expect(await seenOf(folder.file(replica))).toEqual(moments[0]!.seen);
  }
  // Killed late, there was little left to write.
  expect(written).toBeLessThan(kills * whole.parts);
}, 240_000);

test("a pull that is killed again and again goes on with the part that is missing", async () => {
  for (const [at, { store, seen }] of moments.entries()) {
    await live("push", store, "storage", 0);
    const former = moments[at - 1]?.seen;
    const fresh = `fresh-${at}`;
    if (existsSync(folder.file("replica")))
      cpSync(folder.file("replica"), folder.file(fresh), { recursive: true });
    const whole = await live("pull", fresh, "storage", 0);
    expect(await seenOf(folder.file(fresh))).toEqual(seen);
    rmSync(folder.file(fresh), { recursive: true });
    let isDone = false;
    for (let lives = 0; !isDone && lives < tries(8); lives++) {
      const { wasKilled } = await live(
        "pull",
        "replica",
        "storage",
        3 + Math.floor(random() * whole.steps * 0.6),
      );
      isDone = !wasKilled;
      if (former === undefined && !isDone) continue;
      // Readers see the state before until they see this one.
      const found = await seenOf(folder.file("replica"));
      expect(
        JSON.stringify(found) === JSON.stringify(seen) || JSON.stringify(found) === JSON.stringify(former),
      ).toBe(true);
    }
    const last = await live("pull", "replica", "storage", 0);
    expect(last.partsRead).toBeLessThan(whole.partsRead);
    expect(await seenOf(folder.file("replica"))).toEqual(seen);
  }
}, 240_000);
