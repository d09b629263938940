import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Kernel, quadKeyBytesMax } from "../../src/kernel/index.js";
import { quadMembers } from "../../src/model/index.js";
import type { SourceFormat } from "../../src/ports/index.js";
import { createQuadCheck, findPreset } from "../../src/presets/index.js";
import { quadKey } from "../../src/query/quad-key.js";
import { quadLine } from "../../src/query/quad-line.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";

type Quad = Partial<Record<(typeof quadMembers)[number], string>>;

const entity = entityOf(findPreset("rdf")!);
const stringType = "http://www.w3.org/2001/XMLSchema#string";

const iri = fc
  .tuple(
    fc.constantFrom("http://example.org/", "a:", "urn:isbn:", "X-y+z.1:"),
    fc.string({
      unit: fc.constantFrom("a", "é", "\u{1f600}", "~", "/", "#", "%", "'", "\u007f"),
      maxLength: 40,
    }),
  )
  .map(([scheme, rest]) => scheme + rest);
const label = fc.constantFrom("_:b", "_:0", "_:_-.·x", "_:é..é", "_:\u{1f600}", `_:${"long".repeat(20)}`);
const node = fc.oneof(iri, label);
const character = fc.oneof(
  fc.constantFrom('"', "\\", "\n", "\r", "\t", "\b", "\f", "'", "\0", "\u001f", "\u007f", "é", "😀", "�"),
  fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
);
const text = fc.string({ unit: character, maxLength: 60 });
const literal = fc.oneof(
  fc.record({ value: text }),
  fc.record({ value: text, language: fc.constantFrom("en", "de-CH-1996", "X") }),
  fc.record({ value: text, datatype: iri }),
);
const quad: fc.Arbitrary<Quad> = fc
  .tuple(
    node,
    iri,
    fc.oneof(
      node.map((object) => ({ object })),
      literal,
    ),
    fc.option(node, { nil: null }),
  )
  .map(([subject, predicate, object, graph]) => ({
    subject,
    predicate,
    ...object,
    ...(graph === null ? {} : { graph }),
  }));

/** One of the ways in which N-Quads can say a quad; `choose` deals numbers below its argument. */
function written(quad: Quad, choose: (below: number) => number): string {
  const blanks = () => ["", " ", "\t", "  \t "][choose(4)]!;
  const term = (name: string) => {
    if (name.startsWith("_:")) return name;
    return `<${[...name].map((c) => (choose(8) === 0 ? numbered(c, choose) : c)).join("")}>`;
  };
  let object = quad.object === undefined ? "" : term(quad.object);
  if (quad.value !== undefined) {
    object = `"${[...quad.value].map((c) => inLiteral(c, choose)).join("")}"`;
    if (quad.language !== undefined) object += `@${quad.language}`;
    else if (quad.datatype !== undefined) object += `^^${term(quad.datatype)}`;
    else if (choose(3) === 0) object += `^^<${stringType}>`;
  }
  const parts = [term(quad.subject!), term(quad.predicate!), object];
  if (quad.graph !== undefined) parts.push(term(quad.graph));
  // A blank ends a label, which would take the full stop or the next label's first characters otherwise.
  const line = parts.map((part) => part + (part.startsWith("_:") ? " " : blanks())).join("");
  return `${blanks()}${line}.${blanks()}${["", "# . <a:b>"][choose(2)]}`;
}

function numbered(c: string, choose: (below: number) => number): string {
  const point = c.codePointAt(0)!;
  const digits = point.toString(16);
  if (point > 0xffff || choose(2) === 0) return `\\U${digits.padStart(8, "0")}`;
  return `\\u${digits.toUpperCase().padStart(4, "0")}`;
}

const letters: Record<string, string> = { "\t": "t", "\b": "b", "\n": "n", "\r": "r", "\f": "f" };

function inLiteral(c: string, choose: (below: number) => number): string {
  if (choose(8) === 0) return numbered(c, choose);
  if ('"\\'.includes(c) || (c === "'" && choose(2) === 0)) return `\\${c}`;
  const mustEscape = c === "\n" || c === "\r";
  return letters[c] !== undefined && (mustEscape || choose(2) === 0) ? `\\${letters[c]}` : c;
}

function json(quad: Quad): string {
  return JSON.stringify(
    Object.fromEntries(quadMembers.flatMap((name) => (name in quad ? [[name, quad[name]]] : []))),
  );
}

function load(rig: LoaderRig, format: SourceFormat, source: string | Uint8Array, blankScope = "") {
  return rig.load({ entity, format, header: null, text: source, blankScope });
}

