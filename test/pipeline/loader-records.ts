import fc from "fast-check";
import type { Mapping } from "../../src/mapping/index.js";
import { entityOf } from "./loader-rig.js";

/** One entity with every kind of field and index, and random records for it. */
const mapping: Mapping = {
  version: 1,
  entities: {
    Thing: {
      key: ["id", "part"],
      conflict: "newest:seen",
      fields: {
        id: "string",
        part: "int",
        seen: { type: "int", index: "range" },
        name: { type: "string", index: ["exact", "range", "text", "trigram"] },
        note: { type: "string", index: ["text", "trigram"], path: "inner.note" },
        score: { type: "float", index: "range" },
        isOpen: { type: "bool", index: "exact" },
        born: { type: "date", index: "range" },
        hash: { type: "hex", index: "exact" },
        owner: { type: "string", link: "Owner" },
        tags: { type: "pairs", index: "exact" },
        extra: "json",
        wanted: { type: "string", required: true },
      },
    },
    Owner: { key: "id", fields: { id: "string" } },
  },
};
export const entity = entityOf(mapping);

const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.constantFrom("", "Ünïcode Wörter 東京", 'quote " and \\ and \n', "a".repeat(90), "12", "-0"),
);
const number = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.constantFrom("-0", "0", "1e3", "5.0", "1e400"),
);
const hex = fc.stringMatching(/^([0-9a-fA-F]{2}){0,40}$/);
const date = fc
  .date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true })
  .map((value) => value.toISOString());

/** A string in JSON, sometimes with escapes that it does not need. */
const quoted = (source: fc.Arbitrary<string>) =>
  fc.tuple(source, fc.integer({ min: 0, max: 3 })).map(([value, style]) => {
    const json = JSON.stringify(value);
    if (style > 0) return json;
    return json.replace(/(\\.)|([a-zA-Z/])/g, (whole, escaped: string, letter: string) =>
      escaped !== undefined
        ? whole
        : letter === "/"
          ? "\\/"
          : `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
    );
  });
const wrong = fc.constantFrom(
  "null",
  "true",
  '"x"',
  "[]",
  "{}",
  "1.5",
  "[1]",
  '{"a":[1,"b"]}',
  "[null]",
  '["a","b"]',
);
const rarely = (value: fc.Arbitrary<string>) =>
  fc.oneof({ arbitrary: value, weight: 40 }, { arbitrary: wrong, weight: 1 });
const several = (value: fc.Arbitrary<string>) =>
  fc.oneof(
    { arbitrary: value, weight: 3 },
    { arbitrary: fc.array(value, { maxLength: 4 }).map((all) => `[${all.join(", ")}]`), weight: 1 },
  );
const pair = fc
  .tuple(fc.constantFrom('"e"', '"p"', '"title"', "1", '"\\u0065"'), quoted(text))
  .map((parts) => `[${parts.join(",")},"x"]`);

const members = fc.record(
  {
    id: rarely(quoted(text)),
    part: rarely(fc.integer().map(String)),
    wanted: rarely(quoted(text)),
    seen: rarely(several(fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String))),
    name: rarely(several(fc.oneof(quoted(text), number))),
    inner: rarely(several(quoted(text).map((value) => `{"note" : ${value}}`))),
    score: rarely(several(number)),
    isOpen: rarely(fc.constantFrom("true", "false")),
    born: rarely(several(quoted(date))),
    hash: rarely(several(quoted(hex))),
    owner: rarely(several(fc.oneof(quoted(text), fc.integer().map(String)))),
    tags: rarely(fc.array(pair, { maxLength: 6 }).map((all) => `[${all.join(", ")}]`)),
    extra: wrong,
    other: wrong,
  },
  { requiredKeys: ["id", "part", "wanted"] },
);
const spaces = fc.constantFrom("", " ", "\t");
const good = fc.tuple(members, spaces).map(
  ([values, space]) =>
    `{${space}${Object.entries(values)
      .map(([name, value]) => `"${name}":${space}${value}`)
      .join(`,${space}`)}}`,
);
const bad = fc.constantFrom(
  "{",
  '{"id":1',
  "[]",
  "5",
  '{"id":"a" "b"}',
  '{"id":}',
  "nul",
  '"text"',
  "{}",
  '{"id":null}',
);
/** A record in JSON, mostly good. */
export const record = fc.oneof({ arbitrary: good, weight: 12 }, { arbitrary: bad, weight: 1 });
