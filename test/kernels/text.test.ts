import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Kernel } from "../../src/kernel/index.js";
import { TermEncoder } from "../../src/model/index.js";
import { exactTwin, tokensTwin } from "./term-twin.js";

const kernel = new Kernel({ memoryBytes: 2 << 20 });
const encoder = new TermEncoder(kernel, 512 * 1024);

const scripts = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x52f],
  [0x590, 0x6ff],
  [0x900, 0x97f],
  [0xe00, 0xe7f],
  [0x10a0, 0x10ff],
  [0x13a0, 0x13ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x214f],
  [0x2c00, 0x2dff],
  [0x3000, 0x30ff],
  [0x4e00, 0x4fff],
  [0xa640, 0xa7ff],
  [0xac00, 0xad00],
  [0xfe00, 0xfe0f],
  [0xff00, 0xffef],
  [0x10400, 0x104ff],
  [0x1e900, 0x1e95f],
  [0x1f300, 0x1f6ff],
  [0x20000, 0x20100],
  [0x30000, 0x323af],
  [0xe0100, 0xe01ef],
] as const;

const character = fc
  .constantFrom(...scripts)
  .chain(([min, max]) => fc.integer({ min, max }))
  .map((point) => String.fromCodePoint(point));
const mixed = fc.array(character, { maxLength: 120 }).map((parts) => parts.join(""));
const words = fc
  .array(
    fc.oneof(fc.stringMatching(/^[A-Za-z0-9]{1,20}$/), fc.constantFrom(" ", ", ", "-", "é", "中", "\n", "…")),
    { maxLength: 80 },
  )
  .map((parts) => parts.join(""));

function texts(text: string): string[] {
  return encoder.tokens(text).map((token) => token.text);
}

describe("tokens", () => {
  test("are the runs of letters, digits and marks in lower case", () => {
    fc.assert(
      fc.property(fc.oneof(mixed, words), (text) => {
        expect(texts(text)).toEqual(tokensTwin(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("every code point is classed and folded as the tables' regular expressions say", () => {
    for (let first = 0; first < 0x110000; first += 0x4000) {
      const points: string[] = [];
      for (let point = first; point < first + 0x4000; point++) {
        if (point < 0xd800 || point > 0xdfff) points.push(String.fromCodePoint(point));
      }
      const text = points.join(" ");
      expect(texts(text)).toEqual(tokensTwin(text));
    }
  });

  test("have the exact terms of their texts", () => {
    fc.assert(
      fc.property(mixed, (text) => {
        for (const token of encoder.tokens(text)) expect(token.term).toBe(exactTwin(Buffer.from(token.text)));
      }),
    );
  });

  test("are found at every place of a long text, also where its stretches meet", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4000, max: 4200 }),
        fc.array(words, { minLength: 1, maxLength: 8 }),
        (length, parts) => {
          const text = `${"x ".repeat(length / 2)}${parts.join(" ")} ${"é".repeat(length)} ${parts.join("中")}`;
          expect(texts(text)).toEqual(tokensTwin(text));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("are cut at 64 bytes, between characters", () => {
    for (const length of [63, 64, 65, 66, 67, 68, 69, 130, 4095, 4096, 4097, 9000]) {
      for (const text of ["a".repeat(length), `a${"é".repeat(length)}`, `ab${"ก".repeat(length)} end`]) {
        expect(texts(text)).toEqual(tokensTwin(text));
      }
    }
  });

  test("ideographs and kana stand alone, hangul does not", () => {
    expect(texts("東京タワー Tower 한국어")).toEqual(["東", "京", "タ", "ワ", "ー", "tower", "한국어"]);
  });

  test("dotted capital I and final sigma follow the simple mapping", () => {
    expect(texts("İSTANBUL ΣΟΦΟΣ K")).toEqual(["istanbul", "σοφοσ", "k"]);
  });
});
