import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileMapping, mappingToYaml, parseSchema, schemaPredicates } from "../../src/mapping/index.js";
import type { RejectLine } from "../../src/pipeline/index.js";
import { rdfMappingWith } from "../../src/presets/index.js";
import { count, explain, query, verify } from "../../src/query/index.js";
import { resolveSources } from "../../src/sources/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { plimsoll } from "../support/cli.js";
import { importHere, killImport, whileReading } from "../support/imports.js";

const msMax = 120_000;
let cwd: string;
let stores = 0;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "plimsoll-schema-"));
});

afterAll(() => rmSync(cwd, { recursive: true }));

async function load(schema: string, text: string, store = join(cwd, `store-${stores++}`)) {
  const { predicates } = schemaPredicates(parseSchema(schema, "s"), "s");
  const mapping = mappingToYaml(compileMapping(rdfMappingWith(predicates)));
  writeFileSync(`${store}.rdf`, text);
  const sources = await resolveSources([`${store}.rdf`], { cwd, format: "dgraph-rdf" });
  const report = await importHere({ cwd, store, sources: [], mapping, plan: { sources } });
  return { store, report };
}

const people = `
  name: string @index(term, exact) @lang .
  nick: [string] @index(hash) .
  motto: string @index(term) @lang .
  note: string .
  age: [int] @index(int) .
  height: float @index(float) .
  alive: bool @index(bool) .
  born: datetime @index(day) .
  knows: [uid] @reverse @count .
  story: string @index(fulltext, trigram) @lang .
  home: geo @index(geo) .
`;

