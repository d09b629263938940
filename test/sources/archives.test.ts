import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { type ErrorCode, isPlimsollError, MiB } from "../../src/kernel/index.js";
import { openRun } from "../../src/sources/archives/packed-streams.js";
import { PackedFileBytes, RunReaders } from "../../src/sources/archives/run-reader.js";
import { listSevenZip } from "../../src/sources/archives/seven-zip.js";
import { hasCommand, resolveSources } from "../../src/sources/index.js";
import { plimsoll } from "../support/cli.js";
import { tables } from "./archives/tables.js";
import { testFolder } from "./subjects.js";

const archives = join(dirname(fileURLToPath(import.meta.url)), "archives");
const archive = (name: string) => join(archives, `${name}.7z`);
const folder = testFolder();
afterAll(folder.remove);
const hasXz = hasCommand("xz");

async function bytesOf(readers: RunReaders, file: Awaited<ReturnType<typeof listSevenZip>>[number]) {
  const bytes = new PackedFileBytes(readers, file, file.name);
  const chunks: Buffer[] = [];
  try {
    for (let chunk = await bytes.next(); chunk !== null; chunk = await bytes.next())
      chunks.push(Buffer.from(chunk));
  } finally {
    await bytes.close();
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function failure(work: () => Promise<unknown>): Promise<ErrorCode | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (!isPlimsollError(error)) throw error;
    return error.code;
  }
}

/** Every file of an archive, by its name. */
async function unpacked(path: string): Promise<Map<string, string>> {
  const readers = new RunReaders(path);
  const files = new Map<string, string>();
  try {
    for (const file of await listSevenZip(path, path)) files.set(file.name, await bytesOf(readers, file));
    return files;
  } finally {
    await readers.close();
  }
}

