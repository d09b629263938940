import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { rejectRecordBytesMax } from "../../src/kernel/index.js";
import type { Mapping } from "../../src/mapping/index.js";
import { entity, record } from "./loader-records.js";
import { entityOf, type Loaded, LoaderRig } from "./loader-rig.js";
import { recordTwin } from "./loader-twin.js";

const big = new LoaderRig();
const tiny = new LoaderRig({ tupleCapacity: 60, keyCapacity: 12, keyArenaBytes: 4096, outputBytes: 1 });

describe("lines", () => {
  test("become what JSON.parse and the definitions make of them", () => {
    fc.assert(
      fc.property(
        fc.array(record, { maxLength: 12 }),
        fc.constantFrom("\n", "\r\n", "\n \t\r\n", "\n\n"),
        (lines, end) => {
          const firstId = 5_000_000_000;
          const job = {
            entity,
            format: "jsonl" as const,
            header: null,
            text: lines.map((line) => line + end).join(""),
            firstId,
          };
          const loaded = big.load(job);
          compare(loaded, lines, firstId);
          const again = tiny.load(job);
          const fitting = again.rejects.every(({ code }) => code !== "TOO_MANY_TERMS");
          if (fitting) expect(withoutRepeats(again)).toEqual(withoutRepeats(loaded));
        },
      ),
      { numRuns: 120 },
    );
  });
});

describe("elements of an array", () => {
  test("are the same records; line breaks between their tokens are taken out", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 8 }), fc.constantFrom("", " ", "\n  "), (elements, space) => {
        fc.pre(elements.every((element) => isBalanced(element)));
        const spread = elements.map((element) =>
          element.startsWith("{ ") ? element.replace("{ ", "{\n ") : element,
        );
        const frame = spread.map((element) => space + element + space).join(",");
        const loaded = big.load({ entity, format: "json", header: null, text: frame, firstId: 7 });
        compare(loaded, spread, 7);
      }),
      { numRuns: 80 },
    );
  });

  test("after a broken element the next one is found", () => {
    const frame =
      '{"a":1}} , {"id":"x","part":1,"wanted":"w"},\n[1,{"a":","}],{"id":"y","part":1,"wanted":"w"}\n';
    const loaded = big.load({ entity, format: "json", header: null, text: frame });
    expect([...loaded.records]).toEqual([
      [2, '{"id":"x","part":1,"wanted":"w"}'],
      [4, '{"id":"y","part":1,"wanted":"w"}'],
    ]);
    expect(loaded.rejects.map(({ ordinal, code, line, offset }) => [ordinal, code, line, offset])).toEqual([
      [0, "FIELD_MISSING", 0, 0],
      [1, "JSON_SYNTAX", 0, 7],
      [3, "NOT_OBJECT", 1, frame.indexOf("[1")],
    ]);
  });
});

