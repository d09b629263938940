import { execFileSync } from "node:child_process";
import { chmodSync, closeSync, openSync, readSync, rmSync, statSync, writeSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { importInto, makeFolder, plimsoll, projectFile, readRejects, startPlimsoll } from "../support/cli.js";
import { jsonl } from "../support/imports.js";
import { seeded } from "../support/people.js";

const folder = makeFolder();
afterAll(folder.remove);

const options = ["--entity", "E", "--key", "id", "--range", "n"];
const records = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, at) => ({ id: from + at, n: at }));

async function exported(store: string): Promise<number[]> {
  const { code, out, error } = await plimsoll(["export", folder.file(store)]);
  expect(code, error).toBe(0);
  return out
    .split("\n")
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { id: number }).id);
}

const ids = (from: number, to: number) => records(from, to).map(({ id }) => id);

describe("a source that breaks off", () => {
  const draw = seeded(9);
  const noisy = records(0, 20_000).map((record) => ({ ...record, noise: draw() * 1e9 }));
  const whole = gzipSync(jsonl(noisy));

  test.each([
    ["truncated", (bytes: Buffer) => bytes.subarray(0, bytes.length * 0.6)],
    [
      "corrupt",
      (bytes: Buffer) => {
        const hurt = Buffer.from(bytes);
        hurt.fill(0xff, Math.floor(bytes.length * 0.6), Math.floor(bytes.length * 0.6) + 64);
        return hurt;
      },
    ],
  ] as [string, (bytes: Buffer) => Buffer][])(
    "a %s gzip file: what was before is loaded, the rest is named",
    async (name, damage) => {
      const source = `${name}.jsonl.gz`;
      folder.write(source, damage(whole));
      const words = [source, ...options, "--into", name];
      const ended = await importInto(folder, words);
      expect(ended.code, ended.error).toBe(1);
      expect(ended.error).toContain(`${source} is damaged at byte `);
      expect(ended.report).toMatchObject({ state: "failed", error: { code: "SOURCE_DAMAGED" } });
      // Corrupt bytes may decompress to a few wrong records before the decompressor finds out.
      const { read, stored } = ended.report!.records;
      expect(stored).toBeGreaterThan(8000);
      expect((await exported(name)).slice(0, 8000)).toEqual(ids(0, 8000));
      const last = readRejects(folder.file(`${name}.rejects.jsonl`)).at(-1);
      expect(last).toMatchObject({ code: "SOURCE_DAMAGED", source, record: read });
      folder.write(source, whole);
      const mended = await importInto(folder, words);
      expect(mended.code, mended.error).toBe(0);
      expect(mended.report!.records).toMatchObject({
        duplicates: stored,
        stored: 20_000 - stored,
        rejected: 0,
      });
      expect(await exported(name)).toEqual(ids(0, 20_000));
    },
  );

  test("a folder that is gone, and a file in it that goes while others are read", async () => {
    folder.write("many/a.jsonl", jsonl(records(0, 10)));
    folder.write("many/b.jsonl", jsonl(records(10, 20)));
    const words = ["many", ...options, "--into", "many-store"];
    rmSync(folder.file("many"), { recursive: true });
    const gone = await importInto(folder, words);
    expect({ code: gone.code, error: gone.error }).toMatchObject({
      code: 1,
      error: expect.stringMatching(/SOURCE_NOT_FOUND: .*many/),
    });
    folder.write("many/a.jsonl", jsonl(records(0, 10)));
    folder.write("many/b.jsonl", jsonl(records(10, 20)));
    expect((await importInto(folder, words)).code).toBe(0);
    expect(await exported("many-store")).toEqual(ids(0, 20));
  });

  test("an unreadable file is told, and goes on when it may be read", async () => {
    folder.write("open.jsonl", jsonl(records(0, 10)));
    const secret = folder.write("secret.jsonl", jsonl(records(10, 20)));
    chmodSync(secret, 0o000);
    chmodSync(folder.path, 0o777);
    const words = ["open.jsonl", "secret.jsonl", ...options, "--into", "secrets"];
    const program = [projectFile("test/support/as-nobody.js"), projectFile("bin/plimsoll.js")];
    const ended = await startPlimsoll(["import", ...words], { cwd: folder.path, program }).ended;
    expect(ended.code, ended.error).toBe(1);
    expect(ended.error).toMatch(
      /plimsoll: SOURCE_UNREADABLE: Cannot read secret\.jsonl \(permission denied\)/,
    );
    chmodSync(secret, 0o644);
    const mended = await startPlimsoll(["import", ...words], { cwd: folder.path, program }).ended;
    expect(mended.code, mended.error).toBe(0);
    expect(await exported("secrets")).toEqual(ids(0, 20));
  });
});

