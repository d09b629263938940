import { expect, test } from "vitest";
import { liveGatherMsMax } from "../../src/kernel/index.js";
import { WriteQueue } from "../../src/live/write-queue.js";

const record = { entity: "Note", bytes: Buffer.from('{"id":1}') };

function wait(queue: WriteQueue, writes: number): void {
  for (let number = 0; number < writes; number++) queue.add([record]).catch(() => {});
}

test("a commit waits for those who were just answered, and takes them together", async () => {
  const queue = new WriteQueue();
  wait(queue, 3);
  expect(queue.take()).toHaveLength(3);
  wait(queue, 1);
  const gathered = queue.gather();
  setImmediate(() => wait(queue, 2));
  await gathered;
  expect(queue.take()).toHaveLength(3);
});

test("nobody is waited for who does not come, and a lone client not at all", async () => {
  const queue = new WriteQueue();
  wait(queue, 3);
  queue.take();
  wait(queue, 1);
  const startMs = performance.now();
  await queue.gather();
  // Far above what it is to be: another process may have had the processor meanwhile.
  expect(performance.now() - startMs).toBeLessThan(liveGatherMsMax * 100);
  expect(queue.take()).toHaveLength(1);
  wait(queue, 1);
  let isHeld = true;
  setImmediate(() => {
    expect(isHeld).toBe(false);
  });
  await queue.gather();
  isHeld = false;
  expect(queue.take()).toHaveLength(1);
});
