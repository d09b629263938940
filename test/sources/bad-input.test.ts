import { execFileSync } from "node:child_process";
import { chmodSync } from "node:fs";
import { PassThrough } from "node:stream";
import { createGunzip, gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openSource, type ReadOptions, readAll, readFrame } from "../../conformance/source-reading.js";
import type { Source, SourceFormat } from "../../src/ports/index.js";
import { Bzip2Bytes } from "../../src/sources/bytes/bzip2-bytes.js";
import type { decompress } from "../../src/sources/bytes/decompress.js";
import { FileBytes } from "../../src/sources/bytes/file-bytes.js";
import { TransformBytes } from "../../src/sources/bytes/transform-bytes.js";
import { dictionaryBytes, XzBytes } from "../../src/sources/bytes/xz-bytes.js";
import { windowBytes, zstdFallback } from "../../src/sources/bytes/zstd-bytes.js";
import { resolveSources } from "../../src/sources/index.js";
import { compress, missing, testFolder } from "./subjects.js";

const folder = testFolder();
afterAll(folder.remove);
let files = 0;

async function open(content: string | Uint8Array, ending = "jsonl", format?: SourceFormat): Promise<Source> {
  const path = folder.write(`${files++}.${ending}`, content);
  return (await resolveSources([path], { cwd: folder.path, ...(format ? { format } : {}) }))[0]!;
}

/** Records as text, and rejects as code, line and record; frames are read without decoding. */
async function outline(source: Source, options: ReadOptions = {}) {
  const session = await openSource(source, options);
  const texts: string[] = [];
  const rejects: string[] = [];
  try {
    for (;;) {
      const read = await session.read(new Uint8Array(64), (bytes) => new Uint8Array(bytes), 1);
      if (read === null) return { texts, rejects };
      const { frame } = read;
      if (frame.length > 0) texts.push(Buffer.from(read.buffer).subarray(0, frame.length).toString().trim());
      for (const { code, place } of frame.rejects)
        rejects.push(`${code} line ${place.line} record ${place.record}`);
    }
  } finally {
    await session[Symbol.asyncDispose]();
  }
}

describe("lines", () => {
  test("a truncated last record is framed for the decoder to reject", async () => {
    expect((await outline(await open('{"a":1}\n{"a":'))).texts).toEqual(['{"a":1}', '{"a":']);
  });

  test("a missing last line break, empty lines, CRLF and a byte order mark change nothing", async () => {
    const source = await open('\ufeff\r\n{"a":1}\r\n\r\n \t\n{"a":2}');
    const frames = await readAll(source, { recordsMax: 1 });
    expect(frames.flatMap(({ records }) => records)).toEqual([{ a: 1 }, { a: 2 }]);
    expect(frames.map(({ frame }) => frame.place)).toEqual([
      { offset: 5, line: 2, record: 1 },
      { offset: 19, line: 5, record: 2 },
    ]);
  });

  test("empty files and files of blank lines hold nothing", async () => {
    for (const content of ["", "\n", " \n\r\n\n", "\ufeff"]) {
      for (const ending of ["jsonl", "json", "csv", "txt"]) {
        expect(await outline(await open(content, ending))).toEqual({ texts: [], rejects: [] });
      }
    }
  });

  test("one huge record is passed over with its place, and the import goes on", async () => {
    const source = await open(`{"a":1}\n\n{"b":"${"x".repeat(3_000_000)}"}\n{"c":3}\n`);
    const { texts, rejects } = await outline(source);
    expect(texts).toEqual(['{"a":1}', '{"c":3}']);
    expect(rejects).toEqual(["RECORD_TOO_LARGE line 3 record 2"]);
  });
});

