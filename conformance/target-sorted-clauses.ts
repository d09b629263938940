import assert from "node:assert/strict";
import type { StoreReader, TargetSession } from "../src/ports/index.js";
import type { TargetClause, TargetSubject } from "./target.js";
import { batchAt, bytesOf, sealedAt, transactionBytes, withSession } from "./target-world.js";

const kept = ["durable", "sortedAppend"] as const;

/** Clauses about blocks: that they are found again, in order, as they were given. */
export const sortedClauses: TargetClause[] = [
  {
    id: "T20",
    title: "tuple blocks come in order, from the one that may hold a tuple",
    needs: kept,
    check: checkTuples,
  },
  { id: "T20-reverse", title: "and backwards", needs: kept, check: checkTuplesReverse },
  {
    id: "T21",
    title: "key blocks come in order, from the one that may hold a hash",
    needs: kept,
    check: checkKeys,
  },
  {
    id: "T21-filter",
    title: "and the filter that came with one of them",
    needs: kept,
    check: checkFilters,
  },
  {
    id: "T22",
    title: "records, chunks and places are found from every id",
    needs: kept,
    check: checkBorders,
  },
  { id: "T23", title: "segments that nothing names are dropped, others stay", needs: kept, check: checkDrop },
  {
    id: "T11",
    title: "buffers belong to the caller again when append returns",
    needs: kept,
    check: checkBuffers,
  },
  { id: "T12", title: "values larger than a transaction are taken", needs: kept, check: checkLarge },
];

const high = 0xffff_ffff_ffff_ffffn;
const idMax = 2 ** 40 - 1;

/** First tuples of blocks in their order; the extremes of every part among them. */
const tuples: [index: number, term: bigint, id: number][] = [
  [0, 0n, 3],
  [0, 0n, 300],
  [1, 0n, 0],
  [1, 5n, 7],
  [1, 5n, 256],
  [1, high, 1],
  [1, high, idMax],
  [2, 0n, 1],
  [65_535, high, idMax],
];

const keys: [hash: bigint, ordinal: number][] = [
  [0n, 0],
  [10n, 1],
  [10n, 2],
  [255n, 3],
  [256n, 4],
  [high, 5],
];

/** Segments 1 to 3 with the same blocks, so that one that runs into the next is seen. */
async function withSegments(subject: TargetSubject, work: (reader: StoreReader) => void): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    await fillSegments(session, [1, 2, 3]);
    await session.publish(sealedAt(1000, [1, 2, 3]), "import", "note");
    using reader = session.reader();
    work(reader);
  });
}

async function fillSegments(session: TargetSession, segments: number[]): Promise<void> {
  for (const segment of segments) {
    for (const [index, term, id] of tuples) {
      await session.appendTupleBlock(segment, {
        index,
        term,
        id,
        block: bytesOf(`${segment}:${index}:${term}:${id}`),
      });
    }
    for (const [hash, ordinal] of keys) {
      await session.appendKeyBlock(segment, {
        hash,
        ordinal,
        block: bytesOf(`${segment}:${hash}:${ordinal}`),
        // Of blocks that begin with one hash the first comes without.
        ...(ordinal === 1 ? {} : { filter: bytesOf(`filter ${segment}:${hash}:${ordinal}`) }),
      });
    }
  }
}

type Tuple = (typeof tuples)[number];

