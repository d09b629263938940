import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import { findPreset } from "../../src/presets/index.js";
import { count, exportRecords } from "../../src/query/index.js";
import { hasCommand } from "../../src/sources/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { importHere } from "../support/imports.js";

const dump = join(
  process.env.PLIMSOLL_TEST_DATA ?? resolve("../shared/data"),
  "schemaorg-all-versions.nq.zst",
);
const isThere = existsSync(dump) && hasCommand("zstd");
const title = isThere ? "" : " (no test data or no zstd; set PLIMSOLL_TEST_DATA)";
const statementsLoaded = 150_000;
const msMax = 120_000;
const label = "http://www.w3.org/2000/01/rdf-schema#label";
let folder: string;
let lines: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plimsoll-schemaorg-"));
  if (!isThere) return;
  // A comment or an empty line may stand among them.
  const command = `zstd -dc "$1" 2>/dev/null | grep '^[<_]' | head -n ${statementsLoaded}`;
  const text = execFileSync("sh", ["-c", command, "sh", dump], { maxBuffer: 2 ** 30 }).toString("utf8");
  lines = text.split("\n").slice(0, -1).map(unescaped);
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Some of the statements write characters by their numbers, of which the canonical form has none. */
function unescaped(line: string): string {
  return line.replace(/\\(?:u([0-9A-Fa-f]{4})|.)/g, (written, digits: string | undefined) =>
    digits === undefined ? written : String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** Whether a statement's literal has the word, by the rule that docs/query.md gives. */
function hasWord(line: string, word: string): boolean {
  const literal = /^\S+ \S+ "((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? "";
  return literal
    .replace(/\\./g, " ")
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .includes(word);
}

describe.runIf(isThere)(`all versions of schema.org, the first statements${title}`, () => {
  test("come out as the set that went in, and are found", { timeout: msMax }, async () => {
    const store = join(folder, "store");
    const mapping = mappingToYaml(compileMapping(findPreset("rdf")!));
    const distinct = new Set(lines);
    const report = await importHere({
      cwd: folder,
      sources: [dump],
      store,
      mapping,
      plan: { limit: lines.length },
    });
    const duplicates = lines.length - distinct.size;
    expect(report.records).toMatchObject({ stored: distinct.size, duplicates, rejected: 0 });
    await using reader = await openStoreReader(store);
    const pieces = [...exportRecords(reader, { format: "nquads" })].map((piece) => Buffer.from(piece));
    const found = Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
    expect(found.filter((line) => !distinct.has(line))).toEqual([]);
    expect(found.length).toBe(distinct.size);
    const counted = (where: unknown, pattern: RegExp) => {
      expect(count(reader, { entity: "Quad", where })).toBe(
        found.filter((line) => pattern.test(line)).length,
      );
    };
    counted({ predicate: label }, /^\S+ <http:\/\/www\.w3\.org\/2000\/01\/rdf-schema#label> /);
    counted({ subject: "http://schema.org/Person" }, /^<http:\/\/schema\.org\/Person> /);
    counted({ object: "http://schema.org/Thing" }, /^\S+ \S+ <http:\/\/schema\.org\/Thing> /);
    const persons = found.filter((line) => hasWord(line, "person")).length;
    expect(persons).toBeGreaterThan(10);
    expect(count(reader, { entity: "Quad", search: "Person" })).toBe(persons);
  });
});
