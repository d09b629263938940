import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Kernel } from "../../src/kernel/wasm.js";
import { utf8Sequences } from "./json-corpus.js";

const kernel = new Kernel({ memoryBytes: 4 << 20 });
const source = kernel.alloc(1 << 20);
const target = kernel.alloc(1 << 20);

function load(bytes: Uint8Array): [start: number, end: number] {
  const start = source + (bytes.length % 19);
  kernel.u8.set(bytes, start);
  kernel.u8.fill(0xa9, start + bytes.length, start + bytes.length + 32);
  return [start, start + bytes.length];
}

function written(bytes: number): Buffer {
  return Buffer.from(kernel.u8.subarray(target, target + bytes));
}

describe("utf8InvalidAt", () => {
  function expectAgreement(bytes: Uint8Array): void {
    const [start, end] = load(bytes);
    const invalidAt = kernel.exports.utf8InvalidAt(start, end) - start;
    expect(invalidAt === bytes.length, bytes.join(" ")).toBe(isUtf8(bytes));
    expect(isUtf8(bytes.subarray(0, invalidAt))).toBe(true);
  }

  it("agrees with Node.js at every place in a block", () => {
    for (const sequence of utf8Sequences) {
      for (let padding = 0; padding < 33; padding++) {
        const before = Buffer.alloc(padding, "x");
        expectAgreement(Buffer.concat([before, Buffer.from(sequence)]));
        expectAgreement(Buffer.concat([before, Buffer.from(sequence), Buffer.from("é and more text")]));
      }
    }
  });

  it("agrees with Node.js on every first two bytes, and on any bytes", () => {
    const wrong: string[] = [];
    for (let pair = 0x8000; pair < 65_536; pair++) {
      const bytes = Buffer.from([pair >> 8, pair & 255, 0x80, 0x80]);
      kernel.u8.set(bytes, source);
      const isValid = kernel.exports.utf8InvalidAt(source, source + 4) === source + 4;
      if (isValid !== isUtf8(bytes)) wrong.push(bytes.toString("hex"));
    }
    expect(wrong).toEqual([]);
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), expectAgreement));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(), (text, cut) => {
        const bytes = new TextEncoder().encode(text);
        expectAgreement(bytes);
        expectAgreement(bytes.subarray(0, cut % (bytes.length + 1)));
      }),
    );
  });
});

describe("unescapeString", () => {
  /** UTF-8 in which a lone surrogate has the three bytes of its number. */
  function wtf8(text: string): Buffer {
    const parts = Array.from(text, (char) => {
      const code = char.codePointAt(0)!;
      if (code < 0xd800 || code > 0xdfff) return Buffer.from(char);
      return Buffer.from([0xed, 0x80 | ((code >> 6) & 63), 0x80 | (code & 63)]);
    });
    return Buffer.concat(parts);
  }

  function textOf(body: string): Buffer {
    return written(kernel.exports.unescapeString(...load(new TextEncoder().encode(body)), target));
  }

  it("gives the text that JSON.parse gives", () => {
    const units = fc.array(fc.oneof(fc.nat(0xffff), fc.constantFrom(0xd83d, 0xde00, 0x22, 0x5c, 10, 0x41)), {
      maxLength: 40,
    });
    fc.assert(
      fc.property(units, fc.nat(), (codes, salt) => {
        const text = String.fromCharCode(...codes);
        const plain = JSON.stringify(text).slice(1, -1);
        const hex = codes.map((code) => `\\u${code.toString(16).padStart(4, "0")}`);
        const escaped = hex
          .map((unit, i) => ((salt >> (i % 8)) & 1 ? unit.toUpperCase().replace("U", "u") : unit))
          .join("");
        expect(textOf(plain)).toEqual(wtf8(text));
        expect(textOf(escaped)).toEqual(wtf8(text));
      }),
    );
    expect(textOf(String.raw`a\/\"\\\b\f\n\r\tz`).toString()).toBe('a/"\\\b\f\n\r\tz');
  });
});

describe("minifyJson", () => {
  it("leaves what JSON.stringify writes without spaces, in place or elsewhere", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("", " ", "\n", "\t \r\n"), (value, space) => {
        const expected = JSON.stringify(value);
        const [start, end] = load(new TextEncoder().encode(JSON.stringify(value, null, space)));
        expect(written(kernel.exports.minifyJson(start, end, target)).toString()).toBe(expected);
        const bytes = kernel.exports.minifyJson(start, end, start);
        expect(Buffer.from(kernel.u8.subarray(start, start + bytes)).toString()).toBe(expected);
      }),
    );
  });
});
