import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Mapping } from "../../src/mapping/index.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";

const fields: Mapping["entities"][string]["fields"] = {
  Text: { type: "string", index: ["exact", "text"] },
  Id: { type: "int", index: "range" },
  Score: { type: "float", index: "range" },
  IsClosed: { type: "bool", index: "exact" },
  Date: { type: "date", index: "range" },
  Tags: { type: "string", index: "exact" },
};
const entity = entityOf({ version: 1, entities: { Row: { fields } } });
const rig = new LoaderRig();

const load = (text: string | Uint8Array) => rig.load({ entity, format: "stackexchange", header: null, text });

/**
 * The record of a row, or null for one that is none: XML 1.0 by regular expressions, for strings alone. Tabs and
 * CRs in values are kept.
 */
function twin(line: string): string | null {
  const attribute = /[ \t\r]+([A-Za-z_:][\w:.-]*)[ \t\r]*=[ \t\r]*("[^"]*"|'[^']*')/y;
  const open = /^[ \t\r]*<row/.exec(line);
  if (open === null) return null;
  attribute.lastIndex = open[0].length;
  const members = new Map<string, string>();
  let end = attribute.lastIndex;
  for (let found = attribute.exec(line); found !== null; found = attribute.exec(line)) {
    const text = value(found[2]!.slice(1, -1));
    if (text === null || members.has(found[1]!)) return null;
    members.set(found[1]!, text);
    end = attribute.lastIndex;
  }
  if (!/^[ \t\r]*\/>[ \t\r]*$/.test(line.slice(end))) return null;
  return `{${[...members].map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`).join()}}`;
}

const named: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function value(written: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not stand in a value.
  if (/[<\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(written)) return null;
  let isGood = true;
  const text = written.replace(/&([^;&]*;?)/g, (_, reference: string) => {
    const name = /^([a-z]+);$/.exec(reference)?.[1];
    if (name !== undefined && Object.hasOwn(named, name)) return named[name]!;
    const [, hex, decimal] = /^#(?:x([0-9a-fA-F]+)|([0-9]+));$/.exec(reference) ?? [];
    const point = Number.parseInt(hex ?? decimal ?? "", hex === undefined ? 10 : 16);
    const isOne = point > 0 && point <= 0x10ffff && !(point >= 0xd800 && point < 0xe000);
    if (isOne && (point & ~1) !== 0xfffe) return String.fromCodePoint(point);
    isGood = false;
    return "";
  });
  return isGood ? text : null;
}

const character = fc.oneof(
  fc.constantFrom(..."<>&\"'\\\n\t\r\u0001\u001f\u007f |;#", "é", "漢", "😀", "\u{10ffff}"),
  fc.constantFrom(..."the quick brown fox"),
);
const text = fc.string({ unit: character, maxLength: 50 });
const name = fc.constantFrom("A", "b", "_c", "d:e", "F-1.2", "LongAttributeName", "Text");
const blank = fc.constantFrom(" ", "  ", "\t", " \r ");

/** One of the ways to write a text as a value. */
function written(plain: string, quote: string, seed: number): string {
  let at = seed;
  const choose = (below: number) => {
    at = Math.imul(at + 7, 2654435761) >>> 0;
    return at % below;
  };
  const escaped = [...plain].map((c) => {
    const point = c.codePointAt(0)!;
    const entity = Object.entries(named).find(([, meant]) => meant === c)?.[0];
    const mustEscape = c === "<" || c === "&" || c === quote || (point < 0x20 && c !== "\t");
    if (!mustEscape && choose(6) > 0) return c;
    if (entity !== undefined && choose(2) === 0) return `&${entity};`;
    return choose(2) === 0
      ? `&#${point};`
      : `&#x${"0".repeat(choose(3))}${point.toString(16).toUpperCase()};`;
  });
  return quote + escaped.join("") + quote;
}

const row = fc
  .tuple(
    fc.uniqueArray(fc.tuple(name, text, fc.constantFrom('"', "'"), blank, fc.nat()), {
      selector: ([key]) => key,
    }),
    blank,
  )
  .map(([attributes, last]) => ({
    json: JSON.stringify(Object.fromEntries(attributes.map(([key, plain]) => [key, plain]))),
    line: `${last}<row${attributes
      .map(([key, plain, quote, gap, seed]) => `${gap}${key}=${written(plain, quote, seed)}`)
      .join("")}${last}/>`,
  }));

