import { describe, expect, test } from "vitest";
import { Kernel } from "../../src/kernel/index.js";
import type { Mapping } from "../../src/mapping/index.js";
import { fieldTypeNumber } from "../../src/model/index.js";
import { loadRejectCodes } from "../../src/pipeline/load-rejects.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";
import { exactTwin, tokensTwin } from "./term-twin.js";

const kernel = new Kernel({ memoryBytes: 1 << 19 });
const constants = kernel.exports as unknown as Record<string, { value: number }>;

describe("numbers that host and kernel share", () => {
  test("types of fields", () => {
    for (const [type, number] of Object.entries(fieldTypeNumber)) {
      expect([type, constants[`FIELD_${type.toUpperCase()}`]?.value]).toEqual([type, number]);
    }
  });

  test("codes of rejects", () => {
    loadRejectCodes.forEach((code, number) => {
      if (code !== null) expect([code, constants[`REJECT_${code}`]?.value]).toEqual([code, number]);
    });
  });
});

describe("canonical form", () => {
  const isCanonical = (rule: "jsonIsCanonical" | "textIsCanonical", text: string) => {
    const mark = kernel.mark();
    const at = kernel.alloc(text.length * 3 + 64);
    const end = at + Buffer.byteLength(text);
    kernel.u8.set(Buffer.from(text), at);
    kernel.u8.fill(0x5c, end, end + 32);
    const outcome = kernel.exports[rule](at, end) !== 0;
    kernel.release(mark);
    return outcome;
  };

  test("of JSON has no white space between tokens and no other escapes than the short ones", () => {
    for (const text of [
      "[]",
      '[["a","b c \\" \\n"],["é"]]',
      '[["\\b\\f\\r\\t\\\\"]]',
      `[["${"x".repeat(40)} ]"]]`,
    ]) {
      expect([text, isCanonical("jsonIsCanonical", text)]).toEqual([text, true]);
    }
    for (const text of [
      "[ ]",
      '[["a", "b"]]',
      '[["\\/"]]',
      '[["\\u0041"]]',
      '[\n["a"]]',
      `[["${"x".repeat(40)}\\u0001"]]`,
    ]) {
      expect([text, isCanonical("jsonIsCanonical", text)]).toEqual([text, false]);
    }
  });

  test("of a text", () => {
    for (const text of ["", "plain text", 'a\\nb\\\\c\\"d', `${"x".repeat(15)}\\n`, "é 東京"]) {
      expect([text, isCanonical("textIsCanonical", text)]).toEqual([text, true]);
    }
    for (const text of ["\\/", "a\\u00e9", `${"x".repeat(15)}\\/`, `${"\\n".repeat(40)}\\u0020`]) {
      expect([text, isCanonical("textIsCanonical", text)]).toEqual([text, false]);
    }
  });
});

describe("long values behind escapes", () => {
  const mapping: Mapping = {
    version: 1,
    entities: {
      Page: {
        fields: {
          title: { type: "string", index: ["exact", "range"] },
          body: { type: "string", index: "text" },
          digest: { type: "hex", index: "exact" },
          tags: { type: "pairs", index: "exact" },
        },
      },
    },
  };
  const rig = new LoaderRig({ inputBytes: 1 << 20, tupleCapacity: 100_000 });
  const entity = entityOf(mapping);
  const termsOf = (record: string) => {
    const { tuples, rejects } = rig.load({ entity, format: "jsonl", header: null, text: record });
    expect(rejects).toEqual([]);
    return tuples
      .map((tuple) => tuple.split(":"))
      .map(([index, term]) => [Number(index), BigInt(term!)] as const);
  };
  const unitEscape = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  const escaped = (text: string) =>
    [...text].map((character) => (character > "~" ? character : unitEscape(character))).join("");

  test("are hashed piece by piece", () => {
    for (const length of [600, 682, 683, 684, 690, 1000, 4096, 12_345]) {
      const text = [..."Zeile é 😀 ".repeat(length)].slice(0, length).join("");
      const terms = termsOf(`{"title":"${escaped(text)}","tags":[["e","${escaped(text)}"]]}`);
      expect(terms).toContainEqual([1, exactTwin(Buffer.from(text))]);
      expect(terms).toContainEqual([2, Buffer.from(text).readBigUInt64BE()]);
      expect(terms).toContainEqual([5, exactTwin(Buffer.from(`e\0${text}`))]);
    }
  });

  test("hex digits of any length have the term of their lower case", () => {
    for (const length of [0, 2, 6, 8, 64, 4094, 4096, 4098, 20_000]) {
      const digits = "0123456789abcdefABCDEF".repeat(1000).slice(0, length);
      const [first] = termsOf(`{"digest":"${digits}"}`);
      expect(first).toEqual([4, exactTwin(Buffer.from(digits.toLowerCase()))]);
    }
    expect(termsOf(`{"digest":"${escaped("ABcd")}"}`)).toEqual([[4, exactTwin(Buffer.from("abcd"))]]);
  });

  test("texts are cut into words behind their escapes", () => {
    const text = 'Wörter "und" 東京 mehr\n'.repeat(900);
    const words = tokensTwin(text).map((word): [number, bigint] => [3, exactTwin(Buffer.from(word))]);
    const sorted = (terms: (readonly [number, bigint])[]) => terms.map(String).sort();
    expect(sorted(termsOf(`{"body":"${escaped(text)}"}`))).toEqual(sorted(words));
    expect(sorted(termsOf(JSON.stringify({ body: text })))).toEqual(sorted(words));
  });
});
