import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Mapping } from "../../src/mapping/index.js";
import { parseExactJson, parseJsonLiterals } from "../../src/query/exact-json.js";
import { compareText } from "../../src/query/field-values.js";
import { count, lookup, query, verify } from "../../src/query/index.js";
import { MemoryStoreBuilder } from "../support/memory-store.js";

const mapping: Mapping = {
  version: 1,
  entities: {
    Thing: {
      key: "id",
      fields: {
        id: "int",
        big: { type: "int", index: "range" },
        other: "int",
        text: { type: "string", index: ["exact", "text"] },
        label: { type: "string", index: "exact" },
        ratio: { type: "float", index: "range" },
        when: { type: "date", index: "range" },
      },
    },
  },
};

function storeOf(texts: string[]) {
  const builder = new MemoryStoreBuilder(mapping);
  builder.addSegment(texts.map((text) => ({ entity: "Thing", text })));
  return builder.reader();
}

/** Long integers as JSON.parse rounds them. */
function doublesOf(value: unknown): unknown {
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(doublesOf);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, doublesOf(item)]));
}

describe("exact JSON", () => {
  test("is what JSON.parse says, apart from long integers", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(0, 2), (text, indent) => {
        const spaced = JSON.stringify(JSON.parse(text), null, indent);
        // The long digits in a string send the whole text through the exact parser.
        const wrapped = `{"digits":"1234567890123456","value": ${spaced} ,"empty":[ ],"none":{ }}`;
        expect(doublesOf(parseExactJson(wrapped))).toEqual(JSON.parse(wrapped));
      }),
    );
    expect(
      parseExactJson('{"a":[9007199254740993,-18446744073709551616,1.5e3,12345678901234567.5]}'),
    ).toEqual({
      a: [9007199254740993n, -18446744073709551616n, 1500, Number("12345678901234567.5")],
    });
    expect(Object.keys(parseExactJson('{"__proto__":9007199254740993}') as object)).toEqual(["__proto__"]);
    expect(() => parseExactJson('{"a":12345678901234567890,}')).toThrow(SyntaxError);
  });

  test("keeps literals as they are written", () => {
    expect(parseJsonLiterals('{"a":[1.50,true,null,"x\\"y",-0]}')).toEqual({
      a: ["1.50", "true", null, 'x"y', "-0"],
    });
  });
});

describe("exactness", () => {
  const big = [
    "9007199254740992",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775809",
    "99999999999999999999",
  ];
  const reader = storeOf(big.map((digits, id) => `{"id":${id},"big":${digits},"other":${digits}}`));
  const idsOf = (where: string) => [...query(reader, `{"where":${where}}`)].map(({ id }) => id);

  test("integers are compared by all their digits, with and without an index", () => {
    for (const field of ["big", "other"]) {
      big.forEach((digits, id) => {
        expect(idsOf(`{"${field}":${digits}}`)).toEqual([id]);
        expect(idsOf(`{"${field}":"${digits}"}`)).toEqual([id]);
        expect(count(reader, `{"where":{"${field}":${digits}}}`)).toBe(1);
      });
      expect(idsOf(`{"${field}":{"gt":9223372036854775807}}`)).toEqual([3, 5]);
      expect(idsOf(`{"${field}":{"gte":9007199254740993,"lt":9223372036854775808}}`)).toEqual([1, 2]);
      expect(count(reader, `{"where":{"${field}":{"lt":-9223372036854775808}}}`)).toBe(1);
    }
  });

  test("a number in a field of strings counts as it is written", async () => {
    const mixed = storeOf([
      '{"id":1,"label":1.50,"text":"x"}',
      '{"id":2,"label":"1.5"}',
      '{"id":3,"label":true,"text":12}',
    ]);
    const find = (where: unknown) => [...query(mixed, { where })].map(({ id }) => id);
    expect(find({ label: "1.50" })).toEqual([0]);
    expect(find({ label: "1.5" })).toEqual([1]);
    expect(find({ label: "true" })).toEqual([2]);
    expect(find({ label: { prefix: "1.5" } })).toEqual([0, 1]);
    expect([...query(mixed, { search: "12" })].map(({ id }) => id)).toEqual([2]);
    expect((await verify(mixed)).firstFaults).toEqual([]);
  });

  test("long texts are found and verified, whatever their length", async () => {
    const long = `${"word ".repeat(40_000)}needle`;
    const store = storeOf([
      JSON.stringify({ id: 1, text: long }),
      JSON.stringify({ id: 2, text: `${long}s` }),
    ]);
    expect([...query(store, { where: { text: long } })].map(({ id }) => id)).toEqual([0]);
    expect([...query(store, { search: "needles" })].map(({ id }) => id)).toEqual([1]);
    expect((await verify(store)).firstFaults).toEqual([]);
  });

  test("zero has one form, and dates are moments", () => {
    const store = storeOf([
      '{"id":1,"ratio":-0.0,"when":"2024-01-01T01:00:00+01:00"}',
      '{"id":2,"ratio":0,"when":1704067200000}',
    ]);
    expect(count(store, { where: { ratio: 0 } })).toBe(2);
    expect(count(store, { where: { when: "2024-01-01" } })).toBe(2);
    expect(lookup(store, "Thing", 2)?.id).toBe(1);
    expect(lookup(store, "Thing", "2")?.id).toBe(1);
    expect(lookup(store, "Thing", 9)).toBeUndefined();
  });

  test("texts are ordered as their UTF-8 bytes", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "\uffff", "\ud7ff", "\ue000", "𐀀", "\u{10ffff}"),
      maxLength: 4,
    });
    fc.assert(
      fc.property(text, text, (left, right) => {
        expect(Math.sign(compareText(left, right))).toBe(
          Math.sign(Buffer.compare(Buffer.from(left), Buffer.from(right))),
        );
      }),
    );
  });
});
