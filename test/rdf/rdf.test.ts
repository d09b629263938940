import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { KiB } from "../../src/kernel/index.js";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import type { ImportPlan, RejectLine } from "../../src/pipeline/index.js";
import { findPreset } from "../../src/presets/index.js";
import { count, exportRecords, query, verify } from "../../src/query/index.js";
import { resolveSources } from "../../src/sources/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { plimsoll, projectFile, startPlimsoll } from "../support/cli.js";
import { importHere, killImport, whileReading } from "../support/imports.js";

const mapping = mappingToYaml(compileMapping(findPreset("rdf")!));
const msMax = 120_000;
let cwd: string;
let stores = 0;

beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), "plimsoll-rdf-"));
});

afterAll(() => rmSync(cwd, { recursive: true }));

const newStore = () => join(cwd, `store-${stores++}`);

function write(name: string, text: string): string {
  writeFileSync(join(cwd, name), text);
  return name;
}

const load = (store: string, sources: readonly string[], plan: Partial<ImportPlan> = {}) =>
  importHere({ cwd, store, sources, mapping, plan });

async function linesOf(store: string): Promise<string[]> {
  await using reader = await openStoreReader(store);
  expect((await verify(reader)).firstFaults).toEqual([]);
  const pieces = [...exportRecords(reader, { format: "nquads" })].map((piece) => Buffer.from(piece));
  return Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
}

function rejectsOf(store: string): RejectLine[] {
  const lines = readFileSync(`${store}.rejects.jsonl`, "utf8").split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RejectLine);
}

