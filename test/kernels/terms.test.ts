import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Kernel } from "../../src/kernel/index.js";
import { TermEncoder } from "../../src/model/index.js";
import { exactTwin, floatTwin, integerTwin, xxh64Twin } from "./term-twin.js";

const kernel = new Kernel({ memoryBytes: 1 << 20 });
const encoder = new TermEncoder(kernel);
const runs = { numRuns: 400 };

describe("integers", () => {
  test("are shifted and saturate", () => {
    const cases = fc.oneof(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), fc.bigInt(-1000n, 1000n));
    fc.assert(
      fc.property(cases, (value) => {
        expect(encoder.number("int", value)).toBe(integerTwin(value));
        expect(encoder.number("int", String(value))).toBe(integerTwin(value));
      }),
      runs,
    );
    for (const edge of [2n ** 63n - 1n, 2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n, 10n ** 19n, 0n]) {
      expect(encoder.number("int", edge)).toBe(integerTwin(edge));
    }
  });

  test("have no fraction", () => {
    expect(encoder.numberIfFits("int", 1.5)).toBeUndefined();
    expect(encoder.numberIfFits("int", "x")).toBeUndefined();
    expect(() => encoder.number("int", true)).toThrow(/VALUE_TYPE|no value of type int/);
  });
});

describe("floats", () => {
  test("are what Number() makes of every text", () => {
    const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
    const texts = fc
      .tuple(fc.boolean(), digits(25), fc.option(digits(25)), fc.option(fc.integer({ min: -340, max: 320 })))
      .map(([minus, whole, fraction, power]) => {
        const head = whole.replace(/^0+(?=\d)/, "");
        return `${minus ? "-" : ""}${head}${fraction === null ? "" : `.${fraction}`}${power === null ? "" : `e${power}`}`;
      });
    fc.assert(
      fc.property(texts, (text) => {
        expect(floatOf(text)).toBe(floatTwin(Number(text)));
      }),
      { numRuns: 4000 },
    );
  });

  test("come back from their shortest and from their long texts", () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer({ min: 0, max: 20 }),
        (value, digits) => {
          expect(encoder.number("float", value)).toBe(floatTwin(value));
          expect(floatOf(value.toExponential(digits))).toBe(floatTwin(Number(value.toExponential(digits))));
        },
      ),
      { numRuns: 4000 },
    );
  });

  test("half-way cases round to even", () => {
    for (const text of [
      "9007199254740993",
      "9007199254740993.0",
      "9007199254740992.5",
      "9007199254740993.5",
      "0.500000000000000166533453693773481063544750213623046875",
      "1.00000000000000011102230246251565",
      "1.0000000000000001110",
      "4503599627370496.5",
      "4503599627370497.5",
      "18014398509481985.0",
      "1e23",
      "8.5e22",
      "2.2250738585072011e-308",
      "5e-324",
      "1.7976931348623159e308",
      "1e999",
      "-1e999",
      "0e99999999",
      "123456789012345678901234567890",
    ]) {
      expect([text, floatOf(text)]).toEqual([text, floatTwin(Number(text))]);
    }
  });

  test("keep their order, and minus zero is zero", () => {
    const pair = fc.tuple(fc.double({ noNaN: true }), fc.double({ noNaN: true }));
    fc.assert(
      fc.property(pair, ([a, b]) => {
        const order = encoder.number("float", a) < encoder.number("float", b);
        expect(order).toBe(a < b);
      }),
      runs,
    );
    expect(encoder.number("float", -0)).toBe(encoder.number("float", 0));
  });
});

