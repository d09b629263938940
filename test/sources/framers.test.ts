import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countLines } from "../../src/sources/framers/byte-scan.js";
import { type Framer, makeFramer } from "../../src/sources/framers/index.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";

/** Frames a text fed in pieces into buffers of one size, as a session does; the framed records' bytes. */
function frames(framer: Framer, text: string, pieceBytes: number): { count: number; parts: string[] } {
  const bytes = Buffer.from(text);
  const parts: string[] = [];
  let count = 0;
  let from = 0;
  for (;;) {
    from = framer.lead(bytes, from, bytes.length);
    if (from >= bytes.length) return { count, parts };
    const buffer = bytes.subarray(from);
    framer.begin(1);
    for (let to = 0; to < buffer.length && !framer.full && framer.fault === null; ) {
      to = Math.min(buffer.length, to + pieceBytes);
      framer.scan(buffer, to);
    }
    if (!framer.full && framer.fault === null) framer.finish(buffer, buffer.length);
    expect(framer.fault).toBeNull();
    if (framer.border === 0) return { count, parts };
    if (framer.records > 0) parts.push(buffer.subarray(0, framer.border).toString());
    expect(framer.lines(buffer)).toBe(countNewlines(buffer, framer.border));
    count += framer.records;
    from += framer.border;
  }
}

function countNewlines(bytes: Uint8Array, to: number): number {
  let lines = 0;
  for (let at = 0; at < to; at++) if (bytes[at] === 0x0a) lines++;
  return lines;
}

/** A session passes over records too; what it passes must end where a frame would. */
function passes(framer: Framer, text: string, pieceBytes: number): number {
  const bytes = Buffer.from(text);
  let count = 0;
  let from = 0;
  for (;;) {
    from = framer.lead(bytes, from, bytes.length);
    if (from >= bytes.length) return count;
    framer.begin(1);
    framer.beginPass();
    let end = -1;
    while (end === -1 && from < bytes.length) {
      const to = Math.min(bytes.length, from + pieceBytes);
      end = framer.pass(bytes.subarray(from, to), 0, to - from);
      from = end === -1 ? to : from + end;
    }
    count++;
  }
}

const piece = fc.integer({ min: 1, max: 9 });

describe("JSON lines", () => {
  const line = fc.oneof(
    fc.constantFrom("", " ", "\t", "\r", " \r", "  \t ", "{}", '{"a":1}', " x", "é"),
    fc.stringMatching(/^[ -~]{0,12}$/),
  );
  test("frames what a split at line breaks gives", () => {
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), piece, (lines, isEnded, pieceBytes) => {
        const text = lines.join("\n") + (isEnded ? "\n" : "");
        const twin = text.split("\n").filter((part) => /[^ \t\r]/.test(part));
        const { count, parts } = frames(makeFramer("jsonl", 1000, ","), text, pieceBytes);
        expect(count).toBe(twin.length);
        expect(parts.map((part) => part.trim())).toEqual(twin.map((part) => part.trim()));
        expect(passes(makeFramer("jsonl", 1000, ","), text, pieceBytes)).toBe(twin.length);
      }),
    );
  });
});

describe("quads", () => {
  const line = fc.oneof(
    fc.constantFrom("", " ", "\t", "#", " \t# <a:b>", "<a:b> <a:c> <a:d> .", " _:x", "x # y", "é"),
    fc.stringMatching(/^[ -~]{0,12}$/),
  );
  test("frames what a split at LF and CR gives, comments apart", () => {
    fc.assert(
      fc.property(
        fc.array(line),
        fc.constantFrom("\n", "\r\n", "\r"),
        fc.boolean(),
        piece,
        (lines, end, isEnded, pieceBytes) => {
          const text = lines.join(end) + (isEnded ? end : "");
          const twin = text.split(/[\r\n]/).filter((part) => /^[ \t]*[^ \t#]/.test(part));
          const { count, parts } = frames(makeFramer("nquads", 1000, ","), text, pieceBytes);
          expect(count).toBe(twin.length);
          // A frame of one record ends with it: in front of it may be comments.
          const statements = parts.map((part) =>
            part
              .trim()
              .split(/[\r\n]/)
              .at(-1)!
              .trim(),
          );
          expect(statements).toEqual(twin.map((part) => part.trim()));
        },
      ),
    );
  });
});

describe("rows of XML", () => {
  const line = fc.oneof(
    fc.constantFrom(
      "",
      " \t",
      "\r",
      '<row a="1" />',
      "<rwo/>",
      "<row>",
      "</row>",
      "<?",
      "<?xml?>x",
      "x",
      "é",
    ),
    fc.constantFrom(
      '<?xml version="1.0"?>',
      " <?xml?> <posts>",
      "<posts>",
      "</posts> ",
      "<posts a='1'>",
      "<>",
    ),
    fc.stringMatching(/^<[?/]?[a-z]{0,3}[?]?>? ?$/),
  );
  test("are lines, but for the declaration and the tags of the element around them", () => {
    const aside = /^[ \t\r]*(?:<\?(?:(?!\?>).)*\?>[ \t\r]*)?(?:<\/?(?!row>)[a-z]+>[ \t\r]*)?$/i;
    const entity = entityOf({ version: 1, entities: { Row: { fields: { a: "string" } } } });
    const rig = new LoaderRig();
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), piece, (lines, isEnded, pieceBytes) => {
        const text = lines.join("\n") + (isEnded ? "\n" : "");
        const twin = text.split("\n").filter((part) => !aside.test(part));
        expect(frames(makeFramer("stackexchange", 1000, ","), text, pieceBytes).count).toBe(twin.length);
        const loaded = rig.load({ entity, format: "stackexchange", header: null, text });
        expect(loaded.rejects.length + loaded.records.size).toBe(twin.length);
      }),
      { numRuns: 300 },
    );
  });
});

