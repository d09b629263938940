import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileMapping } from "../../src/mapping/index.js";
import type { CompiledMapping } from "../../src/model/index.js";
import { addRowCounts, noRowCounts, type RowBatch, type TableTargetSession } from "../../src/ports/index.js";
import { openRowPage, type RowPage, RowPageWriter } from "../../src/tables/index.js";
import { postgresTarget } from "../../src/targets/postgres/index.js";
import { ask, type PostgresServer, postgresMissing, startPostgres } from "../support/postgres.js";
import { tries } from "../support/runs.js";

type Rule = "keep" | "replace" | "reject" | "newest:rev";

interface Doc {
  id: number;
  rev: number | null;
  name: string | null;
  tags: string[];
  isDeleted: boolean;
}

const anyDoc: fc.Arbitrary<Doc> = fc.record({
  id: fc.integer({ min: 1, max: 6 }),
  rev: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 6 }),
  name: fc.option(fc.constantFrom("a", "b", "ü"), { freq: 6 }),
  tags: fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 3 }),
  isDeleted: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
});

function mappingOf(rule: Rule, hasTombstones: boolean): CompiledMapping {
  const mapping = compileMapping({
    version: 1,
    entities: {
      Doc: {
        key: "id",
        conflict: rule,
        rest: false,
        fields: {
          id: "int",
          rev: "int",
          name: "string",
          tags: { type: "string", list: true },
          ...(hasTombstones ? { gone: "bool" } : {}),
        },
      },
    },
  });
  if (hasTombstones) mapping.entities[0]!.deletedSlot = 4;
  return mapping;
}

/** The rules told record by record. */
class Twin {
  readonly counts = noRowCounts();
  readonly rejected: number[] = [];
  readonly live = new Map<number, Doc>();
  readonly #deletedAt = new Map<number, number>();
  readonly #rule: Rule;
  /** Whether the table refuses the name `b`. */
  readonly #isStrict: boolean;

  constructor(rule: Rule, isStrict: boolean) {
    this.#rule = rule;
    this.#isStrict = isStrict;
  }

  take(doc: Doc, at: number): void {
    if (doc.isDeleted) this.#bury(doc);
    else this.#write(doc, at);
  }

