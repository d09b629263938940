import { expect, test } from "vitest";
import { Owner, systemClock } from "../../src/kernel/index.js";

test("children close last first, once, whatever kind they are", async () => {
  const closed: string[] = [];
  const owner = new Owner();
  owner.own({ [Symbol.dispose]: () => closed.push("sync") } as Disposable);
  owner.own({ [Symbol.asyncDispose]: async () => void closed.push("async") });
  owner.own(() => closed.push("function"));
  const gone = owner.own(() => closed.push("gone"));
  owner.disown(gone);
  await Promise.all([owner.close(), owner.close(), owner[Symbol.asyncDispose]()]);
  expect(closed).toEqual(["function", "async", "sync"]);
  expect(owner.closed).toBe(true);
  expect(() => owner.own(() => {})).toThrow(/closed owner/);
});

test("every failure reaches the caller, and the others are closed all the same", async () => {
  const closed: string[] = [];
  const owner = new Owner();
  const fail = (name: string) => () => {
    throw new Error(name);
  };
  owner.own(fail("first"));
  owner.own(() => closed.push("middle"));
  owner.own(async () => fail("last")());
  const failure = await owner.close().catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(AggregateError);
  expect((failure as AggregateError).errors.map((error: Error) => error.message)).toEqual(["last", "first"]);
  await expect(owner.close()).rejects.toBe(failure);
  expect(closed).toEqual(["middle"]);
});

test("a sleeping clock wakes when the signal aborts", async () => {
  const controller = new AbortController();
  const sleep = systemClock.sleep(600_000, controller.signal);
  controller.abort();
  await sleep;
  await systemClock.sleep(600_000, controller.signal);
  await systemClock.sleep(0);
  expect(systemClock.nowMs()).toBeGreaterThan(0);
});