describe("rows of XML", () => {
  test("become the records and entries of their JSON, however they are written", () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), fc.boolean(), (rows, isEnded) => {
        const lines = rows.map(({ line }) => line);
        const source = ['<?xml version="1.0" encoding="utf-8"?>', "<posts>", ...lines, "", "</posts>"];
        const found = load(source.join("\r\n") + (isEnded ? "\r\n" : ""));
        expect(found.rejects).toEqual([]);
        expect([...found.records.values()]).toEqual(rows.map(({ json }) => json));
        const json = rows.map((one) => one.json).join("\n");
        const same = rig.load({ entity, format: "jsonl", header: null, text: json });
        expect({ tuples: found.tuples, keys: found.keys }).toEqual({ tuples: same.tuples, keys: same.keys });
      }),
    );
  });

  test("are taken or turned down as a naive reader does, a bad one costing itself alone", () => {
    const mark = fc.constantFrom(
      ..."<>&\"'= /;#x?\\\t\u0001",
      "row",
      "&lt",
      "&#x110000;",
      "&#0;",
      "&#xD800;",
      "A='1'",
    );
    const change = fc.record({
      at: fc.nat(),
      removed: fc.nat({ max: 3 }),
      put: fc.option(mark, { nil: "" }),
    });
    fc.assert(
      fc.property(row, fc.array(change, { minLength: 1, maxLength: 3 }), ({ line }, changes) => {
        const points = [...`<row${line.trim().slice(4)}`];
        for (const { at, removed, put } of changes) {
          // The first two characters stay, so that the line is one that is meant to be a row.
          points.splice(2 + (at % Math.max(1, points.length - 2)), removed, ...put);
        }
        const changed = points.join("");
        // Letters alone make a tag of the element around the rows.
        fc.pre(!/^<[a-z]+>[ \t\r]*$/i.test(changed) || /^<row>/.test(changed));
        const found = load(`<row A="1"/>\n${changed}\n<row A="2"/>\n`);
        const expected = twin(changed);
        const records = ['{"A":"1"}', ...(expected === null ? [] : [expected]), '{"A":"2"}'];
        expect([...found.records.values()], changed).toEqual(records);
        expect(found.rejects.map(({ ordinal, line }) => [ordinal, line])).toEqual(
          expected === null ? [[1, 1]] : [],
        );
      }),
      { numRuns: 400 },
    );
  });

  test("have values of the types of their fields", () => {
    const record = (attributes: string) => [...load(`<row ${attributes}/>`).records.values()][0];
    expect(record('Id="-7" Score="2.50" IsClosed="True" Date="2010-08-25T19:50:51.187"')).toBe(
      '{"Id":-7,"Score":2.50,"IsClosed":true,"Date":"2010-08-25T19:50:51.187"}',
    );
    expect(record('Id="" Score="" IsClosed="" Date="" Text=""')).toBe(
      '{"Id":null,"Score":null,"IsClosed":null,"Date":null,"Text":""}',
    );
    expect(record('Id="1&#50;&#x33;" IsClosed="&#x46;alse"')).toBe('{"Id":123,"IsClosed":false}');
    const digits = "12345678901234567890".repeat(9);
    expect(record(`Id="${digits}"`)).toBe(`{"Id":${digits}}`);
    expect(record('Unknown="7" id="8"')).toBe('{"Unknown":"7","id":"8"}');
    for (const bad of [
      'Id="x"',
      'Id=" 1"',
      'Id="1.5"',
      'IsClosed="maybe"',
      'Date="soon"',
      `Id="&#49;${digits}"`,
    ]) {
      const { rejects, records } = load(`<row ${bad} />\n<row Id="1" />`);
      expect(rejects.map(({ code, ordinal }) => [code, ordinal])).toEqual([["FIELD_TYPE", 0]]);
      expect(records.size).toBe(1);
    }
  });

  test("name their tags in either form", () => {
    const tags = (written: string) =>
      JSON.parse([...load(`<row Tags="${written}"/>`).records.values()][0]!).Tags;
    expect(tags("&lt;a&gt;&lt;c#&gt;&lt;.net-4&gt;")).toEqual(["a", "c#", ".net-4"]);
    expect(tags("|a|c#|.net-4|")).toEqual(["a", "c#", ".net-4"]);
    expect(tags("&lt;é&#34;\\&gt;")).toEqual(['é"\\']);
    expect(tags("|a|")).toEqual(["a"]);
    expect(tags("")).toEqual([]);
    for (const other of [
      "a",
      "|",
      "||",
      "|a",
      "|a||b|",
      "&lt;&gt;",
      "&lt;a&gt;b",
      "&lt;a",
      "&lt;a&lt;b&gt;&gt;",
    ]) {
      expect(tags(other)).toEqual([value(other)]);
    }
    const { tuples } = load('<row Tags="|a|b|"/>');
    const twin = rig.load({ entity, format: "jsonl", header: null, text: '{"Tags":["a","b"]}' });
    expect(tuples).toEqual(twin.tuples);
  });

  test("that are no UTF-8, have too many attributes or become too large are turned down", () => {
    const many = Array.from({ length: 129 }, (_, at) => `a${at}="${at}"`).join(" ");
    const bytes = Buffer.from('<row Text="a\xff"/>\n<row \xff="a"/>\n<row Text="ok"/>', "latin1");
    expect(load(bytes).rejects.map(({ code }) => code)).toEqual(["INVALID_UTF8", "INVALID_UTF8"]);
    expect(load(`<row ${many}/>\n`).rejects).toMatchObject([{ code: "XML_SYNTAX" }]);
    const small = new LoaderRig({ recordBytesMax: 4096 });
    const of = (text: string) => small.load({ entity, format: "stackexchange", header: null, text });
    for (let length = 3900; length < 4200; length++) {
      const { records, rejects } = of(`<row Text="${"x".repeat(length)}" Id="1"/>`);
      const fits = length + '{"Text":"","Id":1}'.length <= 4000;
      if (fits) expect(records.size).toBe(1);
      else if (records.size === 0) expect(rejects.map(({ code }) => code)).toEqual(["RECORD_TOO_LARGE"]);
      for (const record of records.values()) expect(record).toBe(`{"Text":"${"x".repeat(length)}","Id":1}`);
    }
    for (const grown of [
      `Text="${"&#1;".repeat(900)}"`,
      `Tags="|${"a|".repeat(1500)}"`,
      `${"n".repeat(4090)}="1"`,
    ]) {
      expect(of(`<row ${grown}/>\n`).rejects.map(({ code }) => code)).toEqual(["RECORD_TOO_LARGE"]);
    }
  });
});