describe("records of unusual size", () => {
  test.each([
    ["arrays", "[", "]"],
    ["objects", '{"a":', "}"],
  ])(
    "%s 100,000 deep come back as they are; deeper than the bound is a reject",
    async (name, open, close) => {
      const nested = (depth: number) => `{"id":1,"a":${open.repeat(depth)}1${close.repeat(depth)}}`;
      const [deep, tooDeep] = [nested(100_000), nested(1_100_000)];
      folder.write(`${name}.jsonl`, `{"id":0,"n":0}\n${tooDeep}\n${deep}\n{"id":2,"n":2}\n`);
      const ended = await importInto(folder, [`${name}.jsonl`, ...options, "--into", name]);
      expect(ended.code, ended.error).toBe(0);
      const { out } = await plimsoll(["export", folder.file(name)]);
      expect(out === `{"id":0,"n":0}\n${deep}\n{"id":2,"n":2}\n`).toBe(true);
      expect((await plimsoll(["verify", folder.file(name)])).error).toBe("");
      const [reject] = readRejects(folder.file(`${name}.rejects.jsonl`));
      expect(reject).toMatchObject({
        code: "TOO_DEEP",
        line: 2,
        offset: 15,
        record: 2,
        bytesTotal: tooDeep.length,
      });
    },
  );

  test("a record of 300 MB is set aside where it does not fit, and comes back byte for byte where it does", async () => {
    const source = folder.file("large.jsonl");
    const largeBytes = 300e6;
    writeLarge(source, largeBytes);
    const words = ["large.jsonl", ...options, "--threads", "1"];
    const small = await importInto(folder, [...words, "--memory", "256MiB", "--into", "small"]);
    expect(small.code, small.error).toBe(0);
    expect(small.report!.memory.peakRssBytes).toBeLessThan(256 * 2 ** 20);
    expect(await exported("small")).toEqual([0, 2]);
    const [reject] = readRejects(folder.file("small.rejects.jsonl"));
    expect(reject).toMatchObject({
      code: "RECORD_TOO_LARGE",
      source: "large.jsonl",
      line: 2,
      offset: 15,
      record: 2,
    });
    const large = await importInto(folder, [...words, "--memory", "4GiB", "--into", "large"]);
    expect(large.code, large.error).toBe(0);
    expect(large.report!.records).toMatchObject({ read: 3, stored: 3 });
    rmSync(folder.file("small"), { recursive: true });
    const shell = `"${process.execPath}" "${projectFile("bin/plimsoll.js")}" export large | cmp - large.jsonl`;
    execFileSync("sh", ["-c", shell], { cwd: folder.path });
    rmSync(source);
    rmSync(folder.file("large"), { recursive: true });
  }, 120_000);
});

test("a line too small is refused at once with the smallest one, and that one does", async () => {
  folder.write("rows.jsonl", jsonl(records(0, 5000)));
  const words = ["rows.jsonl", ...options, "--into", "smallest", "--threads", "0"];
  const refused = await importInto(folder, [...words, "--memory", "16MiB"]);
  expect(refused.code, refused.error).toBe(1);
  const smallest = /LINE_TOO_SMALL: .*Give at least --memory (\d+MiB)/.exec(refused.error)?.[1];
  expect(smallest, refused.error).toBeDefined();
  const done = await importInto(folder, [...words, "--memory", smallest!]);
  expect(done.code, done.error).toBe(0);
  expect(done.report!.memory.peakRssBytes).toBeLessThan(Number.parseInt(smallest!, 10) * 2 ** 20);
  expect(await exported("smallest")).toEqual(ids(0, 5000));
});

/** Three records, the second of `bytes` bytes of text that does not repeat itself soon. */
function writeLarge(path: string, bytes: number): void {
  const noise = openSync("/dev/urandom", "r");
  const random = Buffer.alloc(3_000_000);
  readSync(noise, random, 0, random.length, null);
  closeSync(noise);
  const piece = random.toString("base64");
  const file = openSync(path, "w");
  writeSync(file, '{"id":0,"n":0}\n{"id":1,"text":"');
  for (let left = bytes - 18; left > 0; left -= piece.length)
    writeSync(file, piece.slice(0, Math.min(left, piece.length)));
  writeSync(file, '"}\n{"id":2,"n":2}\n');
  closeSync(file);
  expect(statSync(path).size).toBeGreaterThan(bytes);
}