describe("quads", () => {
  test("are the same whether they come as N-Quads or as the JSON of an export", {
    timeout: msMax,
  }, async () => {
    const long = "long \t text ".repeat(400);
    const source = write(
      "one.nq",
      `<a:s> <a:p> <a:o> <a:g> .\n<a:s> <a:p> "x\\ny\\u00e9"@en-GB .\n<a:s> <a:p> "${long}" .\n_:b <a:p> "" _:g .\n`,
    );
    const [store, again] = [newStore(), newStore()];
    await load(store, [source]);
    const lines = await linesOf(store);
    expect(lines.join("\n")).toBe(readFileSync(join(cwd, source), "utf8").replace("\\u00e9", "é").trimEnd());
    await using reader = await openStoreReader(store);
    const json = Buffer.concat([...exportRecords(reader, { format: "jsonl" })]).toString("utf8");
    const swapped = json.replace(
      /^\{"subject":("[^"]*"),"predicate":("[^"]*")/gm,
      '{"predicate":$2, "subject": $1',
    );
    write("one.jsonl", swapped.replaceAll("é", "\\u00e9"));
    await load(again, [source]);
    const report = await load(again, ["one.jsonl"]);
    expect(report.records).toMatchObject({ read: 4, stored: 0, duplicates: 4 });
    expect(await linesOf(again)).toEqual(lines);
  });

  test("are found by each of their parts and by the words of their literals", {
    timeout: msMax,
  }, async () => {
    const store = newStore();
    write(
      "find.nq",
      '<a:s> <a:p> <a:o> <a:g> .\n<a:s> <a:q> "Red rose"@en .\n<a:o> <a:p> "rose"^^<a:t> <a:g> .\n',
    );
    await load(store, ["find.nq"]);
    await using reader = await openStoreReader(store);
    const found = (where: unknown) => count(reader, { entity: "Quad", where });
    const counts = [
      { subject: "a:s" },
      { predicate: "a:p" },
      { object: "a:o" },
      { value: "rose" },
      { graph: "a:g" },
    ];
    expect(counts.map(found)).toEqual([2, 2, 1, 1, 2]);
    expect(found({ subject: "a:s", object: "a:o" })).toBe(1);
    expect(found({ graph: { exists: false } })).toBe(1);
    const words = [...query(reader, { entity: "Quad", search: "ROSE" })];
    expect(words.length).toBe(2);
  });

  test("cost a bad line that line alone, with its place", { timeout: msMax }, async () => {
    const store = newStore();
    write("bad.nq", "# bad\n<a:s> <a:p> <a:o> .\n\n<a:s> <p> <a:o> .\n<a:s> <a:p> <a:q> .\n");
    const report = await load(store, ["bad.nq"]);
    expect(report.records).toMatchObject({ read: 3, stored: 2, rejected: 1 });
    expect(rejectsOf(store)).toMatchObject([{ source: "bad.nq", line: 4, record: 2, code: "QUAD_SYNTAX" }]);
  });
});

describe("blank nodes", () => {
  test("of two documents stay apart, and those of one together", { timeout: msMax }, async () => {
    const store = newStore();
    write("first.nq", "_:b <a:p> _:c .\n");
    write("second.nq", "_:b <a:p> _:c .\n_:c <a:p> <a:o> _:b .\n");
    await load(store, ["first.nq", "second.nq"]);
    const lines = await linesOf(store);
    expect(lines[0]).toBe("_:b <a:p> _:c .");
    const [, subject, object] = /^(_:b\S+) <a:p> (_:c\S+) \.$/.exec(lines[1]!)!;
    expect(lines.slice(2)).toEqual([`${object} <a:p> <a:o> ${subject} .`]);
    const again = await load(store, ["second.nq", "first.nq"]);
    expect(again.records).toMatchObject({ stored: 0, duplicates: 3 });
    appendFileSync(join(cwd, "second.nq"), "_:b <a:p> _:d .\n");
    expect((await load(store, ["second.nq"])).records).toMatchObject({ stored: 3, duplicates: 0 });
  });

  test("of a stream are new every time", { timeout: msMax }, async () => {
    const store = newStore();
    for (const stored of [2, 1]) {
      const stdin = Readable.from(["_:b <a:p> _:c .\n<a:s> <a:p> <a:o> .\n"]);
      const sources = await resolveSources(["-"], { cwd, stdin, format: "nquads" });
      expect((await load(store, [], { sources })).records.stored).toBe(stored);
    }
    const lines = await linesOf(store);
    expect(lines.slice(0, 2)).toEqual(["_:b <a:p> _:c .", "<a:s> <a:p> <a:o> ."]);
    expect(lines[2]).toMatch(/^_:b\.[0-9a-f]{32} <a:p> _:c\.[0-9a-f]{32} \.$/);
  });
});

test("labels of a stream stay as they are, whenever its import is killed", { timeout: msMax }, async () => {
  const statements = Array.from({ length: 6000 }, (_, i) => `_:b${i} <a:p> "${"text ".repeat(20)}${i}" .\n`);
  const input = statements.join("");
  const words = ["import", "-", "--format", "nquads", "--sync-bytes", String(128 * KiB)];
  for (const call of [1, 3]) {
    const store = newStore();
    const program = [projectFile("test/support/die-at-verb.js"), "before", "commit", String(call)];
    const killed = await startPlimsoll([...words, "--into", store], { cwd, input, program }).ended;
    expect(killed.signal).toBe("SIGKILL");
    expect((await plimsoll([...words, "--into", store], { cwd, input })).code).toBe(0);
    expect((await linesOf(store)).join("\n")).toBe(input.trimEnd());
  }
});

describe("Turtle", () => {
  const statements = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => `:s${from + i} :p [ :n ${from + i} ] , "v" .\n`).join("");

  test("ends where its grammar breaks, and other sources go on", { timeout: msMax }, async () => {
    const store = newStore();
    write("broken.ttl", `@prefix : <a:> .\n${statements(0, 3)}:x :y :z :z .\n:lost :p :o .\n`);
    write("whole.trig", '@prefix : <a:> .\n:g { :s :p """two\nlines"""@en-GB . _:genid0 :p _:x }\n');
    const report = await load(store, ["broken.ttl", "whole.trig"]);
    expect(report).toMatchObject({ state: "failed", error: { code: "TURTLE_SYNTAX" } });
    expect(rejectsOf(store)).toMatchObject([{ source: "broken.ttl", line: 5, code: "TURTLE_SYNTAX" }]);
    const lines = await linesOf(store);
    const integer = "http://www.w3.org/2001/XMLSchema#integer";
    expect(lines).toContain(`_:genid2 <a:n> "2"^^<${integer}> .`);
    expect(lines).toContain('<a:s> <a:p> "two\\nlines"@en-GB <a:g> .');
    expect(lines.at(-1)).toMatch(/^_:genid_0\.\S+ <a:p> _:x\.\S+ <a:g> \.$/);
    expect(lines.some((line) => line.includes("lost"))).toBe(false);
  });

  test("is resumed behind a kill as if nothing had happened", { timeout: msMax }, async () => {
    write("large.ttl", `@prefix : <http://example.org/with/a/name/> .\n${statements(0, 4000)}`);
    const [whole, killed] = [newStore(), newStore()];
    await load(whole, ["large.ttl"]);
    const words = ["large.ttl", "--sync-bytes", String(128 * KiB)];
    await killImport({
      words,
      store: killed,
      cwd,
      at: whileReading,
      isThere: ({ cursor }) => cursor !== null,
    });
    const { code } = await plimsoll(["import", ...words, "--into", killed], { cwd });
    expect(code).toBe(0);
    expect((await linesOf(killed)).sort()).toEqual((await linesOf(whole)).sort());
  });

  test.each([
    ["nesting without end", ":a :b ".concat("[ :c ".repeat(20_000)), /nests deeper/],
    ["a literal without end", `:a :b """${"x".repeat(5 << 20)}`, /token or statement/],
    [
      "names for long IRIs",
      `@prefix l: <a:${"x".repeat(100_000)}> . ${"l:a l:b l:c . ".repeat(1000)}`,
      /too long/,
    ],
    ["bytes that are not UTF-8", Buffer.from(':a :b "\xff" .', "latin1"), /UTF-8/],
    ["a triple term", ":a :b <<( :a :b :c )>> .", /triple terms|Unexpected|Expected/],
  ])("is turned down for %s", { timeout: msMax }, async (_what, text, reason) => {
    const store = newStore();
    writeFileSync(
      join(cwd, "held.ttl"),
      Buffer.concat([Buffer.from("@prefix : <a:> .\n"), Buffer.from(text)]),
    );
    const report = await load(store, ["held.ttl"]);
    expect(report.error).toMatchObject({ code: "TURTLE_SYNTAX", message: expect.stringMatching(reason) });
  });
});
