import { rmSync } from "node:fs";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { makeFolder } from "../support/cli.js";
import { countHere, importHere, jsonl, seenHere } from "../support/imports.js";

const folder = makeFolder();
afterAll(folder.remove);

const mapping = `
version: 1
entities:
  Doc:
    key: id
    conflict: newest:rev
    fields:
      id: int
      rev: int
      size: { type: float, index: range }
      tags: { type: string, index: exact }
      text: { type: string, index: text }
      parent: { type: int, link: Doc }
`;

interface Doc {
  id: number;
  rev: number;
  size: number;
  tags: string[];
  text: string;
  parent: number;
}

const words = fc.constantFrom("harbour", "boat", "paper", "東京", "Zürich", "ﬁn", "x");

/** No two versions of a document are equally new: then the winner does not depend on who comes first. */
const docs: fc.Arbitrary<Doc[]> = fc
  .array(
    fc.record({
      id: fc.integer({ min: 0, max: 40 }),
      size: fc.double({ noNaN: true, noDefaultInfinity: true }),
      tags: fc.array(words, { maxLength: 3 }),
      text: fc.array(words, { maxLength: 8 }).map((list) => list.join(" ")),
      parent: fc.integer({ min: 0, max: 60 }),
    }),
    { minLength: 1, maxLength: 120 },
  )
  .map((list) => list.map((doc, rev) => ({ ...doc, rev })));

interface Way {
  /** Decides in which of the sources a document goes, and where among them. */
  shuffle: number[];
  sources: number;
  threads: number;
  graduality: number;
  syncBytes: number;
  /** Imports that the sources are spread over. */
  imports: number;
}

const way: fc.Arbitrary<Way> = fc.record({
  shuffle: fc.array(fc.nat(1000), { minLength: 120, maxLength: 120 }),
  sources: fc.integer({ min: 1, max: 5 }),
  threads: fc.integer({ min: 0, max: 2 }),
  graduality: fc.integer({ min: 1, max: 16 }),
  syncBytes: fc.constantFrom(1, 1000, 1 << 20),
  imports: fc.integer({ min: 1, max: 3 }),
});

const filters = [
  { entity: "Doc", where: { size: { gte: 0 } } },
  { entity: "Doc", where: { tags: "東京" } },
  { entity: "Doc", search: "harbour boat" },
  { entity: "Doc", where: { id: 7 } },
];

/** Loads the documents in one way and says what can be seen of them. */
async function seenAfter(list: readonly Doc[], ways: Way): Promise<unknown> {
  const store = folder.file("store");
  rmSync(store, { recursive: true, force: true });
  const shuffled = list
    .map((doc, at) => ({ doc, order: ways.shuffle[at]! }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ doc }) => doc);
  const names = Array.from({ length: ways.sources }, (_, at) => {
    const part = shuffled.filter((_doc, index) => index % ways.sources === at);
    return folder.write(`part-${at}.jsonl`, jsonl(part));
  });
  const { threads, syncBytes, graduality } = ways;
  for (let at = 0; at < ways.imports; at++) {
    const sources = names.filter((_name, index) => index % ways.imports === at);
    if (sources.length === 0) continue;
    const report = await importHere({
      cwd: folder.path,
      sources,
      store,
      mapping,
      plan: { threads, syncBytes },
      graduality,
    });
    expect(report.state).toBe("complete");
  }
  const { lines, stats, faults } = await seenHere(store);
  const counts = [];
  for (const filter of filters) counts.push(await countHere(store, filter));
  const { records, dangling } = stats.entities[0]!;
  return { lines: lines.toSorted(), records, dangling, faults, counts };
}

test("sources, threads, batches, checkpoints and imports do not change what is seen", async () => {
  await fc.assert(
    fc.asyncProperty(docs, way, way, async (list, one, other) => {
      const newest = new Map(list.map((doc) => [doc.id, doc]));
      const seen = await seenAfter(list, one);
      expect(seen).toMatchObject({
        lines: [...newest.values()].map((doc) => JSON.stringify(doc)).toSorted(),
        records: newest.size,
        dangling: [...newest.values()].filter((doc) => !newest.has(doc.parent)).length,
        faults: [],
      });
      expect(await seenAfter(list, other)).toEqual(seen);
    }),
    { numRuns: 12, seed: 5 },
  );
}, 120_000);