describe("predicates with a schema", () => {
  test("are asked for by name, from their own lists", { timeout: msMax }, async () => {
    const { store } = await load(
      people,
      [
        '<a> <name> "Alice Liddell"@en .',
        '<a> <name> "Alice"@de .',
        '<b> <name> "Bob" .',
        '<b> <nick> "Alice" .',
        '<a> <motto> "Curiouser and curiouser" .',
        '<a> <note> "Bob" .',
        '<a> <age> "7"^^<xs:int> .',
        '<b> <age> "+30" .',
        '<b> <age> "31" .',
        '<b> <height> ".5e1" .',
        '<b> <alive> "False" .',
        '<a> <born> "1852" .',
        '<b> <born> "1852-05-04T10:00:00+02:00" .',
        "<a> <knows> <b> .",
        "<b> <knows> <a> .",
        "<c> <knows> <b> .",
        "<c> <knows> <b> .",
        "<c> <likes> <b> .",
        '<c> <story> "The bicycles of Bern"@en .',
        '<c> <story> "Die Fahrräder von Bern"@de-CH .',
        '<c> <story> "Riding a bicycle" .',
        `<a> <home> "{'type':'Point','coordinates':[10.75,59.91]}"^^<geo:geojson> .`,
        '<b> <home> "{\\"type\\":\\"Point\\",\\"coordinates\\":[7.45,46.95]}"^^<geo:geojson> .',
        '<c> <home> "nowhere" .',
        '<c> <untyped> "Bob" .',
      ].join("\n"),
    );
    await using reader = await openStoreReader(store);
    const found = (where: unknown, rest: object = {}) =>
      [...query(reader, { where, ...rest })].map(({ bytes }) => {
        const quad = JSON.parse(Buffer.from(bytes).toString("utf8")) as Record<string, string>;
        return `${quad.subject} ${quad.value ?? quad.object}`;
      });
    expect(found({ name: "Alice" })).toEqual(["a Alice"]);
    expect(found({ name: { prefix: "Alice" } })).toEqual(["a Alice Liddell", "a Alice"]);
    expect(found({ name: { gt: "Alice" } }, { order: "-name" })).toEqual(["b Bob", "a Alice Liddell"]);
    expect(found({ nick: "Alice" })).toEqual(["b Alice"]);
    expect(found({ motto: "Curiouser and curiouser" })).toEqual(["a Curiouser and curiouser"]);
    expect(found({ motto: "curiouser and curiouser" })).toEqual([]);
    expect(found({ note: "Bob" })).toEqual(["a Bob"]);
    expect(found({ age: { gte: 30 } }, { order: "-age" })).toEqual(["b 31", "b +30"]);
    expect(found({ age: [7, 30] })).toEqual(["a 7", "b +30"]);
    expect(found({ height: 5 })).toEqual(["b .5e1"]);
    expect(found({ alive: false })).toEqual(["b False"]);
    expect(found({ born: "1852" })).toEqual(["a 1852"]);
    expect(found({ born: { gte: "1852-05", lt: "1852-06" } })).toEqual(["b 1852-05-04T10:00:00+02:00"]);
    expect(found({ born: "1852-05-04T08:00:00Z" })).toEqual(["b 1852-05-04T10:00:00+02:00"]);
    expect(found({ knows: "b" })).toEqual(["a b", "c b"]);
    expect(found({ subject: "b", knows: { exists: true } })).toEqual(["b a"]);
    expect(found({ or: [{ age: 7 }, { name: "Bob" }] })).toEqual(["b Bob", "a 7"]);
    expect(found({ not: { name: { exists: true } }, value: "Bob" })).toEqual(["a Bob", "c Bob"]);
    expect(count(reader, { search: { motto: "curiouser" } })).toBe(1);
    expect(count(reader, { search: "alice" })).toBe(2);
    expect(count(reader, { search: { story: "bicycle" } })).toBe(2);
    expect(count(reader, { search: { story: "the bicycle of bern" } })).toBe(1);
    expect(found({ story: { regex: "r.der" } })).toEqual(["c Die Fahrräder von Bern"]);
    expect(found({ story: { contains: "cycle" } })).toEqual(["c The bicycles of Bern", "c Riding a bicycle"]);
    const adults = { match: '?p <age> ? . ?p <name> "Bob"', where: { age: { gt: 30 } } };
    expect([...query(reader, adults)].map(({ id }) => id)).toHaveLength(1);
    const literal = explain(reader, { match: '? <nick> "Alice"' }).join("\n");
    expect(literal).toMatch(/list: nick = "Alice", 1 postings/);
    expect(count(reader, { match: '? <nick> "Alice"' })).toBe(1);
    expect(count(reader, { match: '? <age> "7"^^<http://www.w3.org/2001/XMLSchema#int>' })).toBe(1);
    expect(count(reader, { where: { predicate: "age", value: ["7", "31", "seven"] } })).toBe(2);
    const near = (longitude: number, latitude: number, metres: number) =>
      count(reader, { where: { home: { near: { longitude, latitude, metres } } } });
    expect([near(10.7, 59.9, 10_000), near(10.7, 59.9, 2_000_000), near(0, 0, 1)]).toEqual([1, 2, 0]);
    expect(found({ story: "Riding a bicycle" })).toEqual(["c Riding a bicycle"]);
    expect(explain(reader, { where: { age: { gte: 30 } } }).join("\n")).toMatch(
      /range: age >= 30, 2 postings/,
    );
    expect(() => count(reader, { where: { age: 7, name: "Alice" } })).toThrow(
      /two predicates, age and name.*under "or".*by "match"/,
    );
    expect(() => count(reader, { match: "? <age> ?", where: { name: "Bob" } })).toThrow(
      /two predicates, name and age/,
    );
    expect(found({ age: { exists: true }, predicate: "age", subject: "a" })).toEqual(["a 7"]);
    expect(() => count(reader, { where: { age: "old" } })).toThrow(/does not fit age, whose type is int/);
    expect((await verify(reader)).firstFaults).toEqual([]);
  });

  test("count a node's edges exactly, duplicates apart, and short names by the lists alone", {
    timeout: msMax,
  }, async () => {
    const edges = Array.from({ length: 300 }, (_, i) => `<a> <knows> <n${i % 100}> .\n<b> <knows> <a> .\n`);
    const { store } = await load(people, edges.join(""));
    await using reader = await openStoreReader(store);
    const counted = { where: { subject: "a", predicate: "knows" } };
    expect(count(reader, counted)).toBe(100);
    expect(count(reader, { where: { subject: "a", knows: { exists: true } } })).toBe(100);
    expect(count(reader, { where: { knows: "a" } })).toBe(1);
    expect(explain(reader, counted).join("\n")).toContain("The lists answer the conditions");
  });

  test("take strings of any language, whether @lang is said or not, as bulk loading does", {
    timeout: msMax,
  }, async () => {
    const { store, report } = await load(
      "name: [string] @index(term) .\ntitle: string @index(exact) @lang .",
      [
        '_:a <name> "eggplant" .',
        '_:a <name> "aubergine"@fr .',
        '_:a <name> "aubergine" .',
        '_:b <title> "Alex"@en .',
      ].join("\n"),
    );
    expect(report.records).toMatchObject({ stored: 4, rejected: 0 });
    await using reader = await openStoreReader(store);
    expect(count(reader, { search: { name: "aubergine" } })).toBe(2);
    expect(count(reader, { where: { name: "aubergine", language: "fr" } })).toBe(1);
    expect(count(reader, { where: { subject: "_:a", name: { exists: true } } })).toBe(3);
  });

  test("turn down what does not fit, with code and place", { timeout: msMax }, async () => {
    const { store, report } = await load(
      people,
      [
        '<a> <age> "seven" .',
        '<a> <age> "7.0" .',
        "<a> <age> <b> .",
        '<a> <knows> "b" .',
        '<a> <height> "1,5" .',
        '<a> <height> "." .',
        '<a> <alive> "yes" .',
        '<a> <born> "1852-13" .',
        '<a> <born> "yesterday"@en .',
        '<a> <age> "7" .',
      ].join("\n"),
    );
    expect(report.records).toMatchObject({ stored: 1, rejected: 9 });
    const lines = readFileSync(`${store}.rejects.jsonl`, "utf8").trimEnd().split("\n");
    const rejects = lines.map((line) => JSON.parse(line) as RejectLine);
    expect(rejects.map(({ line, code }) => `${line} ${code}`)).toEqual([
      ...Array.from({ length: 8 }, (_, i) => `${i + 1} QUAD_TYPE`),
      "9 QUAD_LANGUAGE",
    ]);
    expect(rejects[0]!.reason).toBe('what has the predicate "age" must be a literal that is an integer');
    expect(rejects[3]!.reason).toBe('what has the predicate "knows" must be a node, not a literal');
  });
});

