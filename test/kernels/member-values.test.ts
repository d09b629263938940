import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { TrieField } from "../../src/model/member-trie.js";
import { type ListedValue, Scanner } from "./scan-kernel.js";

const type = { null: 0, bool: 1, number: 2, string: 3, object: 4, array: 5, pairName: 6, pairValue: 7 };
const flag = { escapes: 1, nonAscii: 2, integer: 4, true: 8 };
const names = [
  "a",
  "b",
  "c",
  "",
  "é",
  "tags",
  "member-1",
  "member-12",
  "a-long-member-name-1",
  "a-long-member-name-2",
];

type Tree = null | boolean | string | { number: string } | Tree[] | { members: [string, Tree][] };

/** A name or string as JSON, with escapes where the salt says so. */
function renderString(text: string, salt: number): string {
  const units = Array.from({ length: text.length }, (_, i) => text[i]!);
  const escapeOf = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const rendered = units.map((unit, i) => {
    return (salt >> (i % 8)) & 1 ? escapeOf(unit) : JSON.stringify(unit).slice(1, -1);
  });
  return `"${rendered.join("")}"`;
}

function render(tree: Tree, salt: number): string {
  const blank = ["", "", " ", "\n\t"][salt & 3]!;
  const next = salt * 5 + 1;
  if (typeof tree === "string") return renderString(tree, (salt & 7) === 7 ? next : 0);
  if (Array.isArray(tree))
    return `[${blank}${tree.map((item, i) => render(item, next + i)).join(`${blank},`)}${blank}]`;
  if (typeof tree !== "object" || tree === null) return String(tree);
  if ("number" in tree) return tree.number;
  const members = tree.members.map(([name, value], i) => {
    const shown = renderString(name, (salt + i) % 3 === 0 ? next : 0);
    return `${shown}${blank}:${blank}${render(value, next + i)}`;
  });
  return `{${blank}${members.join(`,${blank}`)}${blank}}`;
}

const numbers = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 80n), max: 2n ** 80n }).map(String),
  fc.constantFrom("-0", "0", "1.5", "-2.25e+3", "1E400", "0.1", "5e-1"),
);
const strings = fc.oneof(fc.constantFrom("", "e", "p", "rust", "é", '"', "\\", "日本", "\n"), fc.string());
const { tree: trees } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.oneof(
      fc.constant(null),
      fc.boolean(),
      strings,
      numbers.map((number) => ({ number })),
    ),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.array(fc.array(strings, { maxLength: 3 }), { maxLength: 3 }),
    fc
      .array(fc.tuple(fc.constantFrom(...names), tie("tree")), { maxLength: 6 })
      .map((members) => ({ members })),
  ),
}));
const records = fc
  .array(fc.tuple(fc.constantFrom(...names), trees), { maxLength: 8 })
  .map((members) => ({ members }));
const paths = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 3 });
const fieldLists = fc
  .array(fc.record({ path: paths, pairs: fc.boolean(), raw: fc.boolean() }), { minLength: 1, maxLength: 8 })
  .map((fields) => fields.map((field, slot): TrieField => ({ slot, ...field })));

/** What a slot should list, told from what JSON.parse gives. */
function expectedValues(record: unknown, field: TrieField, fields: readonly TrieField[]): unknown[] {
  const hasChildren = fields.some(
    ({ path }) => path.length > field.path.length && field.path.every((name, i) => path[i] === name),
  );
  const isObject = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  const elements = (value: unknown): unknown[] => {
    if (Array.isArray(value)) return value.flatMap(elements);
    return isObject(value) && hasChildren ? [] : [value];
  };
  const pairsOf = (value: unknown[]): unknown[] =>
    value.flatMap((item) => {
      const [name, text] = Array.isArray(item) ? (item as unknown[]) : [];
      if (typeof name !== "string") return [];
      return typeof text === "string" ? [{ name }, { value: text }] : [{ name }];
    });
  const valuesOf = (value: unknown): unknown[] => {
    if (field.pairs && Array.isArray(value)) return [...(field.raw ? [value] : []), ...pairsOf(value)];
    return field.raw || field.pairs ? [value] : elements(value);
  };
  const walk = (value: unknown, depth: number): unknown[] => {
    if (Array.isArray(value)) return value.flatMap((item) => walk(item, depth));
    const name = field.path[depth]!;
    if (!isObject(value) || !Object.hasOwn(value as object, name)) return [];
    const member = (value as Record<string, unknown>)[name];
    return depth === field.path.length - 1 ? valuesOf(member) : walk(member, depth + 1);
  };
  return walk(record, 0);
}

