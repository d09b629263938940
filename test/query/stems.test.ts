import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileMapping, decompileMapping, type Mapping } from "../../src/mapping/index.js";
import { wordRule } from "../../src/model/index.js";
import { count, explain, query, verify } from "../../src/query/index.js";
import { exactTwin, tokensTwin } from "../kernels/term-twin.js";
import { LoaderRig } from "../pipeline/loader-rig.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";

const mapping: Mapping = {
  version: 1,
  entities: {
    Note: {
      key: "id",
      fields: {
        id: { type: "int", index: "range" },
        title: { type: "string", index: ["text", "stems"], language: "en" },
        body: { type: "string", index: "stems", language: { field: "lang", else: "de" } },
        plain: { type: "string", index: "text" },
        lang: "string",
      },
    },
  },
};
const compiled = compileMapping(mapping);
const entity = compiled.entities[0]!;

interface Note {
  id: number;
  title?: string | undefined;
  body?: string | string[] | undefined;
  plain?: string | undefined;
  lang?: string | null | undefined;
}

const words = [
  "bicycles",
  "bicycle",
  "the",
  "die",
  "Häuser",
  "haus",
  "running",
  "runs",
  "son",
  "and",
  "und",
  "ΣΟΦΟΣ",
];
const longWord = "unbelievablyunbelievablyunbelievablyrunning";
const text = fc.array(fc.constantFrom(...words, longWord), { maxLength: 5 }).map((list) => list.join(" "));
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 4 });
const anyNote = fc.record({
  title: maybe(text),
  body: maybe(fc.oneof(text, fc.array(text, { maxLength: 2 }))),
  plain: maybe(text),
  lang: fc.constantFrom(undefined, null, "en", "EN-us", "de", "zz", "", "nb", "eng", "12"),
});
const anyNotes = fc
  .array(anyNote, { maxLength: 30 })
  .map((notes) => notes.map((note, id): Note => ({ id, ...note })));

const asItIs = (word: string): string | null => word;
const codes: Record<string, string | null> = { en: "en", "EN-us": "en", de: "de", nb: "no" };

/** What the twin knows of whose rules a field's words go by. */
function ruleOf(note: Note, name: "title" | "body" | "plain"): (word: string) => string | null {
  if (name === "plain") return asItIs;
  if (name === "title") return wordRule("en");
  const code = note.lang === null || note.lang === undefined ? "de" : (codes[note.lang] ?? null);
  return code === null ? asItIs : wordRule(code);
}

function formsOf(note: Note, name: "title" | "body" | "plain"): string[] {
  const tokens = [note[name] ?? []].flat().flatMap(tokensTwin);
  return tokens.map(ruleOf(note, name)).filter((form) => form !== null);
}

function naiveMatches(note: Note, search: string, names: readonly ("title" | "body" | "plain")[]): boolean {
  const rules = names.map((name) => ruleOf(note, name));
  const asked = tokensTwin(search).filter((word) => rules.every((rule) => rule(word) !== null));
  const isFound = (word: string) => names.some((name, at) => formsOf(note, name).includes(rules[at]!(word)!));
  return asked.length > 0 && asked.every(isFound);
}

/** Tags behind escapes are tags all the same. */
function jsonOf(note: Note, isEscaped: boolean): string {
  const json = JSON.stringify(note);
  return isEscaped ? json.replace('"lang":"en"', '"lang":"\\u0065\\u006e"') : json;
}

function storeOf(notes: Note[], isEscaped = false) {
  const builder = new MemoryStoreBuilder(mapping, { blockTuples: 5, batchRecords: 7 });
  builder.addSegment(notes.map((note) => ({ entity: "Note", text: jsonOf(note, isEscaped) })));
  return builder.reader();
}

describe("stems", () => {
  const rig = new LoaderRig();

  test("of records are those that the rules of their language make", () => {
    fc.assert(
      fc.property(anyNotes, fc.boolean(), (notes, isEscaped) => {
        const loaded = rig.load({
          entity,
          format: "jsonl",
          header: null,
          text: notes.map((note) => jsonOf(note, isEscaped)).join("\n"),
        });
        const twin = notes.flatMap((note) =>
          (["title", "body"] as const).flatMap((name) => {
            const { number } = entity.fields
              .find((field) => field.name === name)!
              .indexes.find(({ kind }) => kind === "stems")!;
            const forms = formsOf(note, name);
            const payload = 1 | (Math.floor(Math.log2(Math.max(1, forms.length))) << 4);
            return forms.map((form) => `${number}:${exactTwin(Buffer.from(form))}:${note.id}:${payload}`);
          }),
        );
        const numbers = [...new Set(twin.map((tuple) => tuple.split(":")[0]))];
        const found = loaded.tuples.filter((tuple) => numbers.includes(tuple.split(":")[0]));
        expect(found).toEqual(twin.sort());
      }),
      { numRuns: 150 },
    );
  });

  test("find what holds all words in one of their forms, against plain arrays", async () => {
    const anySearch = fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 3 });
    const anyWhere = fc.constantFrom("title" as const, "body" as const, "plain" as const, "all" as const);
    await fc.assert(
      fc.asyncProperty(anyNotes, anySearch, anyWhere, fc.boolean(), async (notes, list, where, isEscaped) => {
        const reader = storeOf(notes, isEscaped);
        expect((await verify(reader)).firstFaults).toEqual([]);
        const names = where === "all" ? (["title", "body", "plain"] as const) : [where];
        const joined = list.join(" ");
        const search = where === "all" ? joined : { [where]: joined };
        const english = wordRule("en");
        const isEmpty = names.includes("title") && list.every((word) => english(word.toLowerCase()) === null);
        if (isEmpty) {
          expect(() => count(reader, { search })).toThrow("has none but words that are left out");
          return;
        }
        const expected = notes.filter((note) => naiveMatches(note, joined, names)).map(({ id }) => id);
        expect([...query(reader, { search, order: "id" })].map(({ id }) => id)).toEqual(expected);
        expect([...query(reader, { search })].map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(
          expected,
        );
        expect(count(reader, { search })).toBe(expected.length);
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  test("are met by their lists", () => {
    const notes = Array.from({ length: 200 }, (_, id) => ({
      id,
      title: id === 7 ? "The bicycles" : "A house",
    }));
    const lines = explain(storeOf(notes), { search: { title: "a bicycle" } });
    expect(lines.join("\n")).toContain('word "bicycl" in title, 1 postings');
    expect(lines.at(-1)).toBe("Read 1 records in 1 unpacked blocks; 1 results.");
  });
});

describe("the mapping", () => {
  const faultOf = (field: object) => {
    try {
      compileMapping({
        version: 1,
        entities: { A: { fields: { a: { type: "string", ...field }, n: "int" } } },
      } as Mapping);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error("the mapping is taken for valid");
  };

  test.each([
    [{ index: "stems" }, "fields.a.language must say whose rules the stems go by"],
    [{ index: "text", language: "en" }, "fields.a.language needs index: stems"],
    [{ index: "stems", language: "eo" }, '"eo" has no rules'],
    [{ index: "stems", language: { field: "b" } }, 'there is no "b"'],
    [{ index: "stems", language: { field: "n" } }, '"n" is int'],
    [{ index: "stems", language: { field: "a", else: "xx" } }, '"xx" has no rules'],
  ])("%j", (field, message) => {
    expect(faultOf(field)).toContain(message);
  });

  test("is written as it was read", () => {
    expect(decompileMapping(compiled)).toEqual(mapping);
  });
});
