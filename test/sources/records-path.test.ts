import { Readable } from "node:stream";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resolveSources } from "../../src/sources/index.js";

const signal = new AbortController().signal;

/** The elements of the array at a path, read from pieces of a stream. */
async function recordsAt(text: string, path: string, pieceBytes: number): Promise<unknown[]> {
  const bytes = Buffer.from(text);
  function* pieces() {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  const stdin = Readable.from(pieces(), { objectMode: false, highWaterMark: 1 });
  const [source] = await resolveSources(["-"], {
    cwd: "/",
    stdin,
    format: "json",
    recordsAt: path.split("."),
  });
  await using session = await source!.open({ cursor: null, recordBytesMax: 1 << 20, signal });
  const records: unknown[] = [];
  for (;;) {
    const read = await session.read(new Uint8Array(64), (size) => new Uint8Array(size), 2);
    if (read === null) return records;
    expect(read.frame.rejects).toEqual([]);
    const framed = Buffer.from(read.buffer.subarray(0, read.frame.length)).toString();
    records.push(...(JSON.parse(`[${framed}]`) as unknown[]));
  }
}

test("the list within objects is found, whatever stands around it", async () => {
  const name = fc.constantFrom("items", "data", "a", 'x"y', "é", "[", "{", "", "\\");
  const value: fc.Arbitrary<unknown> = fc.oneof(
    fc.constantFrom(null, true, 1.5, "items", '"', "]", "{", '\\"', [], {}, [[]], { items: [9] }, [
      "items",
      { data: 1 },
    ]),
    fc.jsonValue({ maxDepth: 2 }),
  );
  const wrapper = fc.dictionary(name, value, { maxKeys: 4, noNullPrototype: true });
  const elements = fc.array(
    fc.oneof(
      fc.record({ id: fc.nat() }),
      value.filter((one) => typeof one === "object"),
    ),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(
      elements,
      wrapper,
      wrapper,
      wrapper,
      fc.boolean(),
      fc.constantFrom(1, 7, 1000),
      async (list, before, inside, after, isDeep, pieceBytes) => {
        const { items: _items, ...beforeList } = inside;
        const { data: _data, ...beforeData } = before;
        const { items: _first, data: _second, ...behind } = after;
        const inner = { ...beforeList, items: list, ...behind };
        const whole = isDeep ? { ...beforeData, data: inner, ...behind } : inner;
        const text = JSON.stringify(whole, null, pieceBytes === 7 ? 2 : undefined);
        const records = await recordsAt(text, isDeep ? "data.items" : "items", pieceBytes);
        expect(records).toEqual(JSON.parse(JSON.stringify(list)));
      },
    ),
    { numRuns: 150 },
  );
});

test("where there is none, that is told", async () => {
  for (const text of [
    '{"a":1}',
    '{"items":{}}',
    '{"items":"x"}',
    "[1]",
    '{"data":{"items":[1]}}',
    '{"items"',
    "",
  ]) {
    await expect(recordsAt(text, "items", 3), text).rejects.toMatchObject({ code: "RECORDS_ABSENT" });
  }
});