describe("7z archives", () => {
  test.each(["lzma2", "bzip2", "apart", ...(hasXz ? ["lzma"] : [])])(
    "of %s come out as they went in",
    async (name) => {
      expect(await unpacked(archive(name))).toEqual(new Map([...tables, ["readme.txt", "no table\n"]]));
    },
  );

  test("give their files in any order, whole or in part", async () => {
    const readers = new RunReaders(archive("lzma2"));
    const files = await listSevenZip(archive("lzma2"), "x");
    for (const index of [3, 0, 1, 1, 2, 0, 3, 2]) {
      const half = new PackedFileBytes(readers, files[(index + 1) % 4]!, "x");
      await half.next();
      const whole = bytesOf(readers, files[index]!);
      await half.close();
      expect(await whole).toBe(tables.get(files[index]!.name));
    }
    await readers.close();
  });

  test("are sources for each of their tables, and so is one file of them", async () => {
    const notes: string[] = [];
    const onNote = (note: string) => notes.push(note);
    const sources = await resolveSources(["lzma2.7z"], { cwd: archives, onNote });
    expect(sources.map(({ name, entityTold, format }) => [name, entityTold, format])).toEqual([
      ["lzma2.7z/Badges.xml", "Badge", "stackexchange"],
      ["lzma2.7z/Posts.xml", "Post", "stackexchange"],
      ["lzma2.7z/Tags.xml", "Tag", "stackexchange"],
      ["lzma2.7z/Users.xml", "User", "stackexchange"],
    ]);
    expect(notes).toEqual([
      "lzma2.7z/readme.txt is passed over: it is called like no table of a Stack Exchange dump.",
    ]);
    const stored = await Promise.all(sources.map((source) => source.fingerprint()));
    const packedBytes = stored.reduce((sum, { sizeBytes }) => sum + sizeBytes!, 0);
    expect(Math.abs(packedBytes - readFileSync(archive("lzma2")).length)).toBeLessThan(400);
    const [one, ...none] = await resolveSources(["lzma2.7z/Posts.xml"], { cwd: archives });
    expect([one?.name, none.length]).toEqual(["lzma2.7z/Posts.xml", 0]);
  });

  test("that cannot be read are refused with what to do", async () => {
    const resolved = (name: string) => () => resolveSources([name], { cwd: archives });
    expect(await failure(resolved("ppmd.7z"))).toBe("ARCHIVE_UNSUPPORTED");
    expect(await failure(resolved("encrypted.7z"))).toBe("ARCHIVE_UNSUPPORTED");
    expect(await failure(resolved("other.7z"))).toBe("FORMAT_UNKNOWN");
    expect(await failure(resolved("copy.7z/Users.xml"))).toBe("SOURCE_NOT_FOUND");
    expect(await failure(() => resolveSources(["copy.7z"], { cwd: archives, format: "csv" }))).toBe(
      "ARCHIVE_UNSUPPORTED",
    );
    const stdin = Readable.from([readFileSync(archive("copy"))]);
    expect(await failure(() => resolveSources(["-"], { cwd: archives, stdin }))).toBe("ARCHIVE_UNSUPPORTED");
    const wide = {
      methods: ["21"],
      properties: Uint8Array.of(30),
      offset: 32,
      packedBytes: 9,
      bytes: 2 ** 40,
      crc: 0,
    };
    expect(await failure(() => openRun(archive("copy"), "wide", wide))).toBe("COMPRESSION_LIMIT");
    const narrow = { ...wide, bytes: 64 * MiB };
    expect(await failure(async () => (await openRun(archive("copy"), "narrow", narrow)).close())).toBe(null);
  });

  test("with a damaged byte, or cut off, are found out or read as they were", async () => {
    const good = readFileSync(archive("copy"));
    const expected = await unpacked(archive("copy"));
    const codes: Record<string, number> = {};
    const tryOut = async (bytes: Uint8Array) => {
      const path = folder.write("damaged.7z", bytes);
      let found: unknown = null;
      const code = await failure(async () => {
        found = await unpacked(path);
      });
      if (code === null) expect(found).toEqual(expected);
      codes[code ?? "read"] = (codes[code ?? "read"] ?? 0) + 1;
    };
    for (let at = 6; at < good.length; at += at < 32 || at > good.length - 200 ? 1 : 97) {
      const bytes = Buffer.from(good);
      bytes[at]! ^= 1 << (at % 8);
      await tryOut(bytes);
      await tryOut(good.subarray(0, at));
    }
    expect(Object.keys(codes).sort()).toEqual(["SOURCE_DAMAGED", "read"]);
    expect(codes.read).toBeLessThan(4);
  });

  test("whose header says anything at all are found out", async () => {
    const good = readFileSync(archive("copy"));
    const headerAt = 32 + Number(good.readBigUInt64LE(12));
    const known = ["SOURCE_DAMAGED", "ARCHIVE_UNSUPPORTED", "COMPRESSION_LIMIT", null];
    for (let at = headerAt; at < good.length; at++) {
      for (const value of [0, 1, 6, 23, 0xff]) {
        const bytes = Buffer.from(good);
        bytes[at] = value;
        bytes.writeUInt32LE(crc32(bytes.subarray(headerAt)), 28);
        bytes.writeUInt32LE(crc32(bytes.subarray(12, 32)), 8);
        const path = folder.write("crafted.7z", bytes);
        expect(known).toContain(await failure(() => unpacked(path)));
      }
    }
  });

  test("are read without any command, but for those of LZMA", { timeout: 60_000 }, async () => {
    const environment = { PATH: "" };
    const load = (name: string) =>
      plimsoll(["import", archive(name), "--into", join(folder.path, name)], { environment });
    const [lzma2, lzma] = await Promise.all([load("lzma2"), load("lzma")]);
    expect(lzma2.error).toContain("3,543 stored = 3,543 read");
    expect([lzma.code, lzma.error]).toEqual([1, expect.stringContaining("ARCHIVE_UNSUPPORTED")]);
  });
});