describe("CSV", () => {
  const cell = fc.oneof(
    fc.stringMatching(/^[a-z ]{0,6}$/),
    fc.stringMatching(/^[a-z,"\n\r;]{0,6}$/),
    fc.constantFrom('"', '""', "\n", ",", "é,\n", 'a"b'),
  );
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
  test("frames the rows that were written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell)),
        fc.constantFrom("\n", "\r\n", "\n\n", "\r\n\r\n"),
        fc.boolean(),
        piece,
        (rows, lineEnd, isEnded, pieceBytes) => {
          const written = rows.map((cells) => cells.map(quoted).join(","));
          const text = written.join(lineEnd) + (isEnded ? lineEnd : "");
          const { count, parts } = frames(makeFramer("csv", 1000, ","), text, pieceBytes);
          expect(count).toBe(rows.length);
          expect(parts.map((part) => part.replace(/[\r\n]+$/, ""))).toEqual(written);
          expect(passes(makeFramer("csv", 1000, ","), text, pieceBytes)).toBe(rows.length);
        },
      ),
    );
  });

  test("takes a quote within a bare cell as text", () => {
    expect(frames(makeFramer("csv", 1000, ","), '5" disk,x\nb,3" y\n', 1).count).toBe(2);
    expect(frames(makeFramer("csv", 1000, ";"), 'a;"x\ny"\nb;c', 2).count).toBe(2);
  });
});

describe("JSON arrays", () => {
  test("frames the elements of an array, however it is laid out", () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), fc.constantFrom(0, 2), piece, (values, indent, pieceBytes) => {
        const text = ` ${JSON.stringify(values, null, indent)} \n`;
        const { count, parts } = frames(makeFramer("json", 100_000, ","), text, pieceBytes);
        expect(count).toBe(values.length);
        expect(parts.map((part) => JSON.parse(part))).toEqual(JSON.parse(text));
        expect(passes(makeFramer("json", 100_000, ","), text, pieceBytes)).toBe(values.length);
      }),
    );
  });

  test("frames values one after another, and one alone", () => {
    const text = '{"a":\n1}\n\n{"b":[1,\n2]} {"c":"}"}';
    expect(frames(makeFramer("json", 1000, ","), text, 3).parts).toEqual([
      '{"a":\n1}',
      '{"b":[1,\n2]}',
      '{"c":"}"}',
    ]);
    expect(frames(makeFramer("json", 1000, ","), '{\n "a": {}\n}\n', 3).count).toBe(1);
  });

  test("a broken element does not take the next ones along", () => {
    const { parts } = frames(makeFramer("json", 1000, ","), '[{"a":[1}, {"b":2}, x y, {"c":3}]', 4);
    expect(parts).toEqual(['{"a":[1}', '{"b":2}', "x", "y", '{"c":3}']);
  });
});

test("line breaks are counted whatever the alignment", () => {
  fc.assert(
    fc.property(fc.uint8Array({ max: 60 }), fc.nat(7), (bytes, shift) => {
      const padded = new Uint8Array(bytes.length + shift);
      padded.set(
        bytes.map((byte) => 9 + (byte % 3)),
        shift,
      );
      const view = padded.subarray(shift);
      expect(countLines(view, view.length)).toBe(countNewlines(view, view.length));
    }),
  );
});
