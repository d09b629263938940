import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { jsonTexts, utf8Sequences } from "./json-corpus.js";
import { Scanner } from "./scan-kernel.js";

const mapped = [
  { slot: 0, path: ["a"] },
  { slot: 1, path: ["m"] },
  { slot: 2, path: ["x", "y"] },
];
const scanners = [new Scanner(null), new Scanner(mapped)];
const { SCAN_OK, SCAN_SYNTAX, SCAN_INVALID_UTF8, SCAN_NOT_OBJECT, SCAN_TOO_DEEP } =
  scanners[0]!.kernel.exports;
const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function parse(text: string): { value: unknown } | null {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The scanner and JSON.parse agree on a text, whichever members are mapped. */
function expectAgreement(text: string | Uint8Array): void {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  let decoded: string | null = null;
  try {
    decoded = strictDecoder.decode(bytes);
  } catch {
    // Left null: the bytes are not UTF-8.
  }
  const parsed = decoded === null ? null : parse(decoded);
  for (const scanner of scanners) {
    const { status, offset, reason } = scanner.scan(bytes);
    const label = `${JSON.stringify(Buffer.from(bytes).toString("latin1"))} at ${offset}, reason ${reason}`;
    if (decoded === null) {
      expect([SCAN_INVALID_UTF8.value, SCAN_SYNTAX.value], label).toContain(status);
    } else if (parsed === null) {
      expect(status, label).toBe(SCAN_SYNTAX.value);
    } else {
      expect(status, label).toBe(isRecord(parsed.value) ? SCAN_OK.value : SCAN_NOT_OBJECT.value);
    }
    expect(offset, label).toBeLessThanOrEqual(bytes.length);
    expect(scanner.scan(bytes, "checkJson").status === SCAN_OK.value, label).toBe(parsed !== null);
  }
}

describe("scanRecord", () => {
  it(`accepts what JSON.parse accepts among ${jsonTexts.length} texts`, () => {
    for (const text of jsonTexts) expectAgreement(text);
  });

  it("accepts UTF-8 and refuses what is not", () => {
    for (const sequence of utf8Sequences) {
      for (const padding of [0, 1, 13, 14, 15, 16, 40]) {
        const inside = Buffer.concat([
          Buffer.from(`{"a":"${"x".repeat(padding)}`),
          Buffer.from(sequence),
          Buffer.from('tail"}'),
        ]);
        expectAgreement(inside);
        expectAgreement(inside.subarray(0, -6));
        expectAgreement(Buffer.concat([Buffer.from("{}"), Buffer.from(sequence)]));
      }
      const { status } = scanners[1]!.scan(
        Buffer.concat([Buffer.from('{"a":"'), Buffer.from(sequence), Buffer.from('"}')]),
      );
      const isValid = Buffer.from(sequence).equals(Buffer.from(Buffer.from(sequence).toString()));
      expect(status).toBe(isValid ? SCAN_OK.value : SCAN_INVALID_UTF8.value);
    }
  });

  it("agrees with JSON.parse on any JSON, however it is spaced", () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 4 }), (json, spaces) => {
        expectAgreement(json);
        expectAgreement(`{"a":${json}}`);
        expectAgreement(JSON.stringify({ m: JSON.parse(json), x: [JSON.parse(json)] }, null, spaces));
      }),
      { numRuns: 200 },
    );
  });

  it("agrees with JSON.parse on damaged and cut JSON", () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 3 });
    const likely = fc.constantFrom(...'{}[]",:\\ue0-+.1tfn \n\u0000');
    fc.assert(
      fc.property(fc.json(), damage, fc.nat(), fc.nat(), likely, (json, bytes, cut, at, char) => {
        const text = Buffer.from(`{"a":${json},"x":[{"y":${json}}]}`);
        expectAgreement(text.subarray(0, cut % (text.length + 1)));
        const damaged = Buffer.from(text);
        damaged[at % text.length] = char.charCodeAt(0);
        expectAgreement(damaged);
        for (const [place, byte] of bytes) damaged[place % text.length] = byte;
        expectAgreement(damaged);
      }),
      { numRuns: 500 },
    );
  });

  it("cuts and damages the corpus at every byte", () => {
    const text = Buffer.from('{"a":[1.5e-3,true,null,"\\u00e9é\\n"],"x":[{"y":{}}],"m":-0}');
    for (let i = 0; i <= text.length; i++) {
      expectAgreement(text.subarray(0, i));
      for (const byte of [0, 0x0a, 0x20, 0x22, 0x2c, 0x30, 0x39, 0x5c, 0x5d, 0x7d, 0x80, 0xc3, 0xff]) {
        const damaged = Buffer.from(text);
        if (i < text.length) damaged[i] = byte;
        expectAgreement(damaged);
      }
    }
  });

  it("tells where and why a text is wrong", () => {
    const scan = (text: string) => scanners[1]!.scan(text);
    expect(scan('{"a":1,"b":}')).toMatchObject({ status: 1, offset: 11, reason: 1 });
    expect(scan('{"a":1,}')).toMatchObject({ status: 1, offset: 7, reason: 2 });
    expect(scan('{"a" 1}')).toMatchObject({ status: 1, offset: 5, reason: 3 });
    expect(scan('{"a":1 "b"')).toMatchObject({ status: 1, offset: 7, reason: 4 });
    expect(scan('{"a":[1 2]}')).toMatchObject({ status: 1, offset: 8, reason: 5 });
    expect(scan('{"a":1} x')).toMatchObject({ status: 1, offset: 8, reason: 6 });
    expect(scan('{"a":"b')).toMatchObject({ status: 1, offset: 7, reason: 7 });
    expect(scan('{"a":"\\q"}')).toMatchObject({ status: 1, offset: 7, reason: 8 });
    expect(scan('{"a":"\\u00x0"}')).toMatchObject({ status: 1, offset: 10, reason: 9 });
    expect(scan('{"a":1.}')).toMatchObject({ status: 1, offset: 7, reason: 10 });
    expect(scan('{"a":nul}')).toMatchObject({ status: 1, offset: 8, reason: 11 });
    expect(scan(" [1]")).toMatchObject({ status: 3, offset: 1, reason: 13 });
    expect(scan("")).toMatchObject({ status: 1, offset: 0, reason: 1 });
    expect(scan(' {"a":1} ').span).toEqual([1, 8]);
  });
});