function compare(a: Tuple, b: Tuple): number {
  const [left, right] = [
    BigInt(a[0]) * 2n ** 104n + a[1] * 2n ** 40n + BigInt(a[2]),
    BigInt(b[0]) * 2n ** 104n + b[1] * 2n ** 40n + BigInt(b[2]),
  ];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Every border, one beside every border, and the ends. */
function soughtTuples(): Tuple[] {
  const around = tuples.flatMap(([index, term, id]): Tuple[] => [
    [index, term, id],
    [index, term, Math.max(0, id - 1)],
    [index, term, Math.min(idMax, id + 1)],
    [index, term === high ? term : term + 1n, 0],
  ]);
  return [...around, [0, 0n, 0], [3, 3n, 3], [65_535, high, idMax]];
}

async function checkTuples(subject: TargetSubject): Promise<void> {
  await withSegments(subject, (reader) => {
    for (const sought of soughtTuples()) {
      const from = tuples.findLastIndex((tuple) => compare(tuple, sought) <= 0);
      const found = [...reader.tupleBlocks(2, ...sought)];
      assert.deepEqual(
        found.map(({ index, term, id }) => [index, term, id]),
        tuples.slice(Math.max(0, from)),
        `from ${sought}`,
      );
    }
    for (const { index, term, id, block } of reader.tupleBlocks(2, 0, 0n, 0)) {
      assert.deepEqual(Buffer.from(block), bytesOf(`2:${index}:${term}:${id}`));
    }
    assert.deepEqual([...reader.tupleBlocks(4, 0, 0n, 0)], []);
  });
}

async function checkTuplesReverse(subject: TargetSubject): Promise<void> {
  await withSegments(subject, (reader) => {
    for (const sought of soughtTuples()) {
      const wanted = tuples.filter((tuple) => compare(tuple, sought) <= 0).reverse();
      const found = [...reader.tupleBlocksReverse(2, ...sought)];
      assert.deepEqual(
        found.map(({ index, term, id }) => [index, term, id]),
        wanted,
        `from ${sought}`,
      );
    }
    assert.deepEqual([...reader.tupleBlocksReverse(4, 65_535, high, idMax)], []);
  });
}

async function checkKeys(subject: TargetSubject): Promise<void> {
  await withSegments(subject, (reader) => {
    for (const sought of [0n, 1n, 9n, 10n, 11n, 254n, 255n, 256n, 257n, high]) {
      // A hash may begin in the last block whose first hash lies before it.
      const before = keys.findLastIndex(([hash]) => hash < sought);
      const found = [...reader.keyBlocks(2, sought)].map(({ hash, ordinal }) => [hash, ordinal]);
      assert.deepEqual(found, keys.slice(Math.max(0, before)), `from ${sought}`);
    }
    for (const { hash, ordinal, block } of reader.keyBlocks(3, 0n)) {
      assert.deepEqual(Buffer.from(block), bytesOf(`3:${hash}:${ordinal}`));
    }
    assert.deepEqual([...reader.keyBlocks(4, 0n)], []);
  });
}

async function checkFilters(subject: TargetSubject): Promise<void> {
  await withSegments(subject, (reader) => {
    for (const sought of [0n, 1n, 2n, 9n, 10n, 11n, 12n, 254n, 255n, 256n, 257n, high]) {
      // Entries of one hash differ in its lowest bit.
      const [hash, ordinal] = keys.findLast(([first, at]) => first <= (sought | 1n) && at !== 1)!;
      const found = reader.keyFilter(2, sought)!;
      assert.deepEqual([found.hash, found.ordinal], [hash, ordinal], `at ${sought}`);
      assert.deepEqual(Buffer.from(found.filter), bytesOf(`filter 2:${hash}:${ordinal}`));
    }
    assert.equal(reader.keyFilter(4, high), undefined, "of a segment that there is not");
  });
}

async function checkBorders(subject: TargetSubject): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    for (const firstId of [5, 255, 256, 70_000]) await session.append(batchAt(firstId));
    await session.publish(sealedAt(70_001), "import", "note");
    using reader = session.reader();
    const cases: [id: number, firstId: number | undefined][] = [
      [0, undefined],
      [4, undefined],
      [5, 5],
      [254, 5],
      [255, 255],
      [256, 256],
      [69_999, 256],
      [70_000, 70_000],
    ];
    for (const [id, firstId] of cases) {
      const found = [reader.recordBlock(id), reader.columnChunk(1, id), reader.place(id)].map(
        (entry) => entry?.firstId,
      );
      assert.deepEqual(found, [firstId, firstId, firstId], `id ${id}`);
    }
    assert.equal(reader.recordBlock(70_001), undefined, "behind the last sealed id");
    assert.equal(reader.columnChunk(2, 5), undefined, "a column that there is not");
    assert.deepEqual(
      [...reader.recordBlocks(255)].map((entry) => entry.firstId),
      [255, 256, 70_000],
    );
    assert.deepEqual(
      [...reader.recordBlocks(0)].map((entry) => entry.firstId),
      [5, 255, 256, 70_000],
    );
    assert.ok(reader.bytes().file > 0);
  });
}