describe("tables", () => {
  test("a header alone is a table without rows; columns get names of their own", async () => {
    expect((await outline(await open("a,b\n", "csv"))).texts).toEqual([]);
    const [frame] = await readAll(await open('a,,a, a ,"x""y"\n1,2,3,4,5\n', "csv"));
    expect(frame!.frame.header!.columns).toEqual(["a", "column_2", "a_2", "a_3", 'x"y']);
  });

  test("the delimiter is found outside quotes", async () => {
    const delimiterOf = async (content: string, ending = "csv") =>
      (await readAll(await open(content, ending)))[0]!.frame.header!.delimiter;
    expect(await delimiterOf('"a,b";c\n"d,e,f";g\n')).toBe(";");
    expect(await delimiterOf("a\tb\n1,5\t2\n")).toBe("\t");
    expect(await delimiterOf("a|b|c\n1|2|3\n", "txt")).toBe("|");
    expect(await delimiterOf("a,b\n1;2,3\n")).toBe(",");
    expect((await open("a\tb\n1\t2\n", "txt")).format).toBe("tsv");
  });

  test("a quote that is never closed costs its line alone", async () => {
    const { texts, rejects } = await outline(await open('a,b\n1,x\n2,"y\n3,z\n4,w\n', "csv"));
    expect(texts).toEqual(["1,x", "3,z", "4,w"]);
    expect(rejects).toEqual(["CSV_QUOTE line 3 record 2"]);
  });

  test("a quote that a later cell's quote seems to close costs its line alone", async () => {
    const { texts, rejects } = await outline(await open('a,b\n1,"x\n2,y\n3,"z"\n', "csv"));
    expect(texts).toEqual(["2,y", '3,"z"']);
    expect(rejects).toEqual(["CSV_QUOTE line 2 record 1"]);
  });

  test("a quoted cell beyond recordBytesMax costs the line on which it opens", async () => {
    const rows = Array.from({ length: 300 }, (_, index) => `${index},${"v".repeat(20)}`);
    const content = `a,b\n1,"x\n${rows.join("\n")}\n`;
    for (const bufferBytes of [64, 100_000]) {
      const frames = await readAll(await open(content, "csv"), { recordBytesMax: 2000, bufferBytes });
      expect(frames.flatMap(({ records }) => records).length).toBe(300);
      expect(frames.flatMap(({ frame }) => frame.rejects.map(({ code }) => code))).toEqual(["CSV_QUOTE"]);
    }
  });

  test("a header that does not end is refused", async () => {
    await expect(openSource(await open('a,"b\n1,2\n', "csv"))).rejects.toMatchObject({ code: "CSV_HEADER" });
  });
});

describe("arrays", () => {
  test("what follows the array is one reject", async () => {
    const { texts, rejects } = await outline(await open('[{"a":1}]\n garbage ] {"b":2}\n', "json"));
    expect(texts).toEqual(['{"a":1}']);
    expect(rejects).toEqual(["JSON_SYNTAX line 2 record 2"]);
  });

  test("an array that is not closed is one reject, after its elements", async () => {
    const { texts, rejects } = await outline(await open('[{"a":1},\n{"b":2},\n', "json"));
    expect(texts).toEqual(['{"a":1}', '{"b":2}']);
    expect(rejects).toEqual(["RECORD_TRUNCATED line 3 record 3"]);
  });

  test("an array cut within an element leaves half an element for the decoder", async () => {
    expect(await outline(await open('[{"a":1},{"b":', "json"))).toEqual({
      texts: ['{"a":1}', '{"b":'],
      rejects: [],
    });
  });
});

