import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, test } from "vitest";
import type { Mapping } from "../../src/mapping/index.js";
import { count, explain, query, verify } from "../../src/query/index.js";
import { parsePattern } from "../../src/query/pattern.js";
import { patternSize } from "../../src/query/pattern-size.js";
import { patternClauses } from "../../src/query/pattern-trigrams.js";
import { trigramsTwin } from "../kernels/term-twin.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";

const mapping: Mapping = {
  version: 1,
  entities: {
    Note: {
      key: "id",
      fields: {
        id: "int",
        text: { type: "string", index: "trigram" },
        name: { type: "string", index: ["range", "trigram"] },
        plain: "string",
      },
    },
  },
};

interface Note {
  id: number;
  text?: string | string[];
  name?: string;
  plain?: string;
}

const characters = [
  "a",
  "b",
  "A",
  "B",
  "k",
  "K",
  "K",
  "s",
  "ſ",
  "é",
  "É",
  "ß",
  "東",
  "京",
  "σ",
  "ς",
  "Ⱥ",
  " ",
  "-",
];
const text = fc.string({ unit: fc.constantFrom(...characters), maxLength: 14 });
const plainCharacter = fc.constantFrom(...characters.filter((one) => one !== "-"));

/** Patterns that mean the same to RE2 and to the language's own engine. */
const pattern = fc.letrec<{ pattern: string }>((tie) => ({
  pattern: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.string({ unit: plainCharacter, minLength: 1, maxLength: 5 }),
    fc.constantFrom(".", "[ab]", "[^a]", "[a-c]", "[東京é]", "\\b", "^", "$", "\\d", "\\w", "(?:)"),
    fc.tuple(tie("pattern"), tie("pattern")).map(([left, right]) => left + right),
    fc.array(tie("pattern"), { minLength: 2, maxLength: 3 }).map((parts) => `(?:${parts.join("|")})`),
    fc
      .tuple(tie("pattern"), fc.constantFrom("?", "*", "+", "{2}", "{1,3}", "*?", "+?"))
      .map(([part, times]) => `(?:${part})${times}`),
  ),
})).pattern;

const fold = (one: string) => twinBytes(one).toString("latin1");

/** The text in lower case by the twin: its trigrams overlap by two bytes. */
function twinBytes(one: string): Buffer {
  const trigrams = trigramsTwin(`  ${one}`);
  return Buffer.concat(trigrams.map((trigram) => trigram.subarray(2)));
}

function storeOf(notes: Note[]) {
  const builder = new MemoryStoreBuilder(mapping, { blockTuples: 40, batchRecords: 7 });
  const half = Math.ceil(notes.length / 2);
  for (const part of [notes.slice(0, half), notes.slice(half)]) {
    builder.addSegment(part.map((note) => ({ entity: "Note", text: JSON.stringify(note) })));
  }
  return builder.reader();
}

function idsOf(
  notes: Note[],
  isMatch: (value: string) => boolean,
  name: "text" | "name" | "plain",
): number[] {
  return notes.filter((note) => [note[name] ?? []].flat().some(isMatch)).map(({ id }) => id);
}

describe("the trigrams of a pattern", () => {
  const fits = (source: string, one: string) => {
    const clauses = patternClauses(parsePattern(source, "regex"), fold);
    const held = new Set(trigramsTwin(one).map((trigram) => trigram.toString("latin1")));
    return clauses.every((clause) => clause.some((trigram) => held.has(trigram)));
  };

  test("occur in every text that it matches", () => {
    let matches = 0;
    fc.assert(
      fc.property(pattern, fc.boolean(), text, (source, isLoose, one) => {
        const whole = isLoose ? `(?i)${source}` : source;
        if (!RE2JS.compile(whole).test(one)) return;
        matches++;
        expect(fits(whole, one)).toBe(true);
      }),
      { numRuns: 4000 },
    );
    expect(matches).toBeGreaterThan(500);
  }, 60_000);

  test("occur in texts made of the pattern", () => {
    const literal = fc.string({ unit: plainCharacter, minLength: 3, maxLength: 6 });
    fc.assert(
      fc.property(literal, literal, text, text, (left, right, before, between) => {
        const one = `${before}${left.toUpperCase()}${between}${right.toLowerCase()}${before}`;
        const source = `(?i)(${left}|nothing).*${right}`;
        if (RE2JS.compile(source).test(one)) expect(fits(source, one)).toBe(true);
      }),
      { numRuns: 300 },
    );
  }, 60_000);

  test.each([
    ["abcd", [["abc"], ["bcd"]]],
    ["abc.*def", [["abc"], ["bcd", "def"]]],
    ["(abc|def)ghi", [["abc", "def"], ["bcg", "efg"], ["cgh", "fgh"], ["ghi"]]],
    ["ab+c", [["abb", "abc"]]],
    ["(?i)ABC", [["abc"]]],
    ["(?i)yes", [["yes", "ye\xc5"]]],
    ["ab", []],
    ["(abc)*", []],
    ["[a-z]{20}", []],
    ["x?[0-4]+\\babc$", [["0ab", "1ab", "2ab", "3ab", "4ab"], ["abc"]]],
  ])("%s", (source, clauses) => {
    const found = patternClauses(parsePattern(source, "regex"), fold);
    expect(found.map((clause) => clause.sort())).toEqual(clauses);
  });

  test("are given up where a pattern has too many ways", () => {
    const wide = `${"[abcdefghijklmnop]".repeat(12)}xyz`;
    expect(patternClauses(parsePattern(wide, "regex"), fold).length).toBeLessThan(12);
  });
});

