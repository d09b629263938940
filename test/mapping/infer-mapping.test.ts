import { expect, test } from "vitest";
import { compileMapping, entityNameOf, flagsMapping, inferMapping } from "../../src/mapping/index.js";

const noFlags = {
  entity: null,
  key: [],
  index: [],
  range: [],
  text: [],
  stems: [],
  trigram: [],
  place: [],
  link: [],
};

function infer(records: Record<string, unknown>[], isText = false) {
  const inferred = inferMapping({ entityName: "Thing", records, isText });
  compileMapping(inferred.mapping);
  return { ...inferred, ...inferred.mapping.entities.Thing! };
}

test("types, key and indexes of JSON records", () => {
  const hex = "00ff".repeat(8);
  const long = "a sentence of several words that goes on for a good while";
  const { key, fields } = infer([
    { id: 1, name: "a", price: 1, at: "2024-01-02T03:04:05Z", ok: true, hash: hex, tags: ["x"], about: long },
    { id: 2, name: "b", price: 1.5, at: "2024-01-02", ok: false, hash: hex, tags: ["y", "z"], about: long },
  ]);
  expect(key).toBe("id");
  expect(fields).toEqual({
    id: "int",
    name: { type: "string", index: "exact" },
    price: { type: "float", index: "range" },
    at: { type: "date", index: "range" },
    ok: { type: "bool", index: "exact" },
    hash: { type: "hex", index: "exact" },
    tags: { type: "string", index: "exact" },
    about: { type: "string", index: "text" },
  });
});

test("nested members, mixed types, pairs and member names with dots", () => {
  const { fields } = infer([
    {
      geo: { lat: 1.5, names: { en: "x" } },
      mixed: 1,
      "a.b": "q",
      tags: [["e", "v"]],
      items: [{ sku: "s" }],
    },
    { geo: { lat: 2, names: null }, mixed: "one", "a.b": null, tags: [], items: [] },
  ]);
  expect(fields).toEqual({
    "geo.lat": { type: "float", index: "range" },
    "geo.names.en": { type: "string", index: "exact" },
    mixed: "json",
    "a.b": { type: "string", path: ["a.b"], index: "exact" },
    tags: { type: "pairs", index: "exact" },
    "items.sku": { type: "string", index: "exact" },
  });
});

test("an object with very many member names is data, not fields", () => {
  const scores = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`player${index}`, index]));
  expect(infer([{ id: 1, scores }]).fields).toEqual({ id: "int", scores: "json" });
});

test("cells of a table: numbers by their look, but a leading zero is text", () => {
  const { key, fields } = infer(
    [
      { product_id: "1", thing_id: "7", code: "004", price: "9.50", sold: "", empty: "", up: "true" },
      { product_id: "1", thing_id: "8", code: "12", price: "3", sold: "2024-02-03", empty: "", up: "false" },
    ],
    true,
  );
  expect(key).toBe("thing_id");
  expect(fields).toEqual({
    product_id: { type: "int", index: "range" },
    thing_id: "int",
    code: { type: "string", index: "exact" },
    price: { type: "float", index: "range" },
    sold: { type: "date", index: "range" },
    up: { type: "bool", index: "exact" },
  });
});

test("a name that merely ends like a key is believed only after many different values", () => {
  const rows = (count: number) => Array.from({ length: count }, (_, index) => ({ userId: index, x: 1 }));
  expect(infer(rows(3)).key).toBeUndefined();
  expect(infer(rows(50)).key).toBe("userId");
  expect(infer([...rows(50), { userId: 0, x: 1 }]).key).toBeUndefined();
});

test("events of the nostr shape are recognised", () => {
  const event = {
    id: "a".repeat(64),
    pubkey: "b".repeat(64),
    sig: "c".repeat(128),
    kind: 1,
    created_at: 1,
    tags: [],
    content: "",
  };
  expect(infer([event]).preset).toBe("nostr");
  expect(infer([event, { ...event, sig: "x" }]).preset).toBeNull();
});

