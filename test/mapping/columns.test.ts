import { expect, test } from "vitest";
import {
  compileMapping,
  decompileMapping,
  flagsMapping,
  inferMapping,
  mergeMappings,
  parseMapping,
  writtenMappingToYaml,
} from "../../src/mapping/index.js";

const yaml = (columns: string) => `version: 1
entities:
  Product:
    key: sku
    columns: ${columns}
    fields: { sku: string, name.en_US: string }
`;
const whole =
  '{ localised: true, pairs: { attributes: { key: attribute_key_*, value: value_* } }, lists: { tags: ";" } }';

test("what a mapping says of columns is kept, written and compared", () => {
  const mapping = parseMapping(yaml(whole), "m.yml");
  const compiled = compileMapping(mapping, "m.yml");
  expect(compiled.entities[0]!.columns).toEqual({
    localised: true,
    pairs: { attributes: { key: "attribute_key_*", value: "value_*" } },
    lists: { tags: ";" },
  });
  expect(compileMapping(parseMapping(writtenMappingToYaml(decompileMapping(compiled)), "again"))).toEqual(
    compiled,
  );
  const turned =
    '{ lists: { tags: ";" }, pairs: { attributes: { value: value_*, key: attribute_key_* } }, localised: true }';
  expect(mergeMappings(compiled, compileMapping(parseMapping(yaml(turned), "turned")))).toEqual(compiled);
  const others = compileMapping(parseMapping(yaml("{ localised: [ en_US ] }"), "others"));
  expect(() => mergeMappings(compiled, others)).toThrow("its columns are");
});

test.each([
  ["{ localized: true }", 'entities.Product.columns must not have "localized" (did you mean "localised"?)'],
  ["{ localised: en_US }", "entities.Product.columns.localised must be true, or a list of locales"],
  [
    "{ pairs: { a: { key: k_1, value: v_* } } }",
    "entities.Product.columns.pairs.a.key must be the name of columns with a star",
  ],
  ["{ pairs: { a: { key: k_* } } }", 'entities.Product.columns.pairs.a must have "value"'],
  ["{ pairs: { a: k_* } }", "entities.Product.columns.pairs.a must be an object with key and value"],
  ['{ lists: { tags: ", " } }', "entities.Product.columns.lists.tags must be one character"],
  ["{ lists: [ tags ] }", "entities.Product.columns.lists must name columns and the character"],
  ["true", "entities.Product.columns must be an object: localised, pairs, lists"],
])("columns: %s is refused", (columns, message) => {
  expect(() => parseMapping(yaml(columns), "m.yml")).toThrow(message);
});

const columns = ["sku", "name.en_US", "name.de_DE", "attribute_key_1", "value_1", "tags", "note"];
const record = (number: number) => ({
  sku: `S${number}`,
  "name.en_US": "chair",
  "name.de_DE": "Stuhl",
  attribute_key_1: "weight",
  value_1: String(number),
  tags: number % 2 === 0 ? "new;gift" : "sale",
  note: "a; b; c is a text that is much longer than what stands between the separators of a list of short words",
});
const sample = { entityName: "Product", records: [0, 1, 2, 3].map(record), isText: true, columns };

test("columns of feeds are recognised, and what is recognised is told", () => {
  const { mapping, notes } = inferMapping(sample);
  const { columns: rules, fields } = mapping.entities.Product!;
  expect(rules).toEqual({
    localised: true,
    pairs: { attributes: { key: "attribute_key_*", value: "value_*" } },
    lists: { tags: ";" },
  });
  expect(Object.keys(fields)).toEqual([
    "sku",
    "name.en_US",
    "name.de_DE",
    "attributes.weight",
    "tags",
    "note",
  ]);
  // A number in one row is no promise for the next one.
  expect(fields["attributes.weight"]).toMatchObject({ type: "string" });
  expect(notes.slice(0, 3)).toEqual([
    "Product: columns name.en_US, name.de_DE become members by locale",
    'Product: columns attribute_key_* and value_* become members of "attributes"',
    'Product: column tags is a list with ";" between its values',
  ]);
  const flags = { entity: "P", key: ["sku"], index: ["attributes.weight"], range: [], text: ["name.en_US"] };
  const none = { stems: [], trigram: [], place: [], link: [] };
  const { P } = flagsMapping({ ...flags, ...none }, sample).entities;
  expect(P).toMatchObject({ columns: rules, fields: { "name.en_US": { type: "string", index: ["text"] } } });
});

test.each([
  [
    ["Attribute 1 name", "Attribute 1 value(s)"],
    { attributes: { key: "Attribute * name", value: "Attribute * value(s)" } },
  ],
  [["Option1 Name", "Option1 Value"], { options: { key: "Option* Name", value: "Option* Value" } }],
  [["feature_key_01", "feature_value_01"], { features: { key: "feature_key_*", value: "feature_value_*" } }],
  [["key_1", "value_1"], { attributes: { key: "key_*", value: "value_*" } }],
  [["name_1", "price_1"], undefined],
  [["monkey_1", "value_1"], undefined],
  [["attributes", "attribute_key_1", "value_1"], undefined],
])("pairs in the header %j", (names, pairs) => {
  const records = [Object.fromEntries(names.map((name) => [name, "x"]))];
  const { mapping } = inferMapping({ entityName: "P", records, isText: true, columns: names });
  expect(mapping.entities.P!.columns?.pairs).toEqual(pairs);
});

test("keys of feeds: an article's own number, and no other's", () => {
  const keyOf = (entityName: string, name: string) => {
    const records = Array.from({ length: 30 }, (_, number) => ({ [name]: `A${number}` }));
    return inferMapping({ entityName, records, isText: true }).mapping.entities[entityName]!.key;
  };
  expect(keyOf("product-abstract", "abstract_sku")).toBe("abstract_sku");
  expect(keyOf("category", "category_key")).toBe("category_key");
  expect(keyOf("Product", "sku")).toBe("sku");
  expect(keyOf("product-stock", "concrete_sku")).toBeUndefined();
});
