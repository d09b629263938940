import fc from "fast-check";
import { expect, test } from "vitest";
import { Kernel, queryKernelBytes } from "../../src/kernel/index.js";
import { compileMapping } from "../../src/mapping/index.js";
import { TermEncoder } from "../../src/model/index.js";
import { findPreset } from "../../src/presets/index.js";
import { parseExactJson } from "../../src/query/exact-json.js";
import { FieldReader, pairEntries } from "../../src/query/field-values.js";
import { anyValue as anyTest } from "../../src/query/filter-ast.js";
import { LiveRecord } from "../../src/query/live-record.js";
import { QueryTerms } from "../../src/query/query-terms.js";

const names = ["a", "ab", "tags", "", 'q"', "back\\slash", "ü", "__proto__", "1"];

/** A string with some of its characters spelt as escapes, as JSON allows for all of them. */
const anySpelling = (text: string) =>
  fc.array(fc.boolean(), { minLength: text.length, maxLength: text.length }).map((isEscaped) => {
    const units = [...text.split("")].map((unit, at) =>
      isEscaped[at] === true
        ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`
        : JSON.stringify(unit).slice(1, -1),
    );
    return `"${units.join("")}"`;
  });

const anyString = fc
  .oneof(fc.string({ unit: "grapheme", maxLength: 8 }), fc.constantFrom(...names, "}", "],", "expiration"))
  .chain(anySpelling);

const anySpace = fc.constantFrom("", "", " ", "\n\t", " \r\n ");

const anyScalar = fc.oneof(
  anyString,
  fc.constantFrom("0", "-0", "7", "1700000000", "999999999999999", "1234567890123456", "9007199254740993"),
  fc.constantFrom("-3", "1e3", "0.5", "-18446744073709551616", "true", "false", "null"),
);

const { value: anyValue } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    anyScalar,
    fc
      .tuple(fc.array(tie("value"), { maxLength: 3 }), anySpace)
      .map(([items, space]) => `[${space}${items.join(`${space},${space}`)}${space}]`),
    fc
      .tuple(fc.array(fc.tuple(anyString, tie("value")), { maxLength: 3 }), anySpace)
      .map(([members, space]) => objectText(members, space)),
  ),
}));

const anyMembers = fc.array(
  fc.tuple(fc.oneof(fc.constantFrom(...names).chain(anySpelling), anyString), anyValue),
  { maxLength: 6 },
);

function objectText(members: [string, string][], space: string): string {
  const parts = members.map(([name, value]) => `${name}${space}:${space}${value}`);
  return `${space}{${space}${parts.join(`${space},${space}`)}${space}}`;
}

function holdsText(value: unknown, text: string): boolean {
  if (value === text) return true;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, item]) => name === text || holdsText(item, text));
}

test("a member read alone is that of the parsed object, however it is spelt, the last of its name", () => {
  fc.assert(
    fc.property(anyMembers, anySpace, fc.constantFrom(...names), (members, space, other) => {
      const text = objectText(members, space) + space;
      const whole = parseExactJson(text) as Record<string, unknown>;
      for (const name of [other, ...Object.keys(whole)]) {
        const record = new LiveRecord(1, 0, Buffer.from(text));
        expect(record.isReadByMember).toBe(true);
        const expected = Object.hasOwn(whole, name) ? whole[name] : undefined;
        expect(record.member(name)).toStrictEqual(expected);
        if (holdsText(expected, "expiration")) expect(record.memberMayHold(name, "expiration")).toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});

const anyPair = fc
  .array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom("p", "e", "pp", "").chain(anySpelling) },
      { weight: 2, arbitrary: fc.constantFrom("p", "e").map((name) => JSON.stringify(name)) },
      anyValue,
    ),
    { maxLength: 4 },
  )
  .map((items) => `[${items.join(", ")}]`);

const tagsField = compileMapping(findPreset("nostr")!).entities[0]!.fields.find(
  ({ name }) => name === "tags",
)!;

test("pairs read alone are those of the parsed record", () => {
  const anyTags = fc.array(fc.oneof({ weight: 4, arbitrary: anyPair }, anyValue), { maxLength: 5 });
  const reader = new FieldReader(
    new QueryTerms(new TermEncoder(new Kernel({ memoryBytes: queryKernelBytes }))),
  );
  let alone = 0;
  fc.assert(
    fc.property(fc.oneof(anyTags, anyValue), anySpace, fc.constantFrom("p", "e"), (tags, space, name) => {
      const tagsText =
        typeof tags === "string" ? tags : `[${space}${tags.join(`${space},${space}`)}${space}]`;
      const text = objectText(
        [
          ['"tags"', tagsText],
          ['"n"', "1"],
        ],
        space,
      );
      const record = () => new LiveRecord(1, 0, Buffer.from(text));
      const whole = pairEntries(tagsField, record()).filter((entry) => entry.name === name);
      const expected = whole.map(({ value }) => value);
      expect(reader.pairValues(tagsField, name, record())).toStrictEqual(expected);
      for (const value of [...expected, "expiration", "p", ""]) {
        const test = { ...anyTest, anyOf: [value] };
        expect(reader.meetsPair(tagsField, name, test, record())).toBe(expected.includes(value));
      }
      expect(reader.meetsPair(tagsField, name, null, record())).toBe(expected.length > 0);
      const asked = record();
      if (!asked.isReadByMember) return;
      const found = asked.memberPairs("tags", name);
      if (found !== null && found.length > 0) alone++;
      if (found !== null) expect(found).toStrictEqual(expected);
    }),
    { numRuns: 500 },
  );
  expect(alone).toBeGreaterThan(20);
});

test("whether a member may hold a text is told without its neighbours", () => {
  const record = new LiveRecord(1, 0, Buffer.from('{"content":"expiration \\\\","tags":[["t","a"]],"n":1}'));
  expect(record.isReadByMember).toBe(true);
  expect(record.memberMayHold("content", "expiration")).toBe(true);
  expect(record.memberMayHold("tags", "expiration")).toBe(false);
  expect(record.memberMayHold("none", "expiration")).toBe(false);
});

test("what is no object is read whole, and so is what is asked for much or cut off", () => {
  for (const text of ['[{"a":1}]', "3", '"a"', '{"a":1', '{"a":"', '{"a":[1,', '{"a\\']) {
    expect(new LiveRecord(1, 0, Buffer.from(text)).isReadByMember).toBe(false);
  }
  const objectOf = (members: number) =>
    Object.fromEntries(Array.from({ length: members }, (_, at) => [`m${at}`, at]));
  expect(new LiveRecord(1, 0, Buffer.from(JSON.stringify(objectOf(300)))).isReadByMember).toBe(false);
  const wide = objectOf(50);
  const record = new LiveRecord(1, 0, Buffer.from(JSON.stringify(wide)));
  let alone = 0;
  for (const name of Object.keys(wide)) {
    if (!record.isReadByMember) break;
    expect(record.member(name)).toBe(wide[name]);
    alone++;
  }
  expect(alone).toBeGreaterThan(0);
  expect(alone).toBeLessThan(20);
});