describe("parts and patterns", () => {
  const anyNotes = fc
    .array(
      fc.record(
        { text: fc.oneof(text, fc.array(text, { maxLength: 2 })), name: text, plain: text },
        { requiredKeys: [] },
      ),
      { maxLength: 40 },
    )
    .map((notes) => notes.map((note, id): Note => ({ id, ...note })));
  const anyField = fc.constantFrom("text" as const, "name" as const, "plain" as const);

  test("find what holds or matches them, against plain arrays", async () => {
    await fc.assert(
      fc.asyncProperty(anyNotes, anyField, text, pattern, async (notes, name, part, source) => {
        const reader = storeOf(notes);
        const find = (condition: unknown) =>
          [...query(reader, { where: { [name]: condition } })].map(({ id }) => id);
        const regex = new RegExp(source, "u");
        const loose = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE);
        expect(find({ contains: part })).toEqual(idsOf(notes, (value) => value.includes(part), name));
        expect(find({ regex: source })).toEqual(idsOf(notes, (value) => regex.test(value), name));
        expect(find({ regex: { pattern: source, flags: "i" } })).toEqual(
          idsOf(notes, (value) => loose.test(value), name),
        );
        expect(find({ prefix: part, contains: "a", regex: source })).toEqual(
          idsOf(notes, (value) => value.startsWith(part) && value.includes("a") && regex.test(value), name),
        );
        expect(count(reader, { where: { not: { [name]: { contains: part } } } })).toBe(
          notes.length - idsOf(notes, (value) => value.includes(part), name).length,
        );
        expect((await verify(reader)).firstFaults).toEqual([]);
      }),
      { numRuns: 120 },
    );
  }, 60_000);

  const notes = Array.from({ length: 500 }, (_, id) => ({ id, text: `Note ${id} of the Zürich archive` }));
  const reader = storeOf(notes);
  const explained = (text: unknown) => explain(reader, { where: { text } }).join("\n");

  test("read the records that the rarest trigrams propose, and no others", () => {
    expect(explained({ contains: "Note 499" })).toContain("Read 1 records");
    expect(explained({ regex: "^note 49[0-9] " })).toContain(
      "Read 10 records in 2 unpacked blocks; 0 results",
    );
    expect(explained({ regex: { pattern: "^note 49[0-9] ", flags: "i" } })).toContain("10 results");
    expect(explained({ regex: "ZÜRICH" })).toContain('part "ü');
  });

  test("without three characters in a row all records are read, and the explanation says so", () => {
    for (const condition of [{ contains: "No" }, { regex: "[a-z]+ \\d" }, { regex: "(Note)?" }]) {
      expect(explained(condition)).toContain("scan: all 500 records");
    }
  });

  test("half a character is found all the same", () => {
    const odd = storeOf([
      { id: 0, text: "ab\ud83dcd" },
      { id: 1, text: "ab😀cd" },
    ]);
    const find = (condition: unknown) => [...query(odd, { where: { text: condition } })].map(({ id }) => id);
    expect(find({ contains: "ab\ud83d" })).toEqual([0, 1]);
    expect(find({ regex: "b\\x{d83d}c" })).toEqual([0]);
    expect(find({ regex: "ab😀" })).toEqual([1]);
  });

  test("a pattern that takes others for ever takes no time", () => {
    const long = storeOf([{ id: 0, text: "x".repeat(50_000) }]);
    const start = performance.now();
    expect(count(long, { where: { text: { regex: "^(x+x+)+y" } } })).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("patterns that are not taken", () => {
  const reader = storeOf([{ id: 0, text: "x" }]);
  const faultOf = (regex: unknown) => {
    try {
      count(reader, { where: { text: { regex } } });
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error(`${JSON.stringify(regex)} is taken for valid`);
  };

  test.each([
    ["[", "where.text.regex is not a regular expression of RE2: missing closing ]"],
    ["(?=a)", "invalid or unsupported Perl syntax"],
    ["a\\1", "invalid escape sequence"],
    [5, "where.text.regex must be a regular expression"],
    [{ pattern: "a", flag: "i" }, "where.text.regex.flag is not a member"],
    [{ pattern: "a", flags: "ix" }, "where.text.regex.flags must be letters out of i, m and s"],
    ["x".repeat(1025), "is longer than 1024 characters"],
    [`(${"[a-z]bcdefghij".repeat(9)}){900}`, "or 20000 when its repeats are written out"],
  ])("%j", (regex, message) => {
    expect(faultOf(regex)).toContain(message);
  });

  test("five of them", () => {
    const or = Array.from({ length: 5 }, (_, at) => ({ text: { regex: `a${at}` } }));
    expect(() => count(reader, { where: { or } })).toThrow("is one of more than 4 regular expressions");
    expect(() => count(reader, { where: { id: { contains: "1" } } })).toThrow("works on strings; id is int");
    expect(() => count(reader, { where: { text: { contains: 1 } } })).toThrow(
      'must be a string. Write {"contains"',
    );
  });

  test("are measured by what they become", () => {
    const sources = [
      "a",
      "abc",
      "[a-z\\]]+",
      "(?i)ab{3}c",
      "((ab){10}c){20}",
      "[[:alpha:]]{7}",
      "\\Q(((\\E{5}",
      "x{2,}",
    ];
    for (const source of sources) {
      const size = RE2JS.compile(source).programSize();
      expect(patternSize(source) * 4 + 4).toBeGreaterThanOrEqual(size);
      expect(patternSize(source)).toBeLessThanOrEqual(size * 4 + 8);
    }
  });
});