describe("formats", () => {
  test("are told by content, with the name as a hint", async () => {
    const formatOf = async (content: string, ending: string) => (await open(content, ending)).format;
    expect(await formatOf('{"a":1}\n{"a":2}\n', "json")).toBe("jsonl");
    expect(await formatOf('{\n "a": 1\n}\n', "data")).toBe("json");
    expect(await formatOf(" [1]", "txt")).toBe("json");
    expect(await formatOf('{"a":1', "jsonl")).toBe("jsonl");
    expect(await formatOf("name\nAda\n", "csv")).toBe("csv");
    expect(await formatOf("# of data\n\n<a:b> <a:c> 'd' .", "ttl")).toBe("turtle");
    expect(await formatOf('# of data\n\n<a:b> <a:c> "d", e" .\n', "txt")).toBe("nquads");
    expect(await formatOf("_:b <a:c> <a:d> .\n", "csv.part")).toBe("nquads");
    expect(await formatOf("<a:b> <a:c> <a:d> .\n", "nt")).toBe("ntriples");
    expect(await formatOf('\ufeff<?xml version="1.0"?>\r\n<posts>\r\n</posts>', "xml")).toBe("stackexchange");
    expect(await formatOf("<votes>\n", "txt")).toBe("stackexchange");
    expect(await formatOf("<posts> <p> <o> .\n", "ttl")).toBe("turtle");
    await expect(formatOf("<?xml?><feed>\n<row />\n", "xml")).rejects.toMatchObject({
      code: "FORMAT_UNKNOWN",
    });
    await expect(formatOf('<a href="x:y">\n<b>', "xml")).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
  });

  test("unknown content and other encodings are refused with the mend", async () => {
    await expect(open("just some words\nand more", "txt")).rejects.toThrow(/--format/);
    await expect(
      open(
        Uint8Array.from({ length: 400 }, (_, index) => index % 7),
        "bin",
      ),
    ).rejects.toMatchObject({ code: "FORMAT_UNKNOWN" });
    for (const encoding of [Buffer.from('\ufeff{"a":1}\n', "utf16le"), Buffer.from('{"a":1}\n', "utf16le")]) {
      await expect(open(encoding)).rejects.toThrow(/UTF-16LE.*iconv/s);
    }
    await expect(open(Buffer.from('{"a":1}\n', "utf16le").swap16())).rejects.toMatchObject({
      code: "UNSUPPORTED_ENCODING",
    });
  });
});

describe("gzip", () => {
  const lines = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, index) => `{"a":${from + index}}\n`).join("");

  test("several members are one input; zeros and garbage behind them are passed over", async () => {
    const members = Buffer.concat([gzipSync(lines(0, 10)), gzipSync(""), gzipSync(lines(10, 20))]);
    for (const tail of [Buffer.alloc(0), Buffer.alloc(700), Buffer.from("garbage")]) {
      const source = await open(Buffer.concat([members, tail]), "jsonl.gz");
      expect((await readAll(source)).flatMap(({ records }) => records).length).toBe(20);
    }
  });

  test("a member with name, comment, extra field and header checksum is read", async () => {
    const plain = gzipSync('{"a":1}\n');
    const header = Buffer.from([
      0x1f,
      0x8b,
      8,
      2 | 4 | 8 | 16,
      0,
      0,
      0,
      0,
      0,
      3,
      2,
      0,
      9,
      9,
      110,
      0,
      99,
      0,
      1,
      2,
    ]);
    const source = await open(Buffer.concat([header, plain.subarray(10)]), "gz");
    expect((await readAll(source)).length).toBe(1);
  });

  test("a cut or corrupt member gives what came before, then the condition", async () => {
    const first = gzipSync(lines(0, 5000));
    const second = gzipSync(lines(5000, 9000));
    const flipped = Buffer.from(second);
    flipped[second.length - 6]! ^= 1;
    for (const stored of [Buffer.concat([first, second.subarray(0, 40)]), Buffer.concat([first, flipped])]) {
      const source = await open(stored, "gz");
      const session = await openSource(source);
      let count = 0;
      const readOn = async () => {
        for (
          let read = await readFrame(session, source);
          read !== null;
          read = await readFrame(session, source)
        ) {
          count += read.records.length;
        }
      };
      const condition = { code: "SOURCE_DAMAGED", place: { source: source.name } };
      await expect(readOn()).rejects.toMatchObject(condition);
      await session[Symbol.asyncDispose]();
      expect(count).toBeGreaterThanOrEqual(5000);
    }
  });
});