/** What a schema's type makes of a text, worked out apart from the program. */
const readings: Record<string, (text: string) => number | string | null> = {
  int: (text) => (/^[+-]?\d+$/.test(text) ? Number(text) : null),
  float: (text) => (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : null),
  bool: (text) => {
    if (["1", "t", "T", "true", "True", "TRUE"].includes(text)) return 1;
    return ["0", "f", "F", "false", "False", "FALSE"].includes(text) ? 0 : null;
  },
  datetime: (text) => {
    const isDate = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|1\d|2[0-8])(T([01]\d|2[0-3]):[0-5]\dZ)?)?)?$/.test(text);
    return isDate ? Date.parse(text) : null;
  },
  string: (text) => text,
  default: (text) => text,
};

const kindsByType: Record<string, string[]> = {
  int: ["", "int"],
  float: ["", "float"],
  bool: ["", "bool"],
  datetime: ["", "year", "hour"],
  string: ["", "hash", "exact", "term", "fulltext", "trigram, fulltext"],
  default: [""],
};

test("answers are those of a naive filter, whatever the schema and the quads", {
  timeout: msMax,
}, async () => {
  const word = fc.constantFrom(
    "1",
    "t",
    "+07",
    "-3",
    "2.50",
    "1e2",
    ".",
    "2001",
    "2001-02",
    "red Rose",
    "Red rose",
    "",
  );
  const text = fc.oneof(
    word,
    fc.integer({ min: -9, max: 2100 }).map(String),
    fc.constantFrom("1999-12-28T23:59Z"),
  );
  const predicate = fc.constantFrom("p", "quite.a-long.predicate", "é", "value");
  const type = fc.constantFrom(...Object.keys(kindsByType));
  const quads = fc.array(fc.record({ subject: fc.nat(3), predicate, text }), { maxLength: 80 });
  const rules = fc.dictionary(predicate, fc.tuple(type, fc.nat(5)), { minKeys: 1 });
  await fc.assert(
    fc.asyncProperty(rules, quads, async (schema, all) => {
      const typeOf = (name: string) => schema[name]?.[0] ?? "default";
      const lines = Object.entries(schema).map(([name, [kind, at]]) => {
        const index = kindsByType[kind]![at % kindsByType[kind]!.length]!;
        return `<${name}>: ${kind} ${index === "" ? "" : `@index(${index})`} .`;
      });
      const statements = all.map(
        (quad) => `<s${quad.subject}> <${quad.predicate}> ${JSON.stringify(quad.text)} .`,
      );
      const { store, report } = await load(lines.join("\n"), statements.join("\n"));
      const fit = all.filter((quad) => readings[typeOf(quad.predicate)]!(quad.text) !== null);
      const live = [...new Map(fit.map((quad) => [JSON.stringify(quad), quad])).values()];
      expect(report.records).toMatchObject({ stored: live.length, rejected: all.length - fit.length });
      await using reader = await openStoreReader(store);
      expect((await verify(reader)).firstFaults).toEqual([]);
      for (const name of Object.keys(schema).filter((one) => typeOf(one) !== "default")) {
        const read = readings[typeOf(name)]!;
        const own = live.filter((quad) => quad.predicate === name);
        const field = name === "value" ? "<value>" : name;
        const counted = (condition: unknown) => count(reader, { where: { [field]: condition } });
        expect(counted({ exists: true })).toBe(own.length);
        for (const { text: written } of own.slice(0, 6)) {
          const value = read(written)!;
          const operand = typeOf(name) === "bool" ? value === 1 : value;
          expect(counted(operand)).toBe(own.filter((quad) => read(quad.text) === value).length);
          if (typeOf(name) === "bool") continue;
          expect(counted({ gte: operand })).toBe(own.filter((quad) => read(quad.text)! >= value).length);
          if (typeof value === "string") {
            const has = (text: string) => own.filter((quad) => quad.text.includes(text)).length;
            expect(counted({ contains: value.slice(1) })).toBe(has(value.slice(1)));
            expect(counted({ regex: "ed R" })).toBe(has("ed R"));
          }
          expect(counted({ lt: operand })).toBe(own.filter((quad) => read(quad.text)! < value).length);
        }
      }
    }),
    { numRuns: 8 },
  );
});

