import { crc32 } from "node:zlib";
import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { Kernel, verifyPassesMax } from "../../src/kernel/index.js";
import { firstTupleOf } from "../../src/postings/index.js";
import { query, verify } from "../../src/query/index.js";
import { keyEntries } from "../../src/query/key-entries.js";
import { type MemoryParts, tupleBlockOf } from "../support/memory-store.js";
import { placesOf } from "./store-places.js";
import { buildWorld, type World } from "./world.js";

let world: World;
let parts: MemoryParts;

beforeEach(() => {
  const people = (start: number) =>
    Array.from({ length: 60 }, (_, at) => ({
      name: `Person number ${start + at}`,
      bio: `words of ${start + at} and more words`,
      age: (start + at) % 7,
      address: { city: at % 2 },
      friend: "p1",
    }));
  const cities = [
    { name: "Oslo", size: 7 },
    { name: "Rome", size: 9 },
  ];
  world = buildWorld(
    [
      { cities, people: people(0), repeats: [5], hole: 2 },
      { cities: [], people: people(60), repeats: [9], hole: 0 },
    ],
    { blockTuples: 40 },
  );
  parts = world.builder.parts;
});

async function faults(): Promise<string[]> {
  const reported: string[] = [];
  const result = await verify(world.reader, {
    onFault: ({ kind, text }) => reported.push(`${kind}: ${text}`),
  });
  expect(result.faults).toBe(reported.length);
  return reported;
}

