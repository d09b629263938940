import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { joinTermCharsMax } from "../../src/kernel/index.js";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import { findPreset } from "../../src/presets/index.js";
import { count, explain, matchQuads } from "../../src/query/index.js";
import { openStoreReader } from "../../src/targets/lmdb/index.js";
import { plimsoll } from "../support/cli.js";
import { importHere } from "../support/imports.js";

const mapping = mappingToYaml(compileMapping(findPreset("rdf")!));
const msMax = 120_000;

/** Few terms, so that patterns meet: a text of N-Quads each; the last ones stand as objects alone. */
const nodes = ["<a:1>", "<a:2>", "<a:3>", "<a:4>", "<a:5>", "_:b1", "_:b2"];
const predicates = ["<p:1>", "<p:2>", "<a:1>"];
const literals = ['"x"', '"x"@en', '"x"@EN', '"x"^^<d:1>', '"a b"', '"q \\" \\\\ \\n é"', '""'];
const objects = [...nodes, ...literals];
const graphs = ["", "<g:1>", "<a:2>"];

type Quad = [subject: string, predicate: string, object: string, graph: string];
const quadOf = fc.tuple(
  fc.constantFrom(...nodes.slice(0, 7)),
  fc.constantFrom(...predicates),
  fc.constantFrom(...objects),
  fc.constantFrom(...graphs),
);
const lineOf = (quad: Quad) => `${quad.filter((term) => term !== "").join(" ")} .`;

/** A pattern over variables of which some are shared; what makes no tree is refused by both. */
const termOf = (values: string[]) =>
  fc.oneof(fc.constant("?"), fc.constantFrom("?a", "?b", "?c"), fc.constantFrom(...values));
const patternOf = fc.tuple(
  termOf(nodes),
  termOf(predicates),
  termOf(objects),
  fc.oneof({ weight: 3, arbitrary: fc.constant("") }, termOf(graphs.slice(1))),
);

const isVariable = (term: string) => /^\?\w/.test(term);

/** The naive twin: all the ways in which the patterns can be met at once, by trying every quad for each. */
function canMeet(
  patterns: readonly Quad[],
  quads: readonly Quad[],
  bound: ReadonlyMap<string, string>,
): boolean {
  const [first, ...rest] = patterns;
  return (
    first === undefined ||
    quads.some((quad) => {
      const next = met(first, quad, bound);
      return next !== null && canMeet(rest, quads, next);
    })
  );
}

function met(pattern: Quad, quad: Quad, bound: ReadonlyMap<string, string>): Map<string, string> | null {
  const next = new Map(bound);
  for (const [at, term] of pattern.entries()) {
    if (term === "" || term === "?") continue;
    const known = isVariable(term) ? next.get(term) : term;
    if (quad[at] === "" || (known !== undefined && known !== quad[at])) return null;
    if (isVariable(term)) next.set(term, quad[at]!);
  }
  return next;
}

function isTree(patterns: readonly Quad[]): boolean {
  const seen = new Set<string>();
  for (const [at, pattern] of patterns.entries()) {
    const names = pattern.filter(isVariable);
    if (new Set(names).size < names.length) return false;
    if (at > 0 && names.filter((name) => seen.has(name)).length !== 1) return false;
    for (const name of names) seen.add(name);
  }
  return true;
}