async function checkDrop(subject: TargetSubject): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    await fillSegments(session, [1, 2, 3, 4]);
    await session.publish(sealedAt(1000, [2]), "import", "note");
    await session.dropSegments(4);
    const left = () => {
      using reader = session.reader();
      return [1, 2, 3, 4].map((segment) => [
        [...reader.tupleBlocks(segment, 0, 0n, 0)].length,
        [...reader.keyBlocks(segment, 0n)].length,
        Number(reader.keyFilter(segment, high) !== undefined),
      ]);
    };
    const [whole, none] = [
      [tuples.length, keys.length, 1],
      [0, 0, 0],
    ];
    assert.deepEqual(left(), [none, whole, none, whole]);
    await session.dropSegments(null);
    assert.deepEqual(left(), [none, whole, none, none]);
    const { keyFilters: _, ...plain } = sealedAt(1000, [2]).segments[0]!;
    await session.publish({ ...sealedAt(1000, [2]), segments: [plain] }, "import", "note");
    await session.dropSegments(null);
    assert.deepEqual(left()[1], [tuples.length, keys.length, 0], "filters that the state does not tell of");
    await fillSegments(session, [5]);
    await session.dropSegments(null);
    await session.publish(sealedAt(1000, [2, 5]), "import", "note");
    using reader = session.reader();
    assert.deepEqual([...reader.tupleBlocks(5, 0, 0n, 0), ...reader.keyBlocks(5, 0n)], [], "came after it");
  });
}

async function checkBuffers(subject: TargetSubject): Promise<void> {
  await withSession(subject, subject.makeFolder(), async (session) => {
    const block = bytesOf("mine", 5000);
    const chunk = bytesOf("mine too");
    await session.append({
      blocks: [{ firstId: 0, block }],
      columns: [{ index: 1, firstId: 0, chunk }],
      place: batchAt(0).place,
    });
    block.fill(0);
    chunk.fill(0);
    const sorted = bytesOf("sorted");
    await session.appendTupleBlock(1, { index: 1, term: 1n, id: 0, block: sorted });
    await session.appendKeyBlock(1, { hash: 1n, ordinal: 0, block: sorted });
    sorted.fill(0);
    await session.publish(sealedAt(10, [1]), "import", "note");
    using reader = session.reader();
    assert.deepEqual(Buffer.from(reader.recordBlock(0)!.block), bytesOf("mine", 5000));
    assert.deepEqual(Buffer.from(reader.columnChunk(1, 0)!.chunk), bytesOf("mine too"));
    const copy = ({ block }: { block: Uint8Array }) => Buffer.from(block);
    const stored = [
      ...Array.from(reader.tupleBlocks(1, 1, 1n, 0), copy),
      ...Array.from(reader.keyBlocks(1, 1n), copy),
    ];
    assert.deepEqual(stored, [bytesOf("sorted"), bytesOf("sorted")]);
  });
}

async function checkLarge(subject: TargetSubject): Promise<void> {
  const sizes = [transactionBytes / 2, transactionBytes / 2 + 1, transactionBytes, 5 * transactionBytes + 7];
  await withSession(subject, subject.makeFolder(), async (session) => {
    for (const [at, size] of sizes.entries()) await session.append(batchAt(at * 10, size));
    await session.commit("all");
    using reader = session.reader({ isUnsealedVisible: true });
    for (const [at, size] of sizes.entries()) {
      assert.deepEqual(
        Buffer.from(reader.recordBlock(at * 10)!.block),
        batchAt(at * 10, size).blocks[0]!.block,
      );
    }
  });
}