  #bury({ id, rev }: Doc): void {
    this.counts.deleted++;
    const there = this.live.get(id);
    if (this.#rule !== "newest:rev") {
      this.live.delete(id);
      return;
    }
    if (rev !== null) this.#deletedAt.set(id, Math.max(rev, this.#deletedAt.get(id) ?? 0));
    if (rev === null || there === undefined || (there.rev ?? 0) <= rev) this.live.delete(id);
  }

  #write(doc: Doc, at: number): void {
    const deletedAt = this.#deletedAt.get(doc.id);
    if (deletedAt !== undefined && (doc.rev ?? 0) <= deletedAt) {
      this.counts.deleted++;
      return;
    }
    const there = this.live.get(doc.id);
    const isNewer = (doc.rev ?? 0) > (there?.rev ?? 0);
    const isWritten = this.#rule === "replace" || (this.#rule === "newest:rev" && isNewer);
    if (this.#isStrict && doc.name === "b" && (there === undefined || isWritten)) {
      this.rejected.push(at);
      return;
    }
    if (there === undefined) this.counts.stored++;
    else if (this.#rule === "keep") this.counts.duplicates++;
    else if (this.#rule === "reject") this.rejected.push(at);
    else if (this.#rule === "replace" || isNewer) this.counts.replaced++;
    else if (doc.rev === there.rev) this.counts.duplicates++;
    else this.counts.superseded++;
    if (there === undefined || isWritten) this.live.set(doc.id, doc);
  }
}

/** Pages as a worker makes them. */
function batchOf(session: TableTargetSession, docs: readonly Doc[], firstId: number): RowBatch {
  const { tables } = session.tables;
  const writers = [
    new RowPageWriter(0, false),
    new RowPageWriter(0, true),
    new RowPageWriter(1, false),
  ] as const;
  const [rows, tombstones, lists] = writers;
  docs.forEach(({ id, rev, name, tags, isDeleted }, ordinal) => {
    const putRev = (writer: RowPageWriter) => (rev === null ? writer.putNull() : writer.putInt(rev));
    if (isDeleted) {
      const { version } = tables[0] as { version: number | null };
      tombstones.beginRow(ordinal, version === null ? 1 : 2);
      tombstones.putInt(id);
      if (version !== null) putRev(tombstones);
      return;
    }
    rows.beginRow(ordinal, 3);
    rows.putInt(id);
    putRev(rows);
    if (name === null) rows.putNull();
    else rows.putText(Buffer.from(name), 0, Buffer.byteLength(name));
    tags.forEach((tag, position) => {
      lists.beginRow(ordinal, 3);
      lists.putInt(id);
      lists.putInt(position);
      lists.putText(Buffer.from(tag), 0, tag.length);
    });
  });
  const pages = writers.flatMap((writer): RowPage[] => {
    if (writer.count === 0) return [];
    const { head, bytes } = writer.take();
    return [openRowPage(head, Uint8Array.from(bytes).buffer, 0)];
  });
  return { place: { firstId, source: "docs", offset: 0, line: 1, record: firstId + 1 }, pages };
}

describe.skipIf(postgresMissing !== null)(`rules of tables (${postgresMissing ?? "PostgreSQL"})`, () => {
  let server: PostgresServer;
  let url: string;
  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database();
  });
  afterAll(async () => server?.[Symbol.asyncDispose]());

  async function check(
    rule: Rule,
    imports: readonly (readonly (readonly Doc[])[])[],
    isStrict = false,
  ): Promise<void> {
    const hasTombstones = imports.flat(2).some(({ isDeleted }) => isDeleted);
    const mapping = mappingOf(rule, hasTombstones);
    await ask(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
    const twin = new Twin(rule, isStrict);
    const counts = noRowCounts();
    const rejected: number[] = [];
    let number = 0;
    for (const chunks of imports) {
      await using session = (await postgresTarget(url).open({
        mergeMapping: () => mapping,
        tempDir: null,
        transactionBytes: 0,
        mappedBytes: 0,
        signal: new AbortController().signal,
      })) as TableTargetSession;
      if (isStrict && number === 0) await ask(url, "ALTER TABLE doc ADD CHECK (name <> 'b')");
      for (const docs of chunks) {
        // A chunk of a few batches, so that some rows are staged beside others.
        const cut = Math.ceil(docs.length / 2);
        for (const part of [docs.slice(0, cut), docs.slice(cut)]) {
          const done = await session.apply(batchOf(session, part, number));
          for (const [at, doc] of part.entries()) twin.take(doc, number + at);
          number += part.length;
          addRowCounts(counts, done.counts);
          rejected.push(...done.rejects.map(({ place, ordinal }) => place.firstId + ordinal));
        }
        const done = await session.settle();
        addRowCounts(counts, done.counts);
        rejected.push(...done.rejects.map(({ place, ordinal }) => place.firstId + ordinal));
        await session.commit("{}");
      }
      for (const step of session.afterSteps) {
        while (!(await session.afterLoad(step)).isDone) await session.commit("{}");
        await session.commit("{}");
      }
    }
    const docs = await ask<{ id: string; rev: string | null; name: string | null }>(
      url,
      "SELECT * FROM doc ORDER BY id",
    );
    const tags = await ask<{ doc_id: string; value: string }>(
      url,
      "SELECT doc_id, value FROM doc_tags ORDER BY doc_id, position",
    );
    const live = [...twin.live.values()].sort((a, b) => a.id - b.id);
    expect(
      docs.map(({ id, rev, name }) => ({
        id: Number(id),
        rev: rev === null ? null : Number(rev),
        name,
        tags: tags.filter((tag) => tag.doc_id === id).map(({ value }) => value),
      })),
    ).toEqual(live.map(({ id, rev, name, tags: own }) => ({ id, rev, name, tags: own })));
    expect(tags.length).toBe(live.reduce((sum, { tags: own }) => sum + own.length, 0));
    const told = Object.values(counts).reduce((sum, count) => sum + count, 0) + rejected.length;
    expect(told).toBe(number);
    // What a later record of its chunk overwrites is not tried, where the later one wins.
    if (isStrict && (rule === "replace" || rule === "newest:rev")) return;
    expect(counts).toEqual(twin.counts);
    expect(rejected.sort((a, b) => a - b)).toEqual(twin.rejected);
  }

  const anyImports = (anyOne: fc.Arbitrary<Doc>) =>
    fc.array(fc.array(fc.array(anyOne, { maxLength: 12 }), { minLength: 1, maxLength: 3 }), {
      minLength: 1,
      maxLength: 2,
    });
  const alive = anyDoc.map((doc) => ({ ...doc, isDeleted: false }));

  test.each(["keep", "replace", "reject", "newest:rev"] as const)("%s", async (rule) => {
    await fc.assert(
      fc.asyncProperty(anyImports(alive), (imports) => check(rule, imports)),
      { numRuns: tries(6) },
    );
    await fc.assert(
      fc.asyncProperty(anyImports(anyDoc), (imports) => check(rule, imports)),
      { numRuns: tries(6) },
    );
    await fc.assert(
      fc.asyncProperty(anyImports(alive), (imports) => check(rule, imports, true)),
      { numRuns: tries(6) },
    );
  });
});