describe("patterns of quads", () => {
  let cwd: string;
  let quads: Quad[];
  let reader: Awaited<ReturnType<typeof openStoreReader>>;

  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), "plimsoll-match-"));
    const sampled = fc.sample(quadOf, { numRuns: 160, seed: 11 });
    quads = [...new Map(sampled.map((quad) => [lineOf(quad), quad])).values()];
    writeFileSync(join(cwd, "quads.nq"), `${quads.map(lineOf).join("\n")}\n`);
    await importHere({ cwd, store: join(cwd, "store"), sources: ["quads.nq"], mapping });
    reader = await openStoreReader(join(cwd, "store"));
  }, msMax);

  afterAll(async () => {
    await reader[Symbol.asyncDispose]();
    rmSync(cwd, { recursive: true });
  });

  const linesOf = (match: string) =>
    [...matchQuads(reader, match)].map((line) => Buffer.from(line).toString());

  test("find what trying every quad finds", { timeout: msMax }, () => {
    const some = fc.array(patternOf, { minLength: 1, maxLength: 3 });
    let trees = 0;
    fc.assert(
      fc.property(some, (patterns) => {
        const match = patterns.map((pattern) => pattern.filter((term) => term !== "").join(" ")).join(" . ");
        if (!isTree(patterns)) {
          expect(() => linesOf(match)).toThrow(/QUERY_INVALID|variable/);
          return;
        }
        trees++;
        const [first, ...rest] = patterns as [Quad, ...Quad[]];
        const wanted = quads.filter((quad) => {
          const bound = met(first, quad, new Map());
          return bound !== null && canMeet(rest, quads, bound);
        });
        expect(linesOf(match).sort()).toEqual(wanted.map(lineOf).sort());
        expect(count(reader, { match })).toBe(wanted.length);
      }),
      { numRuns: 1500, seed: 5 },
    );
    expect(trees).toBeGreaterThan(400);
  });

  test("stand beside other conditions of a filter", () => {
    const match = "? <p:1> ?";
    expect(count(reader, { match, where: { graph: { exists: false } } })).toBe(
      quads.filter(([, predicate, , graph]) => predicate === "<p:1>" && graph === "").length,
    );
    expect(explain(reader, { match }).join("\n")).toContain('list: predicate = "p:1"');
  });

  test("take terms in every form in which N-Quads have them", () => {
    const [quad] = quads.filter(([, , object]) => object === '"q \\" \\\\ \\n é"');
    expect(linesOf('? ? "q \\u0022 \\u005c \\u000A \\U000000e9"')).toContain(lineOf(quad!));
    expect(linesOf('? ? "x"^^<http://www.w3.org/2001/XMLSchema#string>')).toEqual(linesOf('? ? "x"'));
    expect(linesOf("<\\u0061:1>\n\t? ? .")).toEqual(linesOf("<a:1> ? ?"));
  });

  test.each([
    ["", "a pattern of 0 terms in place of 3 or 4"],
    ["? ?", "a pattern of 2 terms"],
    ["? ? ? ? ?", "a pattern of 5 terms"],
    ["foo ? ?", "cannot be read at character 1"],
    ['? ? "open', "cannot be read at character 5"],
    ['? ? "x"^^d', "^^ without a datatype"],
    ['"x" ? ?', "a literal as its subject"],
    ['? "x" ?', "a literal as its predicate"],
    ["?x ?x ?", "?x twice"],
    ["?x ? ? . ?y ? ?", "number 2, without a variable"],
    ["?x ? ?y . ?x ? ?y", "both ?x and ?y"],
    [Array.from({ length: 9 }, () => "?x ? ?").join(" . "), "more than 8 patterns"],
  ])("are refused with what is wrong: %s", (match, what) => {
    expect(() => linesOf(match)).toThrow(what);
  });

  test("are asked by the command line, which prints N-Quads", { timeout: msMax }, async () => {
    const store = join(cwd, "store");
    const args = ["query", store, "--match", "?x <p:1> ? . ?y <p:2> ?x"];
    const { code, out } = await plimsoll(args, { cwd });
    expect(code).toBe(0);
    expect(out).toBe(`${linesOf(args[3]!).join("\n")}\n`);
    expect((await plimsoll([...args, "--count"], { cwd })).out).toBe(`${linesOf(args[3]!).length}\n`);
    const both = await plimsoll([...args, "--filter", "{}"], { cwd });
    expect(both.error).toContain("cannot be given together");
    const neither = await plimsoll(["query", store], { cwd });
    expect(neither.error).toContain("--filter, --match or --nostr is missing");
  });
});

describe("patterns over what has no index of its own", () => {
  let cwd: string;
  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), "plimsoll-match-"));
  });
  afterAll(() => rmSync(cwd, { recursive: true }));

  const answers = async (store: string, match: string) =>
    (await plimsoll(["query", store, "--match", match], { cwd })).out;

  test("meet literals of a schema, which are indexed by their predicates alone", {
    timeout: msMax,
  }, async () => {
    writeFileSync(join(cwd, "a.rdf"), '<a> <name> "x" .\n<b> <other> "x" .\n<c> <name> "y" .\n');
    writeFileSync(join(cwd, "a.schema"), "name: string @index(exact) .\n");
    const args = ["import", "a.rdf", "--format", "dgraph-rdf", "--schema", "a.schema", "--into", "schema"];
    expect((await plimsoll(args, { cwd })).code).toBe(0);
    expect(await answers("schema", "?a <name> ?n . ?b <other> ?n")).toBe('<a> <name> "x" .\n');
    expect(await answers("schema", "?a <name> ?n . ?b ? ?n")).toBe('<a> <name> "x" .\n<c> <name> "y" .\n');
    expect(await answers("schema", "?b <other> ?n . ?a <name> ?n")).toBe('<b> <other> "x" .\n');
  });

  test("follow long literals one by one: only so much of them is looked up ahead", {
    timeout: msMax,
  }, async () => {
    const long = (letter: string) => `"${letter.repeat(joinTermCharsMax / 2)}"`;
    const lines = ["a", "b", "c"].map((letter) => `<s:${letter}> <p:1> ${long(letter)} .\n`);
    const others = ["c", "b", "d"].map((letter) => `<t:${letter}> <p:2> ${long(letter)} .\n`);
    writeFileSync(join(cwd, "long.nt"), [...lines, ...others].join(""));
    expect((await plimsoll(["import", "long.nt", "--into", "long"], { cwd })).code).toBe(0);
    const found = await answers("long", "?s <p:1> ?n . ?t <p:2> ?n");
    expect(found.match(/^<s:\w>/gm)).toEqual(["<s:b>", "<s:c>"]);
  });
});
