import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ByteInput } from "../../src/sources/bytes/byte-input.js";
import type { ByteStream } from "../../src/sources/bytes/byte-stream.js";

const { signal } = new AbortController();

/** Fills one buffer again and again, as a stream may that was asked for the next chunk; `release` lets it go on. */
function stream(texts: string[]): ByteStream & { release: () => void } {
  const buffer = Buffer.alloc(16);
  let release = () => {};
  return {
    bytesRead: 0,
    release: () => release(),
    async next() {
      const text = texts.shift();
      if (text === undefined) return null;
      if (texts.length === 0) {
        buffer.fill("#");
        await new Promise<void>((resolve) => {
          release = resolve;
        });
      }
      buffer.write(text);
      return buffer.subarray(0, text.length);
    },
    close: async () => {},
  };
}

test("bytes given back while the next chunk is on its way are not taken from the chunk that is filled again", async () => {
  const source = stream(["whole\npart", "ial\n"]);
  const input = new ByteInput(source, signal);
  const frame = Buffer.alloc(32);
  expect(await input.more(null)).toBe("more");
  const filled = input.takeInto(frame, 0);
  expect(await input.more(1)).toBe("late");
  input.putBack(frame.subarray(6, filled));
  expect(Buffer.from(input.view()).toString()).toBe("part");
  input.take(4);
  const rest = input.more(null);
  await sleep(20);
  source.release();
  expect(await rest).toBe("more");
  expect(Buffer.from(input.view()).toString()).toBe("ial\n");
  input.take(4);
  expect(await input.more(null)).toBe("end");
  expect(input.waitedSeconds).toBeGreaterThan(0);
});
