import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dgraphElementBytesMax } from "../../src/kernel/index.js";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import type { RejectLine } from "../../src/pipeline/index.js";
import { findPreset } from "../../src/presets/index.js";
import { exportRecords, verify } from "../../src/query/index.js";
import { DgraphJsonReader } from "../../src/sources/dgraph-json/dgraph-json-reader.js";
import { resolveSources } from "../../src/sources/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { importHere } from "../support/imports.js";

const msMax = 120_000;
const xsd = "http://www.w3.org/2001/XMLSchema#";

/** What the reader makes of a document that comes in pieces of these sizes, again and again. */
function statements(text: string, sizes: readonly number[] = [1 << 20]): string[] {
  const pieces: Buffer[] = [];
  const reader = new DgraphJsonReader("a.json", (data) => pieces.push(Buffer.from(data)));
  const bytes = Buffer.from(text);
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + sizes[i % sizes.length]!;
    const piece = Buffer.from(bytes.subarray(at, end));
    reader.push(piece, false);
    // The buffer of a piece is used again for the next one.
    piece.fill(0);
    at = end;
  }
  reader.push(new Uint8Array(0), true);
  return Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
}

describe("Dgraph's JSON", () => {
  test("says what it says as statements of the dialect", () => {
    const document = `[
      {"uid": "_:a", "name": "A \\"q\\"\\n[{", "name@de": "Ä", "age": 30, "height": 1.0, "alive": true, "none": null},
      {"uid": "_:a", "nick": ["a", "b", null], "nick|since": {"0": "2006-01-02", "1": "x y"}, "empty": []},
      {"uid": "0x1", "friend": [{"uid": "0x2", "friend|close": true, "name": "B"}, {"friend|n": 1.50}]},
      {"uid": 18446744073709551615, "loc": {"type": "Point", "coordinates": [1.5, 2]}, "loc|by": "me"},
      {"uid": "_:genid0", "x": 1e3}, {}, {"knows": {"uid": "_:genid_7"}}
    ]`;
    expect(statements(document)).toEqual([
      '_:a <name> "A \\u0022q\\u0022\\u000a[{" .',
      '_:a <name> "Ä"@de .',
      `_:a <age> "30"^^<${xsd}int> .`,
      `_:a <height> "1.0"^^<${xsd}float> .`,
      `_:a <alive> "true"^^<${xsd}boolean> .`,
      '_:a <nick> "a" (since=2006-01-02) .',
      '_:a <nick> "b" (since="x y") .',
      '<0x2> <name> "B" .',
      "<0x1> <friend> <0x2> (close=true) .",
      "<0x1> <friend> _:genid0 (n=1.50) .",
      '<0xffffffffffffffff> <loc> "{\\u0022type\\u0022:\\u0022Point\\u0022,\\u0022coordinates\\u0022:[1.5,2]}"' +
        '^^<geo:geojson> (by="me") .',
      `_:genid_0 <x> "1e3"^^<${xsd}float> .`,
      "_:genid2 <knows> _:genid__7 .",
    ]);
  });

  test("says the same however its bytes come", () => {
    const node = fc.letrec((tie) => ({
      node: fc.dictionary(
        fc.constantFrom("name", "age", "é", "knows", "list"),
        fc.oneof(
          { depthSize: "small" },
          fc.string({ unit: "grapheme" }),
          fc.double({ noNaN: true, noDefaultInfinity: true }),
          fc.boolean(),
          fc.array(fc.string({ maxLength: 3 }), { maxLength: 3 }),
          tie("node"),
        ),
      ),
    })).node;
    fc.assert(
      fc.property(
        fc.array(node),
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (nodes, sizes) => {
          const text = JSON.stringify(nodes, null, 1);
          expect(statements(text, sizes)).toEqual(statements(text));
        },
      ),
    );
  });

  test.each([
    ['{"a":"b"}', "a list of objects was expected"],
    ['[{"a":"b"} {"a":"c"}]', "a list of objects was expected"],
    ['[{"a":"b"},5]', "a list of objects was expected"],
    ['[{"a":"b"}', "it ends before its list does"],
    ["", "it ends before its list does"],
    ["[] []", "a list of objects was expected"],
    [`[{"a":"${"x".repeat(dgraphElementBytesMax)}"}]`, "an object takes more than"],
  ])("ends where it is none: %.20s", (text, reason) => {
    expect(() => statements(text)).toThrow(reason);
  });

  test.each([
    ['{"a":[[1]]}', "a list stands in a list"],
    ['{"a":1,}', "JSON"],
    ['{"a b":1}', "is no name"],
    ['{"uid":true}', "a uid must be"],
    ['{"uid":1.5}', "the uid 1.5 is none"],
    ['{"a":1,"a|b c":1}', "is no facet"],
    ['{"a":1,"a|b":[1]}', "a facet's value"],
    [`${'{"a":'.repeat(102)}1${"}".repeat(102)}`, "nests deeper"],
    [
      JSON.stringify({ uid: "x".repeat(500_000), a: Array.from({ length: 40 }, String) }),
      "more than can be held",
    ],
  ])("costs what says nothing that object alone: %.24s", (object, reason) => {
    const [bad, good, ...rest] = statements(`[${object},\n{"uid":"_:a","a":"b"}]`);
    expect(bad).toMatch(/^"the object that ends in line 1: /);
    expect(bad).toContain(reason);
    expect([good, ...rest]).toEqual(['_:a <a> "b" .']);
  });
});

test("texts as long as an object may be are read", () => {
  const text = `x\\"${"y\\n".repeat(dgraphElementBytesMax / 3 - 20)}`;
  const [line] = statements(`[{"uid":"_:a","t":"${text}"}]`);
  expect(line).toBe(`_:a <t> "${text.replaceAll('\\"', "\\u0022").replaceAll("\\n", "\\u000a")}" .`);
});

describe("a file of it", () => {
  let cwd: string;

  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), "plimsoll-json-"));
  });

  afterAll(() => rmSync(cwd, { recursive: true }));

  test("is loaded, and what is wrong in it is turned down", { timeout: msMax }, async () => {
    const mapping = mappingToYaml(compileMapping(findPreset("rdf")!));
    const nodes = Array.from({ length: 2000 }, (_, i) => ({
      uid: `0x${i + 1}`,
      name: `n${i % 7}`,
      knows: { uid: "0x1" },
    }));
    writeFileSync(
      join(cwd, "a.json"),
      JSON.stringify([...nodes, { a: [[1]] }, nodes[0], { last: "one" }], null, 1),
    );
    const store = join(cwd, "store");
    const sources = await resolveSources(["a.json"], { cwd, format: "dgraph-json" });
    const report = await importHere({ cwd, store, sources: [], mapping, plan: { sources } });
    expect(report.records).toMatchObject({ stored: 4001, duplicates: 2, rejected: 1 });
    const [reject] = readFileSync(`${store}.rejects.jsonl`, "utf8").trimEnd().split("\n");
    expect(JSON.parse(reject!) as RejectLine).toMatchObject({
      code: "QUAD_SYNTAX",
      bytes: expect.stringContaining("a list stands in a list"),
    });
    await using reader = await openStoreReader(store);
    expect((await verify(reader)).firstFaults).toEqual([]);
    const lines = Buffer.concat(
      [...exportRecords(reader, { format: "dgraph-rdf" })].map((one) => Buffer.from(one)),
    );
    const [first, second] = lines.toString("utf8").split("\n");
    expect([first, second]).toEqual(['<0x1> <name> "n0" .', "<0x1> <knows> <0x1> ."]);
    expect(lines.toString("utf8").trimEnd().endsWith('_:genid1 <last> "one" .')).toBe(true);
  });
});
