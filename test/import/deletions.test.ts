import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { count, lookup } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { mergeLast } from "../live/live-layers.js";
import { importInto, makeFolder, plimsoll } from "../support/cli.js";
import { importHere, jsonl, killImport, seenHere } from "../support/imports.js";
import { seeded } from "../support/people.js";
import { tries } from "../support/runs.js";
import { DeletionTwin, type Doc, deletionMapping, type Rule } from "./deletion-twin.js";

const folder = makeFolder();
afterAll(folder.remove);

/** An import of docs, or of what it deletes; and how many of the last segments are merged behind it. */
interface Step {
  docs: Omit<Doc, "n">[];
  isDeleting: boolean;
  rule: Rule;
  merged: number;
}

const anyDoc = fc.record(
  {
    id: fc.integer({ min: 0, max: 9 }),
    rev: fc.integer({ min: -2, max: 2 }),
    parent: fc.integer({ min: 0, max: 9 }),
    gone: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: anyGone() }),
  },
  { requiredKeys: ["id", "rev"] },
);

function anyGone() {
  return fc.constantFrom<Doc["gone"]>(true, false, "true", "Yes", "no", "", 1, 0);
}

const anyStep = (rule: fc.Arbitrary<Rule>): fc.Arbitrary<Step> =>
  fc.record({
    docs: fc.array(anyDoc, { minLength: 1, maxLength: 25 }),
    isDeleting: fc.oneof(
      { weight: 3, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.boolean() },
    ),
    rule,
    merged: fc.constantFrom(0, 0, 2, 3),
  });

let stores = 0;

/** What a list of deletions says of a doc: its key, and its version where `hasRevs`. */
function asListed(doc: Doc, hasRevs: boolean): Partial<Doc> {
  return hasRevs ? { id: doc.id, rev: doc.rev } : { id: doc.id };
}

async function check(steps: readonly Step[]): Promise<void> {
  const name = `store-${++stores}`;
  const store = folder.file(name);
  const twin = new DeletionTwin();
  let n = 0;
  for (const [at, { docs: drawn, isDeleting, rule, merged }] of steps.entries()) {
    const numbered = drawn.map((doc): Doc => ({ ...doc, n: n++ }));
    const docs = isDeleting ? numbered.map((doc) => asListed(doc, at % 2 === 0)) : numbered;
    const source = `${name}-${at}.jsonl`;
    folder.write(source, jsonl(docs));
    const mapping = deletionMapping(rule);
    const here = { cwd: folder.path, store, mapping };
    const report = await importHere({ ...here, sources: [source], plan: { isDeleting } });
    expect(report.records).toEqual({ read: docs.length, ...twin.import(docs, rule, isDeleting) });
    await mergeLast(store, merged);
    const seen = await seenHere(store);
    expect(seen.faults).toEqual([]);
    expect(seen.lines).toEqual(twin.lines);
    expect(seen.stats.records).toBe(twin.lines.length);
    expect(seen.verified.records).toBe(twin.lines.length);
    await using reader = await openStoreReader(store);
    for (let id = 0; id < 10; id++) {
      expect(lookup(reader, "Doc", id) !== undefined).toBe(twin.has(id));
      expect(count(reader, { where: { id } })).toBe(Number(twin.has(id)));
    }
  }
}

describe("records and deletions in any order, cut into any imports, with merges between", () => {
  const unversioned = fc.constantFrom<Rule>("keep", "replace", "reject");

  test("the later of a record and a deletion of its key decides", async () => {
    const anyHistory = fc.array(anyStep(unversioned), { minLength: 1, maxLength: 5 });
    await fc.assert(fc.asyncProperty(anyHistory, check), { numRuns: tries(3) });
  }, 120_000);

  test("where versions decide, the newest of them does, and of equal ones the deletion", async () => {
    const anyHistory = fc.array(anyStep(fc.constant("newest" as const)), { minLength: 1, maxLength: 5 });
    await fc.assert(fc.asyncProperty(anyHistory, check), { numRuns: tries(3) });
  }, 120_000);
});

describe("an import with deletions that was killed", () => {
  const random = seeded(11);
  const docs = Array.from({ length: 30_000 }, (_, n): Doc => {
    const id = Math.floor(random() * 12_000);
    return { id, rev: Math.floor(random() * 5), n, ...(random() < 0.3 ? { gone: true } : {}) };
  });

  test.each([
    ["while it read", { moment: "after", verb: "commit", call: 3 }],
    ["before it was published", { moment: "before", verb: "publish", call: 1 }],
  ] as const)(
    "%s ends as one that was not",
    async (_, at) => {
      folder.write("docs.jsonl", jsonl(docs));
      folder.write("mapping.yaml", deletionMapping("newest"));
      const store = folder.file(`killed-${++stores}`);
      const words = ["docs.jsonl", "--mapping", "mapping.yaml", "--entity", "Doc", "--sync-every", "5000"];
      await killImport({ words, store, cwd: folder.path, at, isThere: () => true });
      const { code, error, report } = await importInto(folder, [...words, "--into", store]);
      expect(code, error).toBe(0);
      expect(report!.resumedFrom).not.toBeNull();
      const twin = new DeletionTwin();
      expect(report!.records).toEqual({ read: docs.length, ...twin.import(docs, "newest", false) });
      const seen = await seenHere(store);
      expect(seen.lines).toEqual(twin.lines);
      expect(seen.faults).toEqual([]);
    },
    60_000,
  );
});

test("a deletion needs its key, and its version where versions decide", async () => {
  folder.write("few.csv", "id,rev,gone,name\n1,1,,one\n2,1,,two\n3,,yes,\n,2,yes,\n2,2,YES,\n4,1,no,four\n");
  folder.write(
    "few.yaml",
    "version: 1\nentities:\n  Doc:\n    key: id\n    conflict: newest:rev\n    deleted: gone\n" +
      "    fields: { id: int, rev: int, gone: bool, name: { type: string, required: true } }\n",
  );
  const store = folder.file("few");
  const words = ["few.csv", "--mapping", "few.yaml", "--into", store];
  const { code, error, report } = await importInto(folder, words);
  expect(code, error).toBe(0);
  expect(report!.records).toMatchObject({ read: 6, stored: 2, deleted: 2, rejected: 2 });
  const listed = await plimsoll(["export", store], { cwd: folder.path });
  expect(listed.out).toBe(
    '{"id":1,"rev":1,"gone":null,"name":"one"}\n{"id":4,"rev":1,"gone":false,"name":"four"}\n',
  );
}, 60_000);