describe("dates", () => {
  test("are what Date.parse makes of them", () => {
    const dates = fc.date({
      min: new Date("0000-01-01"),
      max: new Date("9999-12-31T23:59:59.999Z"),
      noInvalidDate: true,
    });
    fc.assert(
      fc.property(dates, fc.integer({ min: -14 * 60, max: 14 * 60 }), (date, offset) => {
        const iso = date.toISOString();
        expect(encoder.dateMilliseconds(iso)).toBe(date.getTime());
        expect(encoder.dateMilliseconds(iso.slice(0, -1))).toBe(date.getTime());
        expect(encoder.dateMilliseconds(iso.replace("T", " "))).toBe(date.getTime());
        expect(encoder.dateMilliseconds(iso.slice(0, 10))).toBe(Date.parse(iso.slice(0, 10)));
        const zone = zoneText(offset);
        expect(encoder.dateMilliseconds(iso.slice(0, -1) + zone)).toBe(Date.parse(iso.slice(0, -1) + zone));
        expect(encoder.dateMilliseconds(iso.slice(0, 16) + zone)).toBe(Date.parse(iso.slice(0, 16) + zone));
      }),
      runs,
    );
  });

  test("finer fractions are cut off, a day ends at 24:00", () => {
    expect(encoder.dateMilliseconds("1970-01-01T00:00:00.1239999Z")).toBe(123);
    expect(encoder.dateMilliseconds("1970-01-01T00:00:00.5Z")).toBe(500);
    expect(encoder.dateMilliseconds("2023-12-31T24:00:00Z")).toBe(Date.parse("2024-01-01"));
    expect(encoder.dateMilliseconds("2024-05-01T12:00:00+0200")).toBe(Date.parse("2024-05-01T10:00:00Z"));
  });

  test("days, hours and texts that are none are refused", () => {
    for (const text of [
      "",
      "2024",
      "2024-05",
      "2024-5-1",
      "2023-02-29",
      "2024-02-30",
      "2024-13-01",
      "2024-00-10",
      "2024-01-00",
      "2024-01-01T",
      "2024-01-01T1",
      "2024-01-01T25:00",
      "2024-01-01T24:01",
      "2024-01-01T10:60",
      "2024-01-01T10:00:60",
      "2024-01-01T10:00:00.",
      "2024-01-01T10:00:00+25:00",
      "2024-01-01T10:00:00+1",
      "2024-01-01T10:00Zx",
      "2024-01-01x10:00",
      "24-01-01T10:00:00",
      "not a date at all",
    ]) {
      expect([text, encoder.dateMilliseconds(text)]).toEqual([text, undefined]);
    }
    expect(encoder.dateMilliseconds("2024-02-29")).toBe(Date.parse("2024-02-29"));
    expect(encoder.number("date", 1700000000)).toBe(integerTwin(1700000000n));
    expect(encoder.number("date", -1.9)).toBe(integerTwin(-1n));
    expect(encoder.number("date", 1e300)).toBe(integerTwin(2n ** 63n - 1n));
  });
});

describe("strings", () => {
  test("stand in their term or are hashed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
        expect(encoder.exact(text)).toBe(exactTwin(Buffer.from(text)));
      }),
      runs,
    );
    for (const length of [0, 1, 6, 7, 8, 9, 31, 32, 33, 63, 64, 65, 1000]) {
      const text = "x".repeat(length);
      expect(encoder.exact(text)).toBe(exactTwin(Buffer.from(text)));
    }
  });

  test("prefixes sort as bytes do", () => {
    const text = fc.string({ unit: "binary", maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [x, y] = [Buffer.from(a).subarray(0, 8), Buffer.from(b).subarray(0, 8)];
        const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(8 - bytes.length)]);
        expect(encoder.prefix(a)).toBe(padded(x).readBigUInt64BE());
        expect(Math.sign(Number(encoder.prefix(a) - encoder.prefix(b)))).toBe(padded(x).compare(padded(y)));
      }),
      runs,
    );
  });

  test("pairs are name, zero, value", () => {
    fc.assert(
      fc.property(fc.constantFrom("e", "p", "Z"), fc.string({ maxLength: 80 }), (name, value) => {
        expect(encoder.pair(name, value)).toBe(exactTwin(Buffer.from(`${name}\0${value}`)));
      }),
      runs,
    );
  });

  test("booleans are 0 and 1", () => {
    expect([encoder.number("bool", false), encoder.number("bool", true)]).toEqual([0n, 1n]);
    expect(encoder.numberIfFits("bool", 1)).toBeUndefined();
  });
});

describe("keys", () => {
  test("text and number of the same digits are one key", () => {
    expect(encoder.keyBytes([{ type: "string", value: "5" }])).toEqual(
      encoder.keyBytes([{ type: "int", value: 5 }]),
    );
    const packed = encoder.keyBytes([{ type: "hex", value: "00fFa1" }])!;
    expect([...packed]).toEqual([0x00, 0xff, 0xa1]);
    expect(encoder.keyBytes([{ type: "hex", value: "abc" }])).toBeUndefined();
    const parts = encoder.keyBytes([
      { type: "string", value: "a".repeat(200) },
      { type: "int", value: 1n },
    ])!;
    expect([...parts.subarray(0, 2)]).toEqual([0xc8, 0x01]);
    expect([...parts.subarray(202)]).toEqual([1, 0x31]);
  });

  test("their hash is XXH64 with the key space as seed, its lowest bit clear", () => {
    const key = Buffer.from("some key");
    expect(encoder.keyHash(3, key)).toBe(xxh64Twin(key, 3n) & ~1n);
  });
});

/** A float by its text: through the same kernel, which a query reaches by value only. */
function floatOf(text: string): bigint {
  const at = kernel.alloc(512);
  kernel.u8.set(Buffer.from(text), at);
  kernel.exports.termNumber(2, 2, 0, at, at + text.length, at + 400);
  const term = kernel.view.getBigUint64(at + 400, true);
  kernel.release(at);
  return term;
}

function zoneText(offset: number): string {
  const minutes = Math.abs(offset);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${offset < 0 ? "-" : "+"}${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
