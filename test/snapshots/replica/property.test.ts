import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { MemoryStorage } from "../../../src/snapshots/index.js";
import { makeFolder } from "../../support/cli.js";
import { tries } from "../../support/runs.js";
import { type Doc, failingAt, importDocs, pull, push, type Step, seenOf } from "./replica-rig.js";

const folder = makeFolder();
afterAll(folder.remove);

const anyDoc: fc.Arbitrary<Doc> = fc.record({
  id: fc.integer({ min: 0, max: 40 }),
  rev: fc.integer({ min: 0, max: 99 }),
  tag: fc.constantFrom("red", "green", "blue"),
  text: fc.string({ minLength: 0, maxLength: 80 }),
});

/** An import, and then what is pushed and pulled; a number is the step of the storage at which it is gone. */
interface Round {
  step: Step;
  pushes: (number | null)[];
  pulls: (number | null)[];
}

const anyTry = fc.oneof(
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60 }) },
  { weight: 1, arbitrary: fc.constant(null) },
);

const anyRound: fc.Arbitrary<Round> = fc.record({
  step: fc.record({
    docs: fc.array(anyDoc, { minLength: 1, maxLength: 60 }),
    isDeleting: fc.oneof(
      { weight: 3, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    merged: fc.constantFrom(0, 0, 2, 3),
  }),
  pushes: fc.array(anyTry, { maxLength: 2 }),
  pulls: fc.array(anyTry, { maxLength: 3 }),
});

let worlds = 0;

async function attempt(
  failsAt: number | null,
  storage: MemoryStorage,
  work: typeof pushWith,
): Promise<boolean> {
  const used = failsAt === null ? storage : failingAt(storage, failsAt);
  try {
    await work(used);
    return true;
  } catch (error) {
    if (failsAt !== null && error instanceof Error && error.message === "the storage is gone") return false;
    throw error;
  }
}

declare function pushWith(storage: Parameters<typeof pull>[1]): Promise<unknown>;

async function check(rounds: readonly Round[]): Promise<void> {
  const world = ++worlds;
  const storage = new MemoryStorage(`property-${world}`);
  const [origin, replica] = [`origin-${world}`, `replica-${world}`];
  type Seen = Awaited<ReturnType<typeof seenOf>>;
  let pushed: Seen | null = null;
  let pulled: Seen | null = null;
  const last: Round = { step: rounds[0]!.step, pushes: [null], pulls: [null] };
  for (const { step, pushes, pulls } of [...rounds, last]) {
    await importDocs(folder, origin, step);
    const now = await seenOf(folder.file(origin));
    for (const failsAt of pushes) {
      const isDone = await attempt(failsAt, storage, (used) =>
        push(folder.file(origin), { storage: used, partBytesMax: 1500, keepMs: 0 }),
      );
      // One that failed behind its manifest has pushed all the same.
      if (isDone) pushed = now;
      else if (await isNewest(storage, now)) pushed = now;
    }
    if (pushed === null) continue;
    for (const failsAt of pulls) {
      const isDone = await attempt(failsAt, storage, (used) => pull(folder.file(replica), used));
      if (isDone) pulled = pushed;
      if (pulled === null) continue;
      const seen = await seenOf(folder.file(replica));
      expect([pulled, pushed]).toContainEqual(seen);
      pulled = seen;
    }
  }
  expect(pulled).toEqual(pushed);
  expect(await seenOf(folder.file(replica))).toEqual(await seenOf(folder.file(origin)));
}

/** What another replica, which is made for that, gets. */
async function isNewest(storage: MemoryStorage, seen: unknown): Promise<boolean> {
  const path = folder.file(`look-${++worlds}`);
  try {
    await pull(path, storage);
  } catch {
    return false;
  }
  return JSON.stringify(await seenOf(path)) === JSON.stringify(seen);
}

test("whatever is imported, pushed, pulled and broken off, a replica is what was pushed", async () => {
  const anyHistory = fc.array(anyRound, { minLength: 1, maxLength: 5 });
  await fc.assert(fc.asyncProperty(anyHistory, check), { numRuns: tries(4) });
}, 240_000);