/** What an entry of the list stands for; also checks its flags. */
function listedValue(entry: ListedValue): unknown {
  const isText = [type.string, type.pairName, type.pairValue].includes(entry.type);
  const flags = isText
    ? (entry.text.includes("\\") ? flag.escapes : 0) | (/[^\0-\x7f]/.test(entry.text) ? flag.nonAscii : 0)
    : entry.type === type.number && /^-?\d+$/.test(entry.text)
      ? flag.integer
      : entry.text === "true"
        ? flag.true
        : 0;
  expect(entry.flags, entry.text).toBe(flags);
  const value: unknown = JSON.parse(isText ? `"${entry.text}"` : entry.text);
  if (entry.type === type.pairName) return { name: value };
  if (entry.type === type.pairValue) return { value };
  const kind = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  expect(entry.type, entry.text).toBe({ ...type, boolean: type.bool }[kind as keyof typeof type]);
  return value;
}

function slotTexts(scanner: Scanner, text: string): string[] {
  const { status, values } = scanner.scan(text);
  expect(status).toBe(0);
  return values.map((entry) => `${entry.slot}:${entry.text}`);
}

describe("values of mapped members", () => {
  it("are those found by walking what JSON.parse gives", () => {
    fc.assert(
      fc.property(
        fieldLists,
        fc.array(records, { minLength: 1, maxLength: 4 }),
        fc.nat(1000),
        (fields, list, salt) => {
          const scanner = new Scanner(fields, { textBytesMax: 1 << 18 });
          for (const record of list) {
            const text = render(record, salt);
            const parsed: unknown = JSON.parse(text);
            const { status, values } = scanner.scan(text);
            expect(status).toBe(0);
            for (const field of fields) {
              const listed = values.filter(({ slot }) => slot === field.slot).map(listedValue);
              expect(listed, `${text} ${JSON.stringify(field)}`).toEqual(
                expectedValues(parsed, field, fields),
              );
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("keep every digit of an integer", () => {
    const scanner = new Scanner([{ slot: 7, path: ["n"] }]);
    expect(slotTexts(scanner, '{"n":[9007199254740993,-123456789012345678901234567890]}')).toEqual([
      "7:9007199254740993",
      "7:-123456789012345678901234567890",
    ]);
  });

  it("are those of the last member of a name, its subtree included", () => {
    const scanner = new Scanner([
      { slot: 0, path: ["a"] },
      { slot: 1, path: ["b"] },
      { slot: 2, path: ["o", "p"] },
      { slot: 3, path: ["o", "q"] },
    ]);
    expect(slotTexts(scanner, '{"a":1,"b":2,"\\u0061":3}')).toEqual(["1:2", "0:3"]);
    expect(slotTexts(scanner, '{"a":[1,2],"a":null,"a":4}')).toEqual(["0:4"]);
    expect(slotTexts(scanner, '{"o":{"p":1,"q":2,"p":3},"b":1,"o":{"q":5}}')).toEqual(["1:1", "3:5"]);
    expect(slotTexts(scanner, '{"o":[{"p":1,"p":2},{"p":3}],"a":1}')).toEqual(["2:2", "2:3", "0:1"]);
    expect(slotTexts(scanner, '{"o":{"p":1},"b":1,"o":7}')).toEqual(["1:1"]);
  });

  it("come with pairs and the whole of a member where the mapping says so", () => {
    const scanner = new Scanner([{ slot: 4, path: ["tags"], pairs: true, raw: true }]);
    const tags = '[["e","1","x"],["t"],["p",5],[],"no",["\\u0074","é"],[["a","b"],"c"]]';
    expect(scanner.scan(`{"tags":${tags}}`).values).toEqual([
      { slot: 4, type: type.array, flags: 0, text: tags },
      { slot: 4, type: type.pairName, flags: 0, text: "e" },
      { slot: 4, type: type.pairValue, flags: 0, text: "1" },
      { slot: 4, type: type.pairName, flags: 0, text: "t" },
      { slot: 4, type: type.pairName, flags: 0, text: "p" },
      { slot: 4, type: type.pairName, flags: flag.escapes, text: "\\u0074" },
      { slot: 4, type: type.pairValue, flags: flag.nonAscii, text: "é" },
    ]);
  });

  it("find members among many, by long names and by names that share their ends", () => {
    const many = Array.from({ length: 500 }, (_, i) => `shared-start-${i}-and-shared-end`);
    const scanner = new Scanner(many.map((name, slot) => ({ slot, path: [name] })));
    const text = JSON.stringify(
      Object.fromEntries([...many, "shared-start-x-and-shared-end"].map((name) => [name, 1])),
    );
    expect(slotTexts(scanner, text)).toEqual(many.map((_, slot) => `${slot}:1`));
  });

  it("are refused when they do not fit in the list", () => {
    const scanner = new Scanner([{ slot: 0, path: ["a"] }], { valuesMax: 3 });
    expect(scanner.scan('{"a":[1,2,3]}')).toMatchObject({ status: 0 });
    expect(scanner.scan('{"a":[1,2,3,4]}').status).toBe(scanner.kernel.exports.SCAN_TOO_MANY_VALUES.value);
    expect(scanner.scan('{"a":[1,2,3,4}').status).toBe(scanner.kernel.exports.SCAN_SYNTAX.value);
    expect(slotTexts(scanner, '{"a":[1,2],"a":[3,4],"a":5}')).toEqual(["0:5"]);
  });
});