describe("blocks", () => {
  test("hold about 64 KiB, longer records stand alone, checksums are right", () => {
    const lines: string[] = [];
    for (let i = 0; i < 400; i++) {
      const filler = (i % 3 === 0 ? "abc " : `${Math.sin(i)}`.repeat(3)).repeat(i === 100 ? 2_000 : 40);
      lines.push(`{"id":"${i}","part":${i},"wanted":"w","other":"${filler}"}`);
    }
    const random = Buffer.from(
      Array.from({ length: 70_000 }, (_, i) => 33 + ((i * 7919 + ((i * i) >> 3)) % 90)),
    )
      .toString("latin1")
      .replaceAll(/["\\]/g, ".");
    lines.splice(200, 0, `{"id":"long","part":1,"wanted":"w","other":"${random}"}`);
    const rig = new LoaderRig({ inputBytes: 1 << 22, recordBytesMax: 1 << 17, outputBytes: 1 });
    const loaded = rig.load({ entity, format: "jsonl", header: null, text: lines.join("\n"), firstId: 10 });
    expect(loaded.rejects).toEqual([]);
    expect(loaded.records).toEqual(new Map(lines.map((line, i) => [10 + i, line])));
    expect(loaded.blocks.length).toBeGreaterThan(5);
    for (const { bytes } of loaded.blocks) {
      const view = new DataView(bytes.buffer);
      expect(view.getUint32(8, true)).toBe(crc32(bytes.subarray(12)));
      expect(bytes.length - 12).toBeLessThanOrEqual(view.getUint32(4, true));
      expect(bytes[1]).toBe(entity.number);
    }
    expect(loaded.blocks.some(({ count }) => count === 1)).toBe(true);
    expect(loaded.result.recordBytes).toBe(lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0));
  });

  test("a record that is too large for the loader is rejected, others are not", () => {
    const rig = new LoaderRig({ inputBytes: 4096, recordBytesMax: 256 });
    const line = (wanted: string) => `{"id":"a","part":1,"wanted":"${wanted}"}`;
    const loaded = rig.load({
      entity,
      format: "jsonl",
      header: null,
      text: `${line("x".repeat(300))}\n${line("y")}\n`,
    });
    expect(loaded.rejects.map(({ code, bytesTotal }) => [code, bytesTotal])).toEqual([
      ["RECORD_TOO_LARGE", 331],
    ]);
    expect([...loaded.records.keys()]).toEqual([1]);
  });
});

describe("buffers that are too small", () => {
  test("for one record reject it; nothing of it stays", () => {
    const rig = new LoaderRig({ tupleCapacity: 4 });
    const line = (name: string) => `{"id":"a","part":1,"wanted":"w","owner":"o","name":"${name}"}`;
    const loaded = rig.load({
      entity,
      format: "jsonl",
      header: null,
      text: [line("x"), line("a b c d"), line("y")].join("\n"),
    });
    expect(loaded.rejects.map(({ ordinal, code }) => [ordinal, code])).toEqual([[1, "TOO_MANY_TERMS"]]);
    expect([...loaded.records.keys()]).toEqual([0, 2]);
    expect(loaded.keys.length).toBe(4);
    expect(loaded.columns.size).toBe(2);
  });

  test("hold a long text whose trigrams are few", () => {
    const trigrams = entityOf({
      version: 1,
      entities: { A: { fields: { a: { type: "string", index: "trigram" } } } },
    });
    const rig = new LoaderRig({ tupleCapacity: 40 });
    const texts = ["abc".repeat(2000), "0123456789".repeat(50), "x".repeat(300)];
    const few = rig.load({
      entity: trigrams,
      format: "jsonl",
      header: null,
      text: texts.map((a) => JSON.stringify({ a })).join("\n"),
    });
    expect(few.rejects).toEqual([]);
    expect(new Set(few.tuples).size).toBe(3 + 10 + 1);
    const many = Array.from({ length: 50 }, (_, at) => String.fromCharCode(300 + at)).join("");
    const loaded = rig.load({ entity: trigrams, format: "jsonl", header: null, text: `{"a":"${many}"}` });
    expect(loaded.rejects.map(({ code }) => code)).toEqual(["TOO_MANY_TERMS"]);
  });

  test("columns are handed over in parts", () => {
    const wide: Mapping = {
      version: 1,
      entities: {
        Wide: {
          fields: Object.fromEntries(
            Array.from({ length: 200 }, (_, i) => [`f${i}`, { type: "int", index: "range" }] as const),
          ),
        },
      },
    };
    const lines = Array.from({ length: 400 }, (_, i) =>
      i % 50 === 7 ? "bad" : `{"f${i % 200}":${i},"f3":${-i}}`,
    );
    const rig = new LoaderRig();
    const loaded = rig.load({
      entity: entityOf(wide),
      format: "jsonl",
      header: null,
      text: lines.join("\n"),
      firstId: 3,
    });
    expect(loaded.rejects.length).toBe(8);
    for (let i = 0; i < 400; i++) {
      const own = loaded.columns.get(`${(i % 200) + 1}:${i + 3}`);
      expect(own === undefined).toBe(i % 50 === 7);
    }
    expect(loaded.columns.size).toBe(392 * 2 - 2);
  });
});

describe("rejects", () => {
  test("say what is wrong, where, and show the record", () => {
    const lines = [
      "",
      '  {"id":"a","part":"x","wanted":"w"}',
      '{"id":"a","wanted":"w"}',
      '{"id":"a","part":1}',
      '{"id":"a","part":[1,2],"wanted":"w"}',
      `{"id":"${"k".repeat(1025)}","part":1,"wanted":"w"}`,
      '{"id":"a","part":1,"wanted":"w","hash":"abc"}',
      '{"id":"a","part":1,"wanted":"w"} x',
      '{"id":"a","part":1.0,"wanted":"w"}',
    ];
    const frame = lines.join("\n");
    const loaded = big.load({ entity, format: "jsonl", header: null, text: frame });
    expect(loaded.rejects.map(({ ordinal, code, line }) => [ordinal, code, line])).toEqual([
      [0, "FIELD_TYPE", 1],
      [1, "KEY_MISSING", 2],
      [2, "FIELD_MISSING", 3],
      [3, "FIELD_TYPE", 4],
      [4, "KEY_TOO_LONG", 5],
      [5, "FIELD_TYPE", 6],
      [6, "JSON_SYNTAX", 7],
      [7, "FIELD_TYPE", 8],
    ]);
    for (const { offset, head, bytesTotal } of loaded.rejects) {
      const own = Buffer.from(frame).subarray(offset, offset + bytesTotal);
      expect(Buffer.from(head)).toEqual(own.subarray(0, rejectRecordBytesMax));
    }
    expect(loaded.rejects[0]!.reason).toBe(
      'field "part" must be an integer, one value, since it is part of the key',
    );
    expect(loaded.rejects[5]!.reason).toBe('field "hash" must be an even number of hexadecimal digits');
    expect(loaded.records.size).toBe(0);
    expect([loaded.tuples, loaded.keys]).toEqual([[], []]);
  });

  test("invalid UTF-8 and deep nesting", () => {
    const invalid = Buffer.from('{"id":"a\xff","part":1,"wanted":"w"}\n', "latin1");
    expect(big.load({ entity, format: "jsonl", header: null, text: invalid }).rejects[0]!.code).toBe(
      "INVALID_UTF8",
    );
    const other = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    const nested = `{"id":"a","part":1,"wanted":"w","other":${other}}`;
    expect(big.load({ entity, format: "jsonl", header: null, text: nested }).rejects).toEqual([]);
    const deep = `{"other":${"[".repeat(140_000)}`;
    expect(big.load({ entity, format: "jsonl", header: null, text: deep }).rejects[0]!.code).toBe("TOO_DEEP");
    const many = `{"id":"a","part":1,"wanted":"w","name":[${"1,".repeat(20_000)}1]}`;
    expect(big.load({ entity, format: "jsonl", header: null, text: many }).rejects[0]!.code).toBe(
      "TOO_MANY_VALUES",
    );
  });

  test("a check of the host's turns records down after everything else", () => {
    const lines = ["a", "b", "c"].map((id) => `{"id":"${id}","part":1,"wanted":"w","owner":"${id}"}`);
    const seen: string[] = [];
    const loaded = big.load(
      { entity, format: "jsonl", header: null, text: `bad\n${lines.join("\n")}` },
      (view) => {
        const record = view.bytes.toString("utf8", view.start, view.end);
        seen.push(record);
        return record.includes('"b"') ? { code: "NOSTR_ID", reason: "not today" } : null;
      },
    );
    expect(seen).toEqual(lines);
    expect([...loaded.records.keys()]).toEqual([1, 3]);
    expect(loaded.rejects.map(({ ordinal, code }) => [ordinal, code])).toEqual([
      [0, "JSON_SYNTAX"],
      [2, "NOSTR_ID"],
    ]);
    expect(loaded.keys.length).toBe(4);
    expect(loaded.tuples.length).toBe(2);
  });
});

describe("rows", () => {
  const columns = ["id", "part", "wanted", "score", "isOpen", "born", "free"];
  const header = { delimiter: ",", columns };

  test("become JSON by the mapping's types", () => {
    const frame =
      '7,1,w,1.5,true,2024-01-01,"a ""b"""\r\n\r\n8,x,w,1,true,2024-01-01,\n9,2,"line\nbreak",,,,\n10,3\n11,4,"w"x,1,true,2024-01-01,z\n12,5,w,,,,';
    const loaded = big.load({ entity, format: "csv", header, text: frame });
    expect([...loaded.records].map(([id, record]) => [id, JSON.parse(record)])).toEqual([
      [0, { id: "7", part: 1, wanted: "w", score: 1.5, isOpen: true, born: "2024-01-01", free: 'a "b"' }],
      [2, { id: "9", part: 2, wanted: "line\nbreak", score: null, isOpen: null, born: null, free: null }],
      [5, { id: "12", part: 5, wanted: "w", score: null, isOpen: null, born: null, free: null }],
    ]);
    expect(loaded.rejects.map(({ ordinal, code, line, reason }) => [ordinal, code, line, reason])).toEqual([
      [1, "FIELD_TYPE", 2, 'column "part" must be an integer'],
      [3, "CSV_COLUMNS", 5, "the header has 7 columns and this row 2"],
      [4, "CSV_QUOTE", 6, expect.stringContaining("quoted cell")],
    ]);
    for (const [id, record] of loaded.records)
      expect(recordTwin(entity, record, id)).not.toBeTypeOf("string");
    compareIndexes(loaded, [...loaded.records]);
  });
});

test("entities of one number, from two mappings, have programs of their own", () => {
  const one = entityOf({ version: 1, entities: { A: { fields: { a: { type: "int", index: "exact" } } } } });
  const two = entityOf({
    version: 1,
    entities: { A: { fields: { b: { type: "string", index: "exact" } } } },
  });
  const job = { format: "jsonl" as const, header: null, text: '{"a":1}' };
  expect(big.load({ entity: one, ...job }).tuples.length).toBe(1);
  expect(big.load({ entity: two, ...job }).tuples.length).toBe(0);
});

test("bytesNeeded is exact: a kernel of that size suffices, and little is left", () => {
  expect(big.kernel.freeBytes).toBeLessThan(65536 + 256);
});

function isBalanced(element: string): boolean {
  try {
    JSON.parse(element);
    return true;
  } catch {
    return false;
  }
}

const trigramIndexes = entity.fields.flatMap(({ indexes }) =>
  indexes.filter(({ kind }) => kind === "trigram").map(({ number }) => `${number}:`),
);

/** Without blocks, and without the repeats of trigrams that a small buffer drops. */
function withoutRepeats({ tuples, keys, records, columns, rejects }: Loaded) {
  const isRepeat = (tuple: string, at: number) =>
    tuple === tuples[at - 1] && trigramIndexes.some((start) => tuple.startsWith(start));
  return { tuples: tuples.filter((tuple, at) => !isRepeat(tuple, at)), keys, records, columns, rejects };
}

function compare(loaded: Loaded, lines: string[], firstId: number): void {
  const kept: [number, string][] = [];
  const rejects: [number, string][] = [];
  lines.forEach((line, i) => {
    const twin = recordTwin(entity, line, firstId + i);
    if (typeof twin === "string") rejects.push([i, twin]);
    else kept.push([firstId + i, line]);
  });
  expect(loaded.rejects.map(({ ordinal, code }) => [ordinal, code])).toEqual(rejects);
  const stored = kept.map(([id, line]): [number, string] => [
    id,
    line.includes("\n") ? minified(line) : line.trim(),
  ]);
  expect([...loaded.records]).toEqual(stored);
  expect(loaded.result.records).toBe(kept.length);
  compareIndexes(loaded, kept);
}

function compareIndexes(loaded: Loaded, kept: [number, string][]): void {
  const twins = kept
    .map(([id, line]) => recordTwin(entity, line, id))
    .filter((twin) => typeof twin !== "string");
  expect(loaded.tuples).toEqual(twins.flatMap((twin) => twin.tuples).sort());
  expect(loaded.keys).toEqual(twins.flatMap((twin) => twin.keys).sort());
  expect(loaded.columns).toEqual(new Map(twins.flatMap((twin) => twin.columns)));
}

function minified(line: string): string {
  return line.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, string: string) => string ?? "");
}