describe("statements of N-Quads", () => {
  test("become the records, entries and keys of their JSON, however they are written", () => {
    const rig = new LoaderRig();
    const seeds = fc.array(fc.nat(), { minLength: 97, maxLength: 97 });
    fc.assert(
      fc.property(fc.array(quad, { maxLength: 12 }), seeds, (quads, numbers) => {
        let drawn = 0;
        const choose = (below: number) => numbers[drawn++ % numbers.length]! % below;
        const ends = ["\n", "\r\n", "\r", "\n\n# no statement\n \t\n"];
        const lines = quads.map((one) => written(one, choose) + ends[choose(4)]!);
        const source = choose(2) === 0 ? lines.join("") : lines.join("").trimEnd();
        const found = load(rig, "nquads", source);
        expect(found.rejects).toEqual([]);
        expect([...found.records.values()]).toEqual(quads.map(json));
        const twin = load(rig, "jsonl", quads.map(json).join("\n"));
        expect({ tuples: found.tuples, keys: found.keys }).toEqual({ tuples: twin.tuples, keys: twin.keys });
        const keys = quads.map((one) => quadKey(quadMembers.map((name) => one[name] ?? null)));
        expect(found.keys.map((key) => key.split(":").at(-1)).sort()).toEqual(
          keys.map((key) => Buffer.from(key).toString("hex")).sort(),
        );
        expect(load(rig, "nquads", quads.map((value) => quadLine(value)).join("\n")).records).toEqual(
          found.records,
        );
      }),
      { numRuns: 400 },
    );
  });

  test("have a key of their own each, short or long", () => {
    const rig = new LoaderRig();
    for (let bytes = quadKeyBytesMax - 20; bytes < quadKeyBytesMax + 5; bytes++) {
      const value = "v".repeat(bytes);
      const escaped = `\\u0076${value.slice(1)}`;
      const [plain, numbers] = [`<a:b> <a:c> "${value}" .`, `<a:b> <a:c> "${escaped}" .`];
      const found = load(rig, "nquads", `${plain}\n${numbers}\n<a:b> <a:c> "${value}"@en .`);
      const keys = found.keys.map((key) => key.split(":").at(-1)!);
      expect(new Set(keys).size).toBe(2);
      expect(Math.max(...keys.map((key) => key.length / 2))).toBeLessThanOrEqual(quadKeyBytesMax);
    }
    const swapped = load(
      rig,
      "nquads",
      '<a:b> <a:c> "d"^^<e:f> .\n<a:b> <a:c> "d" <e:f> .\n<a:b> <a:c> <e:f> .',
    );
    expect(new Set(swapped.keys.map((key) => key.split(":").at(-1))).size).toBe(3);
  });

  test("go into whatever entity a mapping has for them", () => {
    const rig = new LoaderRig();
    const plain = {
      subject: { type: "string", index: "range" },
      value: { type: "float", index: "range" },
    } as const;
    const odd = { ...plain, graph: "json", "graph.name": { type: "string", index: "exact" } } as const;
    const statements = '<a:s> <a:p> <a:o> .\n<a:t> <a:p> "x" <a:g> .';
    const records = [...load(rig, "nquads", statements).records.values()].join("\n");
    for (const fields of [plain, odd]) {
      const entity = entityOf({ version: 1, entities: { Thing: { key: "subject", fields } } });
      const [asQuads, asJson] = [["nquads", statements] as const, ["jsonl", records] as const].map(
        ([format, text]) => rig.load({ entity, format, header: null, text }),
      );
      expect(asQuads!.rejects.map(({ code }) => code)).toEqual(["FIELD_TYPE"]);
      for (const part of ["tuples", "keys", "records", "columns"] as const) {
        expect(asQuads![part]).toEqual(asJson![part]);
      }
    }
  });

  test("give their labels the scope of their document", () => {
    const rig = new LoaderRig();
    const { records } = load(rig, "nquads", '_:a <a:p> _:b.c _:g.\n_:a <a:p> "_:b" .', ".scope");
    expect([...records.values()].map((line) => JSON.parse(line))).toEqual([
      { subject: "_:a.scope", predicate: "a:p", object: "_:b.c.scope", graph: "_:g.scope" },
      { subject: "_:a.scope", predicate: "a:p", value: "_:b" },
    ]);
  });

  test.each([
    ["a statement of nothing but words", "bad", 0],
    ["a literal as the subject", '"a" <a:p> <a:o> .', 0],
    ["a blank node as the predicate", "<a:s> _:p <a:o> .", 6],
    ["a relative IRI", "<a:s> <p> <a:o> .", 8],
    ["an IRI with a blank", "<a:s> <a: p> <a:o> .", 9],
    ["an IRI with an escaped blank", "<a:s> <a:\\u0020p> <a:o> .", 9],
    ["an IRI that does not end", "<a:s> <a:p> <a:o .", 16],
    ["a letter escaped in an IRI", "<a:s> <a:\\n> <a:o> .", 9],
    ["half of a surrogate pair", '<a:s> <a:p> "\\uD800" .', 13],
    ["a number beyond Unicode", '<a:s> <a:p> "\\U00110000" .', 13],
    ["an escape that there is not", '<a:s> <a:p> "\\x" .', 13],
    ["an escape of few digits", '<a:s> <a:p> "\\u00g0" .', 13],
    ["a literal that goes on", '<a:s> <a:p> "a', 14],
    ["a label that begins with a dash", "_:-a <a:p> <a:o> .", 2],
    ["a language tag without letters", '<a:s> <a:p> "a"@1 .', 16],
    ["a language tag that ends with a dash", '<a:s> <a:p> "a"@en- .', 19],
    ["half of a datatype's sign", '<a:s> <a:p> "a"^<a:t> .', 15],
    ["no full stop", "<a:s> <a:p> <a:o>", 17],
    ["a fifth term", "<a:s> <a:p> <a:o> <a:g> <a:x> .", 24],
    ["something behind the full stop", "<a:s> <a:p> <a:o> . x", 20],
  ])("are turned down for %s, and the next one is not", (_what, line, offset) => {
    const rig = new LoaderRig();
    const { records, rejects } = load(rig, "nquads", `${line}\r\n<a:s> <a:p> <a:o> .`);
    expect([...records.keys()]).toEqual([1]);
    expect(rejects).toMatchObject([{ ordinal: 0, code: "QUAD_SYNTAX", offset: 0, line: 0 }]);
    expect(rejects[0]!.reason).toContain(`at byte ${offset}:`);
  });

  test("are turned down where they are not UTF-8, too long, or no triples though they should be", () => {
    const rig = new LoaderRig({ recordBytesMax: 400 });
    const broken = Buffer.from('<a:s> <a:p> "\xff" .\n_:\xe9 <a:p> <a:o> .', "latin1");
    expect(load(rig, "nquads", broken).rejects.map(({ code }) => code)).toEqual([
      "INVALID_UTF8",
      "INVALID_UTF8",
    ]);
    const controls = load(rig, "nquads", `<a:s> <a:p> "${"\u0001".repeat(100)}" .\n<a:s> <a:p> <a:o> .`);
    expect(controls.rejects.map(({ code }) => code)).toEqual(["RECORD_TOO_LARGE"]);
    expect(controls.records.size).toBe(1);
    const triples = load(rig, "ntriples", "<a:s> <a:p> <a:o> <a:g> .\n<a:s> <a:p> <a:o> .");
    expect(triples.rejects.map(({ code }) => code)).toEqual(["QUAD_SYNTAX"]);
    expect(triples.records.size).toBe(1);
  });
});