describe("verify finds what was planted", () => {
  test("nothing in a sound store", async () => {
    expect(await faults()).toEqual([]);
  });

  test("a flipped byte in a block of records", async () => {
    const { block, firstId } = parts.records[2]!;
    block[block.length - 3]! ^= 0x10;
    const found = await faults();
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`block: The block of records from id ${firstId} is unreadable`);
    expect(() => [...query(world.reader, { entity: "Person" })]).toThrow(/checksum/);
  });

  test("a record that says something else, under a right checksum", async () => {
    const entry = rawBlock(2);
    const at = Buffer.from(entry.block).indexOf('"age":');
    entry.block[at + 6]! ^= 1;
    resum(entry.block);
    const found = await faults();
    expect(found.some((text) => text.startsWith("column: The column of Person.age"))).toBe(true);
    expect(found.filter((text) => text.startsWith("posting: Person.age"))).toHaveLength(2);
  });

  test("a posting block that is gone", async () => {
    const blocks = parts.tuples.get(1)!;
    const at = blocks.findIndex(({ index }) => index === 7);
    blocks.splice(at, 1);
    const found = await faults();
    expect(
      found.some((text) =>
        /^posting: Person\.bio \(index 7, text\) lacks record \d+ under term \d+\.$/.test(text),
      ),
    ).toBe(true);
    expect(found.some((text) => text.startsWith("count: Segment 1 states"))).toBe(true);
  });

  test("a posting too many, in its place and order", async () => {
    const blocks = parts.tuples.get(2)!;
    const block = tupleBlockOf([{ index: 16, term: 2n ** 64n - 5n, id: 70, payload: 0 }]);
    blocks.push({ ...firstTupleOf(block), block });
    parts.sealed.segments[1]!.tuples++;
    expect(await faults()).toEqual([
      `posting: Person.friend (index 16, exact) lists record 70 under term ${2n ** 64n - 5n}, which the record does not call for.`,
    ]);
  });

  test("a posting with a wrong payload", async () => {
    const entry = parts.tuples.get(1)!.find(({ index }) => index === 7)!;
    entry.block[entry.block.length - 1]! ^= 1;
    expect((await faults())[0]).toMatch(
      /^posting: Person\.bio \(index 7, text\) lists record \d+ under term \d+ with payload/,
    );
  });

  test("posting blocks out of order, under a wrong key, or cut off", async () => {
    const blocks = parts.tuples.get(1)!;
    const last = blocks.length - 1;
    [blocks[last], blocks[last - 1]] = [blocks[last - 1]!, blocks[last]!];
    expect(
      (await faults()).some((text) => text.startsWith("block: ") && text.endsWith("is out of order.")),
    ).toBe(true);
    [blocks[last], blocks[last - 1]] = [blocks[last - 1]!, blocks[last]!];
    blocks[last]!.id++;
    expect((await faults())[0]).toContain("begins with another posting than its key says");
    blocks[last]!.id--;
    blocks[last]!.block = blocks[last]!.block.slice(0, -1);
    expect((await faults())[0]).toContain("is unreadable");
  });

  test("a wrong value in a column, and one that is missing", async () => {
    const chunk = parts.columns.get(8)![0]!.chunk;
    const view = new DataView(chunk.buffer);
    view.setBigUint64(4 + 8 * 4, view.getBigUint64(4 + 8 * 4, true) + 1n, true);
    const [first, ...others] = await faults();
    expect(first).toMatch(
      /^column: The column of Person\.age \(index 8\) of record \d+ holds \d+, the record calls for \d+\.$/,
    );
    expect(others).toEqual([]);
    chunk[4 + view.getUint32(0, true) * 8]! &= ~1;
    expect((await faults()).some((text) => text.includes("holds nothing, the record calls for"))).toBe(true);
  });

  test("a key that is lost", async () => {
    const [entry] = parts.keys.get(2)!;
    const victim = [...keyEntries(entry!.block)].find(({ isReference, id }) => !isReference && id !== 9)!;
    const key = Buffer.from(victim.key).toString();
    entry!.block = withoutKey(entry!.block, key);
    entry!.hash = new DataView(entry!.block.buffer).getBigUint64(8, true);
    expect(await faults()).toEqual([
      `key: The key "${key}" of Person lacks the definition by record ${victim.id}.`,
    ]);
  });

  test("a filter that forgets keys", async () => {
    const [filter] = parts.filters.get(2)!;
    filter!.filter = filter!.filter.fill(0, 8);
    expect(await faults()).toEqual([
      "key: The filter beside the key block 0 of segment 2 forgets keys of it.",
    ]);
    // Nothing is known where there is none.
    parts.filters.set(2, []);
    expect(await faults()).toEqual([]);
  });

  test("a key that two live records define", async () => {
    // The dead record 9 comes back to life, and with it a posting list of dead records that is too short.
    const twice = buildWorld(
      [{ cities: [{ name: "Oslo" }], people: [{ name: "Ann" }], repeats: [], hole: 0 }],
      {},
    );
    const [first] = twice.builder.parts.keys.get(1)!;
    twice.builder.parts.keys.set(2, [{ ...first!, block: first!.block.slice() }]);
    const { segments } = twice.builder.parts.sealed;
    segments.push({ ...segments[0]!, number: 2, tuples: 0 });
    twice.builder.parts.tuples.set(2, []);
    const view = new DataView(twice.builder.parts.keys.get(2)![0]!.block.buffer);
    view.setUint32(24 + 12, 1 - view.getUint32(24 + 12, true), true);
    const result = await verify(twice.reader);
    expect(result.firstFaults.some(({ text }) => / is defined by live records \d and \d\.$/.test(text))).toBe(
      true,
    );
  });

  test("a record without its key, or of an entity that there is not", async () => {
    const entry = rawBlock(2);
    const at = Buffer.from(entry.block).indexOf('"id":');
    entry.block[at + 1]! ^= 0x20;
    resum(entry.block);
    const found = await faults();
    expect(found).toEqual([expect.stringMatching(/^record: Record \d+ has no key\.$/)]);
    entry.block[1] = 77;
    expect(await faults()).toEqual([
      `record: The records from id ${entry.firstId} on are of an unknown entity (77).`,
    ]);
  });

  test("a record whose id is not above the one before", async () => {
    const entry = rawBlock(2);
    new DataView(entry.block.buffer).setUint32(12 + 8, 0, true);
    resum(entry.block);
    expect((await faults())[0]).toBe(
      `block: Record ${entry.firstId} stands out of order in the block from id ${entry.firstId}.`,
    );
  });

  test("postings of a record, and of an index, that are not there", async () => {
    const blocks = parts.tuples.get(2)!;
    const plant = (index: number, id: number) => {
      const block = tupleBlockOf([{ index, term: 2n ** 64n - 5n, id, payload: 0 }]);
      blocks.push({ ...firstTupleOf(block), block });
      parts.sealed.segments[1]!.tuples++;
    };
    plant(16, 5000);
    plant(17, 70);
    expect(await faults()).toEqual([
      expect.stringContaining("names record 5000, which is not there."),
      expect.stringContaining("holds postings of index 17, which the mapping does not have."),
    ]);
  });

  test("a key under another hash, and a reference that is lost", async () => {
    const [entry] = parts.keys.get(2)!;
    const view = new DataView(entry!.block.buffer);
    view.setBigUint64(24, view.getBigUint64(24, true) - 2n, true);
    view.setBigUint64(8, view.getBigUint64(24, true), true);
    entry!.hash = view.getBigUint64(24, true);
    expect((await faults())[0]).toMatch(/^key: The key .* is noted for record \d+ under another hash\.$/);
  });

  test("a chunk of a column that is cut off, or lies over another", async () => {
    const chunks = parts.columns.get(8)!;
    const { chunk } = chunks[1]!;
    chunks[1]!.chunk = chunk.slice(0, -1);
    expect((await faults())[0]).toContain("is unreadable: its length does not add up");
    chunks[1]!.chunk = chunk;
    chunks[1]!.firstId--;
    expect((await faults())[0]).toContain("overlaps another one");
  });

  test("damage all over is told of, but its places are looked for in so many passes only", async () => {
    const people = Array.from({ length: 400 }, (_, at) => ({ name: `Person ${at}`, age: at % 7 }));
    const wide = buildWorld([{ cities: [], people, repeats: [], hole: 0 }], { batchRecords: 400 });
    const entry = raw(wide.builder.parts.records[0]!);
    const bytes = Buffer.from(entry.block.buffer);
    let row = 0;
    for (let at = bytes.indexOf('"age":'); at >= 0; at = bytes.indexOf('"age":', at + 1)) {
      if (row++ % 2 === 0) bytes[at + 6]! ^= 7;
    }
    expect(row).toBe(400);
    resum(entry.block);
    const { firstFaults } = await verify(wide.reader);
    const texts = firstFaults.map(({ text }) => text);
    const told = texts.filter((text) => /^Person\.age .* (lacks|lists) record/.test(text));
    expect(told).toHaveLength(verifyPassesMax * 2);
    expect(texts.filter((text) => text.startsWith("The column of Person.age"))).toHaveLength(200);
    expect(texts).toContain(
      "Person.age (index 8, number) differs from the records in 136 more ranges of ids, which were not looked into.",
    );
  });

  test("any byte that is changed, wherever it is", async () => {
    const places = placesOf(parts);
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: places.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, change) => {
          const { bytes, offset } = places[at]!;
          bytes[offset]! ^= change;
          try {
            expect(await faults()).not.toEqual([]);
          } finally {
            bytes[offset]! ^= change;
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(await faults()).toEqual([]);
  }, 60_000);

  test("numbers of records that are not those counted", async () => {
    parts.sealed.liveRecords[1]!++;
    parts.sealed.deadRecords++;
    expect(await faults()).toEqual([
      "count: The store states 121 live records of Person and holds 120.",
      "count: The store states 3 dead records and lists 2.",
    ]);
  });
});

