import { Readable } from "node:stream";
import { ReadableStream } from "node:stream/web";
import { expect, expectTypeOf, test } from "vitest";
import { type GovernedBatch, governedBatches } from "../../src/memory/index.js";

const numbers = (count: number) => Array.from({ length: count }, (_, number) => number);

async function* later(count: number) {
  for (const number of numbers(count)) yield number;
}

test("arrays, generators, async generators, Node streams and Web streams give the same items", async () => {
  const sources = [
    numbers(1000),
    numbers(1000).values(),
    later(1000),
    Readable.from(numbers(1000)),
    ReadableStream.from(numbers(1000)),
    // A stream of another kind, with a reader and nothing else.
    { getReader: () => ReadableStream.from(numbers(1000)).getReader() },
  ];
  for (const source of sources) {
    const items: number[] = [];
    for await (const batch of governedBatches<number>(source, { memory: 400 })) items.push(...batch);
    expect(items).toEqual(numbers(1000));
  }
});

test("the type of the items is inferred from the source", () => {
  type ItemOf<B> = B extends AsyncGenerator<GovernedBatch<infer T>, void, undefined> ? T : never;
  const array = governedBatches([{ id: 1 }]);
  expectTypeOf<ItemOf<typeof array>>().toEqualTypeOf<{ id: number }>();
  const generator = governedBatches(later(1));
  expectTypeOf<ItemOf<typeof generator>>().toEqualTypeOf<number>();
  const stream = governedBatches(new ReadableStream<string>());
  expectTypeOf<ItemOf<typeof stream>>().toEqualTypeOf<string>();
  governedBatches(["a"], { sizeOf: (text) => text.length });
});

test("leaving the loop closes the source, of whatever kind", async () => {
  const closed: string[] = [];
  async function* generator() {
    try {
      yield* numbers(1000);
    } finally {
      closed.push("generator");
    }
  }
  const stream = new ReadableStream<number>({
    pull: (controller) => controller.enqueue(1),
    cancel: () => void closed.push("web stream"),
  });
  const readable = Readable.from(numbers(1000));
  for (const source of [generator(), stream, readable]) {
    for await (const _ of governedBatches<number>(source, { memory: 64 })) break;
  }
  expect(closed).toEqual(["generator", "web stream"]);
  expect(readable.destroyed).toBe(true);
  expect(stream.locked).toBe(false);
});

test("a signal ends the wait for a source that never answers, and closes it", async () => {
  let cancelled: unknown;
  const silent = new ReadableStream<number>({
    cancel: (reason) => {
      cancelled = reason;
    },
  });
  const readable = new Readable({ objectMode: true, read() {} });
  async function* stuck(): AsyncGenerator<number> {
    await new Promise(() => {});
  }
  for (const source of [silent, readable, stuck()]) {
    const controller = new AbortController();
    const batches = governedBatches<number>(source, { memory: 100, signal: controller.signal });
    const next = batches.next();
    setImmediate(() => controller.abort(new Error("enough")));
    await expect(next).rejects.toThrow("enough");
  }
  expect(cancelled).toMatchObject({ message: "enough" });
  expect(readable.destroyed).toBe(true);
});

test("a source's own failure comes through, and what was read before it does not hide it", async () => {
  async function* failing() {
    yield* numbers(10);
    throw new Error("torn");
  }
  const broken = new ReadableStream<number>({
    pull(controller) {
      controller.error(new Error("torn"));
    },
  });
  for (const source of [failing(), broken]) {
    const run = async () => {
      for await (const _ of governedBatches<number>(source, { memory: 10_000 }));
    };
    await expect(run()).rejects.toThrow("torn");
  }
});
