import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import type { RejectLine } from "../../src/pipeline/index.js";
import { findPreset } from "../../src/presets/index.js";
import { type ExportFormat, exportRecords, matchQuads, verify } from "../../src/query/index.js";
import { resolveSources } from "../../src/sources/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { importHere } from "../support/imports.js";

const mapping = mappingToYaml(compileMapping(findPreset("rdf")!));
const msMax = 120_000;
let cwd: string;
let stores = 0;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "plimsoll-dialect-"));
});

afterAll(() => rmSync(cwd, { recursive: true }));

async function load(text: string, format: "dgraph-rdf" | "nquads" = "dgraph-rdf") {
  const store = join(cwd, `store-${stores++}`);
  const file = `${store}.rdf`;
  writeFileSync(file, text);
  const sources = await resolveSources([file], { cwd, format });
  const report = await importHere({ cwd, store, sources: [], mapping, plan: { sources } });
  const rejects =
    report.records.rejected === 0 ? "" : readFileSync(`${store}.rejects.jsonl`, "utf8").trimEnd();
  const lines = rejects === "" ? [] : rejects.split("\n");
  return { store, report, rejects: lines.map((line) => JSON.parse(line) as RejectLine) };
}

async function written(store: string, format: ExportFormat): Promise<string[]> {
  await using reader = await openStoreReader(store);
  expect((await verify(reader)).firstFaults).toEqual([]);
  const pieces = [...exportRecords(reader, { format })].map((piece) => Buffer.from(piece));
  return Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
}

async function matched(store: string, pattern: string): Promise<string[]> {
  await using reader = await openStoreReader(store);
  return [...matchQuads(reader, pattern)].map((line) => Buffer.from(line).toString("utf8"));
}

test("names, short types, escapes of Go and facets are read and written again", {
  timeout: msMax,
}, async () => {
  const { store, report } = await load(
    [
      '<0x1>\t<name> "Alice"@en-GB .# a comment',
      '<0x1> <age> "30"^^<xs:int> <0x2> ( since = 2006-01-02T15:04:05 ,close=true,by="A \\"q\\" \\u00e9", n=-1.50e3, e=) .',
      "_:0x123 <friend> <0x1> (since=2006, é=1) .",
      '<0x1> <note> "a\\x41\\v\\a\\t"^^<xs:string>.',
      '<0x1> <note> "1"^^<http://www.w3.org/2001/XMLSchema#int> .',
      '<0x1> <note> "1"^^<xs:int> (weight=1) .',
      "",
      "  # nothing",
    ].join("\n"),
  );
  expect(report.records).toMatchObject({ stored: 5, duplicates: 1, rejected: 0 });
  const int = "http://www.w3.org/2001/XMLSchema#int";
  expect((await written(store, "jsonl")).map((line) => JSON.parse(line) as unknown)).toEqual([
    { subject: "0x1", predicate: "name", value: "Alice", language: "en-GB" },
    {
      subject: "0x1",
      predicate: "age",
      value: "30",
      datatype: int,
      graph: "0x2",
      facets: { since: { datetime: "2006-01-02T15:04:05" }, close: true, by: 'A "q" é', n: -1500, e: "" },
    },
    { subject: "_:0x123", predicate: "friend", object: "0x1", facets: { since: 2006, é: 1 } },
    { subject: "0x1", predicate: "note", value: "aA\v\u0007\t" },
    { subject: "0x1", predicate: "note", value: "1", datatype: int },
  ]);
  const lines = await written(store, "dgraph-rdf");
  expect(lines[1]).toBe(
    `<0x1> <age> "30"^^<${int}> <0x2> (since=2006-01-02T15:04:05, close=true, by="A \\"q\\" é", n=-1.50e3, e="") .`,
  );
  expect(await matched(store, "? ? ?")).toEqual(lines);
  expect(await matched(store, "<0x1> <age> ?")).toEqual([lines[1]]);
  const again = await load(`${lines.join("\n")}\n`);
  expect(await written(again.store, "jsonl")).toEqual(await written(store, "jsonl"));
  await expect(written(store, "nquads")).rejects.toThrow(
    /holds no facets, and record 1 has some.*dgraph-rdf/,
  );
});

test("whole numbers in sixteens are kept in tens", { timeout: msMax }, async () => {
  const { store } = await load("<a> <b> <c> (k=0x0D, l=0X7fffffffffffffff, m=0x0, n=0xaF) .");
  expect(await written(store, "dgraph-rdf")).toEqual([
    "<a> <b> <c> (k=13, l=9223372036854775807, m=0, n=175) .",
  ]);
});