/** Gives a block of records the checksum of what it holds now. */
function resum(block: Uint8Array): void {
  new DataView(block.buffer, block.byteOffset).setUint32(8, crc32(block.subarray(12)), true);
}

/** Unpacks a block of records in place, so that its bytes can be changed by sense. */
function rawBlock(at: number): { firstId: number; block: Uint8Array } {
  return raw(parts.records[at]!);
}

function raw(entry: MemoryParts["records"][number]): { firstId: number; block: Uint8Array } {
  if (entry.block[0] === 0) return entry;
  const head = new DataView(entry.block.buffer);
  const rawBytes = head.getUint32(4, true);
  const kernel = new Kernel({ memoryBytes: 1 << 20 });
  const [source, out] = [kernel.alloc(entry.block.length), kernel.alloc(rawBytes)];
  kernel.u8.set(entry.block.subarray(12), source);
  expect(kernel.exports.lz4Decompress(source, entry.block.length - 12, out, rawBytes)).toBe(rawBytes);
  const block = new Uint8Array(12 + rawBytes);
  block.set(entry.block.subarray(0, 12));
  block.set(kernel.u8.subarray(out, out + rawBytes), 12);
  block[0] = 0;
  entry.block = block;
  return entry;
}

/** The block without the definition of a key. */
function withoutKey(block: Uint8Array, key: string): Uint8Array {
  const at = Buffer.from(block).indexOf(Buffer.concat([Buffer.of(key.length), Buffer.from(key)]));
  const isDefinition = (block[at - 7]! & 1) === 0;
  const start = isDefinition ? at - 17 : -1;
  expect(start).toBeGreaterThan(0);
  const end = at + 1 + key.length;
  const shorter = Uint8Array.from([...block.subarray(0, start), ...block.subarray(end)]);
  const view = new DataView(shorter.buffer);
  view.setUint32(0, view.getUint32(0, true) - 1, true);
  view.setUint32(4, shorter.length - 24, true);
  const hashes = [...keyEntries(shorter)].map(({ hash }) => hash);
  view.setBigUint64(8, hashes[0]!, true);
  view.setBigUint64(16, hashes.at(-1)!, true);
  return shorter;
}