describe("a store's schema", () => {
  test("outlives kills, and is kept by whatever is loaded next", { timeout: msMax }, async () => {
    const store = join(cwd, `store-${stores++}`);
    writeFileSync(join(cwd, "s.schema"), "age: int @index(int) .\n");
    writeFileSync(join(cwd, "other.schema"), "age: string @index(hash) .\n");
    const ages = Array.from(
      { length: 6000 },
      (_, i) => `<p${i}> <age> "${i % 90}" .\n<p${i}> <note> "${"x".repeat(90)}" .\n`,
    );
    writeFileSync(join(cwd, "ages.rdf"), ages.join(""));
    writeFileSync(join(cwd, "more.rdf"), '<q> <age> "7" .\n<q> <age> "old" .\n');
    const words = ["ages.rdf", "--format", "dgraph-rdf", "--schema", "s.schema", "--sync-bytes", "100KB"];
    await killImport({ words, store, cwd, at: whileReading, isThere: ({ phase }) => phase === "read" });
    const run = (...args: string[]) => plimsoll([...args, "--progress", "none"], { cwd });
    expect((await run("import", ...words, "--into", store)).code).toBe(0);
    const more = await run("import", "more.rdf", "--format", "dgraph-rdf", "--into", store);
    expect(more.error).toContain("1 stored + 1 rejected");
    writeFileSync(join(cwd, "quads.jsonl"), '{"subject":"r","predicate":"age","value":"7"}\n');
    const quads = await run("import", "quads.jsonl", "--entity", "Quad", "--into", store);
    expect(quads.error).toContain("1 stored = 1 read");
    const other = await run(
      "import",
      "more.rdf",
      "--format",
      "dgraph-rdf",
      "--schema",
      "other.schema",
      "--into",
      store,
    );
    expect(other.code).not.toBe(0);
    expect(other.error).toMatch(/MAPPING_CONFLICT.*its field "age" is int .*, not string/s);
    const without = await run(
      "import",
      "more.rdf",
      "--format",
      "dgraph-rdf",
      "--preset",
      "rdf",
      "--into",
      store,
    );
    expect(without.error).toContain("MAPPING_CONFLICT");
    await using reader = await openStoreReader(store);
    expect(count(reader, { where: { age: 7 } })).toBe(69);
    expect((await verify(reader)).firstFaults).toEqual([]);
  });

  test("is said for quads alone, and from a file that can be read", { timeout: msMax }, async () => {
    writeFileSync(join(cwd, "a.jsonl"), '{"a":1}\n');
    writeFileSync(join(cwd, "a.schema"), "a: int\n");
    writeFileSync(join(cwd, "a.nq"), "<a:a> <a:b> <a:c> .\n");
    const into = ["--into", "null:", "--progress", "none"];
    const faults = await Promise.all(
      [
        ["a.jsonl", "--schema", "a.schema"],
        ["a.nq", "--schema", "absent.schema"],
        ["a.nq", "--schema", "a.schema"],
        ["a.nq", "--schema", "a.schema", "--mapping", "m.yaml"],
      ].map((words) => plimsoll(["import", ...words, ...into], { cwd })),
    );
    expect(faults.map(({ error }) => error)).toEqual([
      expect.stringContaining("USAGE: --schema is for quads"),
      expect.stringContaining(
        "SCHEMA_UNREADABLE: Cannot read the schema absent.schema: there is no such file",
      ),
      expect.stringContaining("SCHEMA_INVALID: a.schema, line 2: . was expected"),
      expect.stringContaining("--mapping and --schema cannot be given together"),
    ]);
  });
});