test("what it is not costs its line, and is told with its code", { timeout: msMax }, async () => {
  const bad: [string, string, RegExp][] = [
    ["<a> <b> * .", "QUAD_DELETION", /star/],
    ["<a> * * .", "QUAD_DELETION", /star/],
    ["* <b> <c> .", "QUAD_DELETION", /star/],
    ["<> <b> <c> .", "QUAD_SYNTAX", /must not be empty/],
    ["uid(v) <b> <c> .", "QUAD_SYNTAX", /an IRI in angle brackets or a blank node/],
    ["<a> b <c> .", "QUAD_SYNTAX", /an IRI in angle brackets was expected/],
    ['<a> <b> "\\xff" .', "QUAD_SYNTAX", /no such escape/],
    ["<a> <b> <c> () .", "QUAD_SYNTAX", /a facet is a key/],
    ["<a> <b> <c> (k 1) .", "QUAD_SYNTAX", /a facet is a key/],
    ["<a> <b> <c> (k=1, k=2) .", "QUAD_SYNTAX", /a key of its own/],
    ["<a> <b> <c> (k=0x) .", "QUAD_SYNTAX", /the value of a facet/],
    ["<a> <b> <c> (k=0x1G) .", "QUAD_SYNTAX", /the value of a facet/],
    ["<a> <b> <c> (k=0x8000000000000000) .", "QUAD_SYNTAX", /the value of a facet/],
    ["<a> <b> <c> (k=01) .", "QUAD_SYNTAX", /the value of a facet/],
    ["<a> <b> <c> (k=1. ) .", "QUAD_SYNTAX", /the value of a facet/],
    ["<a> <b> <c> (k=2001-13-01) .", "QUAD_SYNTAX", /the value of a facet/],
    ["<a> <b> <c> (k=1 l=2) .", "QUAD_SYNTAX", /behind a facet/],
    ["<a> <b> <c> (k=1", "QUAD_SYNTAX", /behind a facet/],
    ['<a> <b> <c> (k="x) .', "QUAD_SYNTAX", /a literal must end/],
    [
      `<a> <b> <c> (${Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(",")}) .`,
      "QUAD_SYNTAX",
      /32 facets/,
    ],
  ];
  const { report, rejects } = await load(`${bad.map(([line]) => line).join("\n")}\n<a> <b> <c> .\n`);
  expect(report.records).toMatchObject({ stored: 1, rejected: bad.length });
  for (const [i, [line, code, reason]] of bad.entries()) {
    expect(rejects[i], line).toMatchObject({ code, line: i + 1 });
    expect(rejects[i]!.reason).toMatch(reason);
  }
  const strict = await load("<a:a> <a:b> <a:c> (k=1) .\n<a:a> <b> <a:c> .\n<a:a> <a:b> * .\n", "nquads");
  expect(strict.rejects.map(({ code }) => code)).toEqual(["QUAD_SYNTAX", "QUAD_SYNTAX", "QUAD_SYNTAX"]);
});

test("what is written is read as the same quads, with the same facets", { timeout: msMax }, async () => {
  const key = fc.stringMatching(/^[a-zé][\w.é-]{0,7}$/);
  const facet = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc.integer().map(String),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
    fc.boolean().map(String),
    fc
      .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
      .map((date) => date.toISOString()),
  );
  const facets = fc.uniqueArray(fc.tuple(key, facet), { maxLength: 4, selector: ([name]) => name });
  const statements = fc.array(facets, { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(statements, async (all) => {
      const lines = all.map((pairs, i) => {
        const text = pairs.map(([name, value]) => `${name}=${value}`).join(",");
        return `<s> <p> <o${i}>${text === "" ? "" : ` (${text})`} .`;
      });
      const { store, report } = await load(`${lines.join("\n")}\n`);
      expect(report.records.stored).toBe(all.length);
      const again = await load(`${(await written(store, "dgraph-rdf")).join("\n")}\n`);
      const records = await written(store, "jsonl");
      expect(await written(again.store, "jsonl")).toEqual(records);
      for (const [i, pairs] of all.entries()) {
        const { facets: found = {} } = JSON.parse(records[i]!) as { facets?: Record<string, unknown> };
        const expected = pairs.map(([name, value]) => {
          const isDate = /^\d{4,}-/.test(value);
          return [name, isDate ? { datetime: value } : (JSON.parse(value) as unknown)];
        });
        expect(Object.entries(found).sort()).toEqual(Object.entries(Object.fromEntries(expected)).sort());
      }
    }),
    { numRuns: 4 },
  );
});
