import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Checkpoint } from "../../src/pipeline/checkpoint.js";
import { importInto, makeFolder, plimsoll, readRejects } from "../support/cli.js";
import { countHere, importHere, jsonl, killImport, seenHere } from "../support/imports.js";
import { seeded } from "../support/people.js";
import { tries } from "../support/runs.js";

const folder = makeFolder();
afterAll(folder.remove);

type Rule = "keep" | "replace" | "newest" | "reject";

interface Doc {
  id: number;
  rev: number;
  tag: string;
  /** Tells records apart that are alike otherwise. */
  n: number;
}

interface Fates {
  stored: number;
  replaced: number;
  superseded: number;
  duplicates: number;
  rejected: number;
}

/** The rules told record by record. */
class ConflictTwin {
  readonly #live = new Map<number, { doc: Doc; order: number }>();
  #order = 0;

  /** Records that are live, in the order of import. */
  get lines(): string[] {
    const sorted = [...this.#live.values()].toSorted((a, b) => a.order - b.order);
    return sorted.map(({ doc }) => JSON.stringify(doc));
  }

  count(test: (doc: Doc) => boolean): number {
    return [...this.#live.values()].filter(({ doc }) => test(doc)).length;
  }

  import(docs: readonly Doc[], rule: Rule): { fates: Fates; conflicts: number[] } {
    const before = new Map(this.#live);
    const fates: Fates = { stored: 0, replaced: 0, superseded: 0, duplicates: 0, rejected: 0 };
    const conflicts: number[] = [];
    for (const [at, doc] of docs.entries()) {
      const entry = { doc, order: this.#order++ };
      const best = this.#live.get(doc.id);
      const isBest =
        rule === "replace" || (rule === "newest" && best !== undefined && doc.rev > best.doc.rev);
      if (best === undefined || isBest) {
        if (best !== undefined && before.get(doc.id) !== best) fates.superseded++;
        this.#live.set(doc.id, entry);
      } else if (rule === "reject") {
        fates.rejected++;
        conflicts.push(at + 1);
      } else if (rule === "newest" && doc.rev !== best.doc.rev) fates.superseded++;
      else fates.duplicates++;
    }
    for (const [id, entry] of this.#live) {
      if (before.get(id) === entry) continue;
      if (before.has(id)) fates.replaced++;
      else fates.stored++;
    }
    return { fates, conflicts };
  }
}

const anyDoc = fc.record({
  id: fc.integer({ min: 0, max: 12 }),
  rev: fc.integer({ min: -2, max: 2 }),
  tag: fc.constantFrom("red", "green", "blue"),
});
const anyImport = fc.array(anyDoc, { minLength: 1, maxLength: 30 });

let stores = 0;

/** One import after another into one store, each held against the twin. */
async function check(imports: { docs: Omit<Doc, "n">[]; rule: Rule }[]): Promise<void> {
  const name = `store-${++stores}`;
  const store = folder.file(name);
  const twin = new ConflictTwin();
  let n = 0;
  for (const [at, { docs: drawn, rule }] of imports.entries()) {
    const docs = drawn.map((doc): Doc => ({ ...doc, n: n++ }));
    const source = `${name}-${at}.jsonl`;
    folder.write(source, jsonl(docs));
    const mapping = mappingWith(rule === "newest" ? "newest:rev" : rule);
    const report = await importHere({ cwd: folder.path, sources: [source], store, mapping });
    const { fates, conflicts } = twin.import(docs, rule);
    expect(report.records).toEqual({ read: docs.length, deleted: 0, ...fates });
    const seen = await seenHere(store);
    expect(seen.faults).toEqual([]);
    expect(seen.lines).toEqual(twin.lines);
    expect(seen.stats.records).toBe(twin.lines.length);
    expect(seen.stats.records + seen.stats.dead).toBe(n);
    const filters: [unknown, (doc: Doc) => boolean][] = [
      [{ id: 3 }, ({ id }) => id === 3],
      [{ tag: "red" }, ({ tag }) => tag === "red"],
      [{ rev: { gte: 1 } }, ({ rev }) => rev >= 1],
    ];
    for (const [where, accepts] of filters) {
      expect(await countHere(store, { where }), JSON.stringify(where)).toBe(twin.count(accepts));
    }
    const rejects = readRejects(`${store}.rejects.jsonl`).filter((line) => line.source === source);
    expect(rejects.map((line) => line.code)).toEqual(conflicts.map(() => "CONFLICT_REJECTED"));
    expect(rejects.map((line) => line.record)).toEqual(conflicts);
    expect(rejects.map((line) => line.bytes)).toEqual(conflicts.map((at) => JSON.stringify(docs[at - 1])));
  }
}

function mappingWith(conflict: string): string {
  const fields = "{ id: int, rev: { type: int, index: range }, tag: { type: string, index: exact }, n: int }";
  return `version: 1\nentities:\n  Doc: { key: id, conflict: "${conflict}", fields: ${fields} }\n`;
}

describe("every record has the fate that its rule gives", () => {
  test.each<Rule>(["keep", "replace", "newest", "reject"])(
    "%s",
    async (rule) => {
      const anyHistory = fc.array(anyImport, { minLength: 1, maxLength: 4 });
      const property = fc.asyncProperty(anyHistory, (history) =>
        check(history.map((docs) => ({ docs, rule }))),
      );
      await fc.assert(property, { numRuns: tries(4) });
    },
    90_000,
  );

  test("keep, replace and reject by turns", async () => {
    const rule = fc.constantFrom<Rule>("keep", "replace", "reject");
    const anyHistory = fc.array(fc.record({ docs: anyImport, rule }), { minLength: 3, maxLength: 4 });
    await fc.assert(fc.asyncProperty(anyHistory, check), { numRuns: tries(4) });
  }, 90_000);

  test("a record that replaced another in a segment apart is what later rules look at", async () => {
    const many = Array.from({ length: 200 }, (_, id) => ({ id, rev: 0, tag: "red" }));
    const one = [{ id: 7, rev: 1, tag: "blue" }];
    await check([
      { docs: many, rule: "keep" },
      { docs: one, rule: "replace" },
      { docs: one, rule: "keep" },
      { docs: one, rule: "reject" },
      { docs: many, rule: "keep" },
      { docs: one, rule: "replace" },
    ]);
  }, 60_000);
});

describe("records that are rejected for their key", () => {
  const isInSeal = ({ phase, seal }: Checkpoint) => phase === "seal" && seal !== null && seal.isKeysDone;

  test("stand in the rejects once, whenever the import was killed", async () => {
    const random = seeded(5);
    const docs = Array.from({ length: 60_000 }, (_, n): Doc => {
      return { id: Math.floor(random() * 20_000), rev: 0, tag: "red", n };
    });
    const { conflicts } = new ConflictTwin().import(docs, "reject");
    const bad = '{"id":"not a number"}\n';
    folder.write("docs.jsonl", bad + jsonl(docs));
    folder.write("mapping.yaml", mappingWith("reject"));
    const store = folder.file("killed");
    const words = ["docs.jsonl", "--mapping", "mapping.yaml", "--entity", "Doc", "--memory", "160MiB"];
    const at = { moment: "before", verb: "publish", call: 1 } as const;
    await killImport({ words, store, cwd: folder.path, at, isThere: isInSeal });
    const { code, error, report } = await importInto(folder, [...words, "--into", store]);
    expect(code, error).toBe(0);
    expect(report!.resumedFrom!.phase).toBe("seal");
    expect(report!.records).toMatchObject({ read: docs.length + 1, rejected: conflicts.length + 1 });
    const rejects = readRejects(join(folder.path, "killed.rejects.jsonl"));
    expect(rejects[0]).toMatchObject({ code: "FIELD_TYPE", record: 1 });
    expect(rejects.length).toBe(conflicts.length + 1);
    for (const [index, at] of conflicts.entries()) {
      const line = rejects[index + 1]!;
      const expected = { source: "docs.jsonl", code: "CONFLICT_REJECTED", record: at + 1 };
      expect(line).toMatchObject({ ...expected, bytes: JSON.stringify(docs[at - 1]) });
    }
    // The command of a line reads that record again.
    const words2 = rejects.at(-1)!.rerun!.split(" ").slice(1);
    const rerun = await plimsoll(words2, { cwd: folder.path });
    expect(rerun.code, rerun.error).toBe(0);
    expect(rerun.error).toContain("1 rejected = 1 read");
    expect((await plimsoll(["verify", store])).out).toContain("sound");
  }, 90_000);
});
