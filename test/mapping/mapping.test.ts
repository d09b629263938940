import { expect, test } from "vitest";
import {
  compileMapping,
  decompileMapping,
  mappingToYaml,
  mergeMappings,
  parseMapping,
} from "../../src/mapping/index.js";
import type { CompiledMapping } from "../../src/model/index.js";

const geo = `
version: 1
entities:
  City:
    match: "cities/*.json*"
    key: id
    conflict: newest:updated
    fields:
      id: int
      updated: date
      name: { type: string, index: [text, exact] }
      population: { type: int, index: [exact, range] }
      state: { path: state_id, type: int, link: State }
      code: { type: hex, link: Code }
      dotted: { path: [a.b, c], type: string, index: range }
      tags: { type: pairs, index: exact }
      raw: json
  Code:
    key: id
    fields: { id: hex }
`;

const state = `{"version":1,"entities":{"State":{"key":"id","fields":{"id":"int","name":{"type":"string","index":"exact"}}}}}`;

function compile(text: string): CompiledMapping {
  return compileMapping(parseMapping(text, "m.yaml"), "m.yaml");
}

function indexesOf(mapping: CompiledMapping): string[] {
  return mapping.entities.flatMap((entity) =>
    entity.fields.flatMap((field) =>
      field.indexes.map((index) => `${index.number} ${entity.name}.${index.field} ${index.kind}`),
    ),
  );
}

test("numbers entities, slots and indexes in the order in which they are written", () => {
  const mapping = compile(geo);
  expect(mapping.entities.map(({ name, number }) => [name, number])).toEqual([
    ["City", 0],
    ["Code", 1],
    ["State", 2],
  ]);
  expect(indexesOf(mapping)).toEqual([
    "1 City.name exact",
    "2 City.name text",
    "3 City.population number",
    "4 City.state number",
    "5 City.code exact",
    "6 City.dotted prefix",
    "7 City.tags pairs",
  ]);
  const [city] = mapping.entities;
  expect(city!.keySlots).toEqual([0]);
  expect(city!.versionSlot).toBe(1);
  expect(city!.fields.map(({ path }) => path.join("/"))).toContain("a.b/c");
  expect(city!.fields.map(({ required }) => required)).toEqual([true, ...Array(8).fill(false)]);
  expect(city!.fields.find(({ name }) => name === "population")!.indexes[0]!.hasColumn).toBe(true);
});

test("printed as YAML and read again, it is the same mapping", () => {
  const mapping = compile(geo);
  expect(compile(mappingToYaml(mapping))).toEqual(mapping);
  expect(decompileMapping(compile(state))).toEqual(JSON.parse(state));
});

const faults: [string, string, string][] = [
  ["a: [", "line 1", "is not YAML or JSON"],
  ["version: 2\nentities: {}", "version", "must be 1"],
  ["version: 1\nentities: {}", "entities", "at least one entity"],
  ["version: 1\nentities: {A: {feilds: {a: int}}}", "entities.A", 'did you mean "fields"'],
  ["version: 1\nentities: {A: {fields: {a: strng}}}", "entities.A.fields.a", 'did you mean "string"'],
  ["version: 1\nentities: {A: {fields: {a: {index: text}}}}", "entities.A.fields.a", 'must have "type"'],
  [
    "version: 1\nentities: {A: {fields: {a: {type: int, index: text}}}}",
    "entities.A.fields.a.index",
    "exact or range",
  ],
  [
    "version: 1\nentities: {A: {fields: {a: {type: json, index: exact}}}}",
    "entities.A.fields.a.index",
    "must be place for a field of type json",
  ],
  ["version: 1\nentities: {A: {key: od, fields: {id: int}}}", "entities.A.key", 'did you mean "id"'],
  ["version: 1\nentities: {A: {key: id, fields: {id: json}}}", "entities.A.key", "is json"],
  [
    "version: 1\nentities: {A: {conflict: newest, key: a, fields: {a: int}}}",
    "entities.A.conflict",
    "newest:FIELD",
  ],
  ["version: 1\nentities: {A: {conflict: replace, fields: {a: int}}}", "entities.A.conflict", "needs a key"],
  [
    "version: 1\nentities: {A: {conflict: newest:b, key: a, fields: {a: int, b: bool}}}",
    "entities.A.conflict",
    "is bool",
  ],
  [
    "version: 1\nentities: {A: {fields: {a: int, b: {type: int, path: a}}}}",
    "entities.A.fields.b",
    'field "a"',
  ],
  ["version: 1\nentities: {A: {fields: {a..b: int}}}", "entities.A.fields.a..b.path", "at every dot"],
  ["version: 1\nentities: {A: {fields: {a: {type: date, link: B}}}}", "entities.A.fields.a.link", "not date"],
  [
    "version: 1\nentities: {A: {fields: {a: {type: int, link: B}}}, B: {fields: {x: int}}}",
    "entities.A.fields.a.link",
    "no key",
  ],
  ["version: 1\nentities: {1A: {fields: {a: int}}}", "entities.1A", "letters"],
];

test.each(faults)("refuses %s", (text, path, what) => {
  expect(() => compile(text)).toThrow(expect.objectContaining({ code: "MAPPING_INVALID" }));
  expect(() => compile(text)).toThrow(`m.yaml: ${path} `);
  expect(() => compile(text)).toThrow(what);
});

test("a new entity follows what is stored, and an awaited one takes its reserved number", () => {
  const stored = compile(geo);
  const merged = mergeMappings(stored, compile(state));
  expect(merged.entities.slice(0, 2)).toEqual(stored.entities.slice(0, 2));
  expect(merged.entities[2]).toMatchObject({ name: "State", number: 2, keySlots: [0] });
  expect(indexesOf(merged).at(-1)).toBe("8 State.name exact");
  expect(mergeMappings(merged, compile(state))).toEqual(merged);
  expect(mergeMappings(merged, compile(geo))).toEqual(merged);
  expect(mergeMappings(null, stored)).toBe(stored);
});

test("the order of imports does not matter to what an entity is", () => {
  const merged = mergeMappings(compile(state), compile(geo));
  const city = merged.entities.find(({ name }) => name === "City")!;
  expect(city.fields.find(({ name }) => name === "state")!.linkEntity).toBe(0);
  expect(city.fields.every(({ indexes }) => indexes.every(({ entity }) => entity === city.number))).toBe(
    true,
  );
});

test("an entity that is there and differs is refused with what differs", () => {
  const stored = compile(state);
  const change = (from: string, to: string) => () =>
    mergeMappings(stored, compile(state.replace(from, to)), "./geo");
  expect(change('"exact"', '"text"')).toThrow(expect.objectContaining({ code: "MAPPING_CONFLICT" }));
  expect(change('"exact"', '"text"')).toThrow(
    /field "name" is string at "name" indexed by exact, not .* by text/,
  );
  expect(change('"key":"id",', "")).toThrow("its key is id, not absent");
  expect(change(',"name"', ',"other"')).toThrow('it has no field "other"');
  expect(change(',"name":{"type":"string","index":"exact"}', "")).toThrow('has a field "name"');
  expect(change('"key":"id"', '"key":"id","conflict":"newest:id"')).toThrow("conflict rule is keep");
  expect(change('"key":"id"', '"key":"id","conflict":"replace"')().entities[0]!.conflict.kind).toBe(
    "replace",
  );
});

test("a link that a later entity cannot hold is refused when that entity comes", () => {
  const stored = compile(geo);
  const keyless = compile("version: 1\nentities: {State: {fields: {id: int}}}");
  expect(() => mergeMappings(stored, keyless)).toThrow("State has no key");
});
