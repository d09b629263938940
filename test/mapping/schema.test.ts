import { describe, expect, test } from "vitest";
import { isPlimsollError, schemaBytesMax } from "../../src/kernel/index.js";
import { compileMapping, decompileMapping, parseSchema, schemaPredicates } from "../../src/mapping/index.js";
import { rdfMappingWith } from "../../src/presets/index.js";

const read = (text: string) => schemaPredicates(parseSchema(text, "s"), "s");

function faultOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    if (isPlimsollError(error)) return `${error.code} ${error.message.replace(/\. (Mend|Choose) .*$/, "")}`;
    throw error;
  }
  return "none";
}

describe("a schema", () => {
  test("says types and indexes by predicate", () => {
    const { predicates } = read(`
      # comment
      name: string @index(term, exact) @lang .
      <http://schema.org/age>: int @index(int) . # behind
      height: FLOAT @index(float) .
      alive: bool @index(bool) .
      born: dateTime @index(year) .
      died: datetime @index(month, hour) .
      film.friend: [uid] @reverse @count .
      nick: [string] @index(hash) .
      note: string .
      place: geo @index(geo) .
      story: string @index(fulltext, trigram) @lang .
      anything: default .
      [0x0] <exported>:uid .
    `);
    expect(predicates).toEqual({
      name: { type: "string", index: ["text", "exact", "range"] },
      "http://schema.org/age": { type: "int", index: ["range"] },
      height: { type: "float", index: ["range"] },
      alive: { type: "bool", index: ["exact"] },
      born: { type: "date", index: ["range"] },
      died: { type: "date", index: ["range"] },
      "film.friend": { type: "link" },
      nick: { type: "string", index: ["exact"] },
      note: { type: "string" },
      place: { type: "string", index: ["place"], tags: false },
      story: {
        type: "string",
        index: ["stems", "trigram"],
        language: { field: "language", else: "en" },
      },
      exported: { type: "link" },
    });
  });

  test("tells what it says in vain, and nothing else", () => {
    expect(read("a: [string] @index(hash) .\nb: [uid] @reverse @count .\n").notes).toEqual([]);
    const { notes } = read(
      "a: [string] @upsert .\nb: [string] @upsert @unique .\nc: int @noconflict .\n" +
        "type Person { a\n b }\ntype <Old> { a: string!\n b: [uid!]! }\n",
    );
    expect(notes.map((note) => note.replace(/:[^:]*$/, ""))).toEqual([
      "s: @upsert has no effect (a, b)",
      "s: @noconflict has no effect (c)",
      "s: @unique has no effect (b)",
      "s: types have no effect (Person, Old)",
      "s: a node may have several values of what is no list (c)",
    ]);
  });

  test("becomes a mapping that reads as it was written", () => {
    const { predicates } = read(
      "value: string @index(exact, fulltext) @lang .\nor: int @index(int) .\nb: uid .\nc: bool .\n",
    );
    const compiled = compileMapping(rdfMappingWith(predicates));
    expect(compileMapping(decompileMapping(compiled))).toEqual(compiled);
    const named = compiled.entities[0]!.fields.filter(({ predicate }) => predicate !== undefined);
    expect(named.map(({ name }) => name)).toEqual(["<value>", "<or>", "b", "c"]);
    const columns = named.flatMap(({ indexes }) => indexes.filter(({ hasColumn }) => hasColumn));
    expect(columns).toEqual([]);
  });
});

describe("what is wrong with a schema is told with its line:", () => {
  const invalid: [string, string][] = [
    ["\nname string .", "line 2: : was expected behind name, not string"],
    ["name: string", "line 1: . was expected at the end of what is said of name, not the end of the file"],
    ["name: @lang .", "line 1: a type was expected, not @"],
    ["name: [string .", "line 1: ] was expected behind [string, not ."],
    ["name: string\n@shiny .", "line 2: @shiny is none of @index, @lang"],
    ["name: string @lang @lang .", "line 1: @lang was said already"],
    ["name: string @index .", "line 1: ( was expected behind @index: say how name is indexed"],
    ["name: string @index() .", "line 1: a kind of index was expected, not )"],
    ["name: string @index(term, term) .", "line 1: term was said already"],
    ["name: string @index(term exact) .", "line 1: ) was expected behind the kinds of an index, not exact"],
    ["a: int .\n\na: int .", "line 3: a was declared in line 1 already"],
    ["a: int @reverse .", "line 1: @reverse is for predicates of type uid, and a is int"],
    ["a: [string] @lang .", "line 1: @lang is for predicates of type string"],
    ["a: geo @lang .", "line 1: @lang is for predicates of type string"],
    ["a: uid @index(exact) .", "line 1: @index is not for predicates of type uid"],
    ["a: default @index(exact) .", "line 1: @index is not for predicates of type default"],
    [
      "type A { a",
      "line 1: the name of a field, or } behind the last, was expected, not the end of the file",
    ],
    ["type A { a: [int }", "line 1: ] was expected behind a list's type, not }"],
    ["[0x1] a: int .", "line 1: of namespaces only the first can be read, [0x0], not 0x1"],
    ["\n\na; int .", 'line 3: ";" is no part of a schema'],
    [`${"a".repeat(257)}: int .`, "line 1: a predicate has at most 256 characters"],
    [" ".repeat(schemaBytesMax + 1), "line 1: the file must be at most 1048576 bytes long"],
  ];
  test.each(invalid)("%.40s", (text, fault) => {
    expect(faultOf(text)).toContain(`SCHEMA_INVALID s, ${fault}`);
  });

  const unsupported: [string, string][] = [
    [
      "a: string @index(sounds) .",
      "the index sounds of a, for its type, is none that there is here, which are",
    ],
    ["a: int @index(term) .", "the index term of a, for its type, is none that there is here, which are int"],
    [
      "\na: bigfloat .",
      "line 2: the type bigfloat of a is none that there is here, which are default, string",
    ],
    ["a: [password] .", "the type [password] of a is none"],
  ];
  test.each(unsupported)("%.40s", (text, fault) => {
    const found = faultOf(text);
    expect(found).toContain("SCHEMA_UNSUPPORTED s, line ");
    expect(found).toContain(fault);
  });
});

describe("predicates of a mapping", () => {
  const compiled = (predicates: object, rules: object = { rules: "quads" }) => {
    const mapping = rdfMappingWith(predicates as never);
    const { rules: _, ...quads } = mapping.entities.Quad!;
    return () => compileMapping({ ...mapping, entities: { Quad: { ...quads, ...rules } } });
  };

  test("are held to what can be", () => {
    const many = Object.fromEntries(Array.from({ length: 513 }, (_, i) => [`p${i}`, "int"]));
    expect(compiled({ a: "int" }, {})).toThrow(/predicates are for entities with the rules of quads alone/);
    expect(compiled(many)).toThrow(/predicates must be at most 512/);
    expect(compiled({ a: { type: "link", index: "exact" } })).toThrow(/a needs no index/);
    expect(compiled({ a: { type: "int", tags: true } })).toThrow(/a must not have language tags/);
    expect(compiled({ a: { type: "float", index: "place" } })).toThrow(
      /a must be of type string for an index/,
    );
    expect(compiled({ a: { type: "int", index: "text" } })).toThrow(/a\.index must be exact or range/);
  });
});