test("what a term may hold is the same in N-Quads and in JSON", () => {
  const rig = new LoaderRig({
    inputBytes: 1 << 22,
    tupleCapacity: 200_000,
    keyCapacity: 40_000,
    keyArenaBytes: 1 << 22,
  });
  const check = createQuadCheck();
  const points = [...Array(0x3100).keys()];
  for (const edge of [0xd7ff, 0xe000, 0xf8ff, 0xf900, 0xfdcf, 0xfdd0, 0xfdef, 0xfdf0, 0xfffd, 0xfffe, 0xffff])
    points.push(edge);
  for (const edge of [0x10000, 0xeffff, 0xf0000, 0x10ffff]) points.push(edge);
  // Blanks and line breaks end a label, and what comes before them is one.
  const blanks = " \t\n\r";
  const characters = points.map((point) => String.fromCodePoint(point)).filter((c) => !blanks.includes(c));
  for (const shape of ["a:@", "@:a", "_:@", "_:a@b", "_:a@"]) {
    const terms = characters.map((c) => shape.replace("@", () => c));
    const statements = terms.map((term) => `${term.startsWith("_:") ? term : `<${term}>`} <a:p> <a:o> .`);
    const asQuads = load(rig, "nquads", statements.join("\n"));
    const records = terms.map((subject) => JSON.stringify({ subject, predicate: "a:p", object: "a:o" }));
    const asJson = rig.load({ entity, format: "jsonl", header: null, text: records.join("\n") }, check);
    expect(asQuads.records.size).toBeGreaterThan(10);
    expect(asQuads.records.size).toBeLessThan(characters.length);
    expect([...asQuads.records.values()]).toEqual([...asJson.records.values()]);
  }
});

test("BLAKE2b is that of node:crypto", () => {
  const kernel = new Kernel({ memoryBytes: 1 << 20 });
  const at = kernel.alloc(5000);
  for (const bytes of [0, 1, 15, 16, 17, 127, 128, 129, 255, 256, 257, 1000, 4999]) {
    const message = Buffer.from(Array.from({ length: bytes }, (_, index) => (index * 7 + bytes) & 255));
    kernel.u8.fill(0xee, at, at + 5000);
    kernel.u8.set(message, at);
    const digest = kernel.exports.blake2bOf(at, bytes);
    const found = Buffer.from(kernel.u8.subarray(digest, digest + 64)).toString("hex");
    expect(found).toBe(createHash("blake2b512").update(message).digest("hex"));
  }
});
