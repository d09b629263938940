import { expect, test } from "vitest";
import { appendAll } from "../../src/kernel/index.js";

test("more items are added than a call takes arguments", () => {
  const list = [-1];
  appendAll(
    list,
    Array.from({ length: 300_000 }, (_, at) => at),
  );
  expect(list.length).toBe(300_001);
  expect([list[0], list[1], list.at(-1)]).toEqual([-1, 0, 299_999]);
});