describe("compression without commands of the system", () => {
  const text = Array.from({ length: 20_000 }, (_, index) => `{"a":${index}}\n`).join("");
  const readers = { bzip2: Bzip2Bytes, xz: XzBytes };

  async function drain(stream: ReturnType<typeof decompress>): Promise<string> {
    const parts: Buffer[] = [];
    try {
      for (let chunk = await stream.next(); chunk !== null; chunk = await stream.next())
        parts.push(Buffer.from(chunk));
    } finally {
      await stream.close();
      await stream.close();
    }
    return Buffer.concat(parts).toString();
  }

  for (const compression of ["bzip2", "xz", "zstd"] as const) {
    test.skipIf(missing(compression) !== null)(`${compression} is read, and its damage told`, async () => {
      const openBytes = async (stored: Uint8Array) => {
        const bytes = await FileBytes.open(folder.write(`${files++}.bin`, stored), 0, "x");
        return compression === "zstd" ? zstdFallback(bytes, "x") : new readers[compression](bytes, "x");
      };
      const stored = compress(Buffer.from(text), compression);
      expect(await drain(await openBytes(stored))).toBe(text);
      await expect(drain(await openBytes(stored.subarray(0, stored.length - 30)))).rejects.toMatchObject({
        code: "SOURCE_DAMAGED",
      });
    });
  }

  test.skipIf(missing("bzip2") !== null)("several bzip2 streams in one file are one input", async () => {
    const stored = compress(Buffer.from("one\n"), "bzip2");
    const bytes = await FileBytes.open(folder.write("two.bz2", Buffer.concat([stored, stored])), 0, "x");
    expect(await drain(new Bzip2Bytes(bytes, "x"))).toBe("one\none\n");
  });

  test("a transform of node:zlib is read, and its damage told", async () => {
    const stored = gzipSync(text);
    const openBytes = async (bytes: Uint8Array) =>
      new TransformBytes(
        await FileBytes.open(folder.write(`${files++}.gz`, bytes), 0, "x"),
        "x",
        createGunzip(),
      );
    expect(await drain(await openBytes(stored))).toBe(text);
    await expect(drain(await openBytes(stored.subarray(0, 900)))).rejects.toMatchObject({
      code: "SOURCE_DAMAGED",
    });
  });

  test.skipIf(missing("zstd") !== null || missing("xz") !== null)(
    "windows are told from headers, and large ones refused",
    async () => {
      const input = Buffer.from(text);
      expect(windowBytes(compress(input, "zstd"))).toBeGreaterThan(1024);
      expect(dictionaryBytes(compress(input, "xz"))).toBe(2 ** 18);
      const large = execFileSync("xz", ["-c", "--lzma2=dict=256MiB"], { input: '{"a":1}\n' });
      await expect(open(large, "xz")).rejects.toMatchObject({ code: "COMPRESSION_LIMIT" });
    },
  );
});

describe("names", () => {
  test("what is not there, is a folder that vanished or may not be read is told", async () => {
    const resolve = (name: string) => resolveSources([name], { cwd: folder.path });
    await expect(resolve("absent.jsonl")).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    await expect(resolve("absent/*.jsonl")).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    await expect(resolve("*.nothing")).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    const source = await open('{"a":1}\n');
    const { rmSync } = await import("node:fs");
    rmSync(source.name);
    await expect(openSource(source)).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
    await expect(source.fingerprint()).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  });

  test.skipIf(process.getuid?.() === 0)("a file without permission (root may read everything)", async () => {
    const path = folder.write("secret.jsonl", '{"a":1}\n');
    chmodSync(path, 0);
    await expect(resolveSources([path], { cwd: folder.path })).rejects.toMatchObject({
      code: "SOURCE_UNREADABLE",
    });
  });
});

describe("streams", () => {
  test("a stalled stream waits, hands out what it has after the delay, and can be aborted", async () => {
    const stdin = new PassThrough();
    stdin.write('{"a":1}\n{"a":2}\n{"a"');
    const [source] = await resolveSources(["-"], { cwd: folder.path, stdin });
    const controller = new AbortController();
    const session = await source!.open({
      cursor: null,
      recordBytesMax: 1000,
      signal: controller.signal,
      delayMsMax: 10,
    });
    const read = await session.read(new Uint8Array(500), () => new Uint8Array(0));
    expect(read?.frame.records).toBe(2);
    const waiting = session.read(new Uint8Array(500), () => new Uint8Array(0));
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await session[Symbol.asyncDispose]();
    expect(stdin.destroyed).toBe(true);
    await expect(openSource(source!)).rejects.toMatchObject({ code: "SOURCE_ONCE" });
  });

  test("a stream that was looked at and never opened can be let go", async () => {
    const stdin = new PassThrough();
    stdin.write('{"a":1}\n{"a":2}\n');
    const [source] = await resolveSources(["-"], { cwd: folder.path, stdin });
    await source!.close?.();
    expect(stdin.destroyed).toBe(true);
  });
});