describe("nesting", () => {
  const levels = [63, 64, 65, 127, 128, 129, 1000, 100_000, 1_000_000];
  const unmapped = new Scanner(null, { textBytesMax: 8_000_000 });
  const inMapped = new Scanner([{ slot: 0, path: ["a"] }], { textBytesMax: 8_000_000 });
  const inPairs = new Scanner([{ slot: 0, path: ["a"], pairs: true }], { textBytesMax: 8_000_000 });

  it.each(levels)("reads %i levels", (depth) => {
    const arrays = `{"a":${"[".repeat(depth)}1${"]".repeat(depth)}}`;
    const mixed = `{"a":${'[{"b":'.repeat(depth / 2)}1${"}]".repeat(depth / 2)}}`;
    for (const scanner of [unmapped, inMapped, inPairs]) {
      expect(scanner.scan(arrays).status).toBe(SCAN_OK.value);
      expect(scanner.scan(mixed).status).toBe(SCAN_OK.value);
      expect(scanner.scan(arrays.slice(0, -2)).status).toBe(SCAN_SYNTAX.value);
      expect(scanner.scan(`${arrays.slice(0, -2)}}}`).status).toBe(SCAN_SYNTAX.value);
      expect(scanner.scan(arrays.slice(0, depth)).status).toBe(SCAN_SYNTAX.value);
    }
    expect(inMapped.scan(arrays).values).toEqual([{ slot: 0, type: 2, flags: 4, text: "1" }]);
  });

  it("refuses more levels than the stack has bits", () => {
    for (const fields of [null, [{ slot: 0, path: ["a"] }], [{ slot: 0, path: ["a"], pairs: true }]]) {
      const scanner = new Scanner(fields, { stackBytes: 16 });
      const nested = (depth: number) => `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
      expect(scanner.scan(nested(127)).status).toBe(SCAN_OK.value);
      expect(scanner.scan(nested(128))).toMatchObject({ status: SCAN_TOO_DEEP.value, offset: 132 });
    }
  });
});