test.each([
  ["data/cities.json.gz", "City"],
  ["countries.csv", "Country"],
  ["order-items.2024-01.jsonl.zst", "OrderItem"],
  ["events_01.ndjson", "Event"],
  ["addresses.tsv", "Address"],
  ["boxes.csv", "Box"],
  ["series.json", "Series"],
  ["userStatus.json", "UserStatus"],
  ["2024.csv", "Record"],
  ["-", "Record"],
])("entity of %s is %s", (path, name) => {
  expect(entityNameOf(path)).toBe(name);
});

test("flags name fields; their types come from the sample", () => {
  const sample = {
    entityName: "City",
    records: [{ id: "1", name: "x", pop: "5", country_id: "2", note: "" }],
    isText: true,
  };
  const flags = {
    ...noFlags,
    key: ["id"],
    index: ["name", "note"],
    range: ["pop"],
    text: ["name"],
    stems: ["note:en"],
    trigram: ["name", "note"],
    link: ["country_id:Country"],
  };
  const mapping = flagsMapping(flags, sample);
  expect(mapping.entities.City).toEqual({
    key: "id",
    fields: {
      id: { type: "int" },
      name: { type: "string", index: ["exact", "text", "trigram"] },
      note: { type: "string", index: ["exact", "trigram", "stems"], language: "en" },
      pop: { type: "int", index: ["range"] },
      country_id: { type: "int", link: "Country" },
    },
  });
  expect(compileMapping(mapping).entities.map(({ name }) => name)).toEqual(["City", "Country"]);
  expect(
    flagsMapping({ ...noFlags, entity: "Town", key: ["id"] }, sample).entities.Town!.fields,
  ).toHaveProperty("pop");
  expect(() => flagsMapping({ ...noFlags, range: ["popp"] }, sample)).toThrow('did you mean "pop"');
  expect(() => flagsMapping({ ...noFlags, link: ["id"] }, sample)).toThrow("FIELD:ENTITY");
  const places = {
    ...sample,
    records: [{ at: [1, 2], lat: "1.5", lon: "2.5" }],
  };
  expect(flagsMapping({ ...noFlags, place: ["at", "lat:lon"] }, places).entities.City!.fields).toEqual({
    at: { type: "json", index: ["place"] },
    lat: { type: "float", index: ["place"], longitude: "lon" },
    lon: { type: "float" },
  });
  expect(() => flagsMapping({ ...noFlags, stems: ["note"] }, sample)).toThrow("FIELD:LANGUAGE");
});

test("whole numbers beyond 64 bits become text in tables, which keeps their digits", () => {
  const records = [
    { id: 1, hash: 2 ** 64 },
    { id: 2, hash: 7 },
  ];
  const { mapping } = inferMapping({ entityName: "Thing", records, isText: false, isRelational: true });
  expect(mapping.entities.Thing!.fields).toEqual({ id: "int", hash: "string" });
});

test("what columns by locale and pairs become is JSON in tables", () => {
  const columns = ["sku", "name.en_US", "name.de_DE", "attribute_key_1", "value_1", "empty"];
  const records = [
    { sku: "a", "name.en_US": "chair", "name.de_DE": "Stuhl", attribute_key_1: "color", value_1: "red" },
    { sku: "b", "name.en_US": "", "name.de_DE": "Bett", attribute_key_1: "", value_1: "" },
  ].map((record) => ({ ...record, empty: "" }));
  const sample = { entityName: "Thing", records, columns, isText: true, isRelational: true };
  const { fields, columns: rules } = inferMapping(sample).mapping.entities.Thing!;
  expect(rules).toMatchObject({ localised: true, pairs: { attributes: {} } });
  expect(fields).toEqual({ sku: "string", name: "json", attributes: "json", empty: "string" });
});
