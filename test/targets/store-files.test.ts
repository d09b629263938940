import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { batchAt, openSession, sealedAt, withSession } from "../../conformance/target-world.js";
import { lmdbTarget, openStoreReader } from "../../src/targets/lmdb/index.js";
import { storeFiles, storeFormat } from "../../src/targets/lmdb/store-files.js";
import { makeFolder, projectFile } from "../support/cli.js";

/** Processes are started, which a busy machine does slowly. */
const timeoutMs = 30_000;

const folder = makeFolder();
afterAll(folder.remove);

let made = 0;

function newDir(files: Record<string, string | Uint8Array> = {}): string {
  const name = `store-${++made}`;
  mkdirSync(folder.file(name));
  for (const [file, content] of Object.entries(files)) folder.write(join(name, file), content);
  return folder.file(name);
}

const subject = { name: "lmdb", make: lmdbTarget, makeFolder: newDir, openReader: openStoreReader };
const marker = `${JSON.stringify({ plimsoll: "store", format: storeFormat })}\n`;

/**
 * What becomes of opening a folder for writing and for reading, each in a process of its own, since opening a
 * file that is not LMDB's may end the process: the code of the error, "opened", or the signal that ended it.
 */
async function opened(dir: string): Promise<{ writing: string; reading: string }> {
  const [writing, reading] = await Promise.all([
    inProcess(
      `const session = await built.lmdbTarget(dir).open({ mergeMapping: (stored) => stored ?? mapping,
      tempDir: null, transactionBytes: 65536, mappedBytes: 1048576, signal: new AbortController().signal });
      await session.checkpoint(); await session[Symbol.asyncDispose]();`,
      dir,
    ),
    inProcess(
      `const reader = await built.openStoreReader(dir); [...reader.recordBlocks(0)]; reader.close();`,
      dir,
    ),
  ]);
  return { writing, reading };
}

function inProcess(statements: string, dir: string): Promise<string> {
  const url = pathToFileURL(projectFile("dist/targets/lmdb/index.js")).href;
  const script = `
    const built = await import(${JSON.stringify(url)});
    const dir = ${JSON.stringify(dir)};
    const mapping = { version: 1, preset: null, entities: [] };
    try { ${statements} process.stdout.write("opened"); }
    catch (error) { process.stdout.write(String(error.code ?? error.stack)); }`;
  return new Promise((resolve) => {
    const args = ["--input-type=module", "-e", script];
    const child = execFile(process.execPath, args, { timeout: timeoutMs }, (_failure, out, err) => {
      resolve(child.signalCode ?? (out || err));
    });
  });
}

function snapshot(dir: string): [string, string][] {
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }): [string, string] => [name, readFileSync(join(dir, name)).toString("base64")])
    .sort();
}

/** Bytes without pattern, the same each time. */
function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = 20_111;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

/** An empty environment of LMDB 0.9: two meta pages of data format 1. */
function lmdb09(): Buffer {
  const pageBytes = 4096;
  const file = Buffer.alloc(2 * pageBytes);
  for (const page of [0, 1]) {
    const at = page * pageBytes;
    file.writeBigUInt64LE(BigInt(page), at);
    const metaFlag = 0x08;
    file.writeUInt16LE(metaFlag, at + 10);
    file.writeUInt32LE(0xbeefc0de, at + 16);
    file.writeUInt32LE(1, at + 20);
    file.writeBigUInt64LE(1n << 20n, at + 32);
    file.writeUInt32LE(pageBytes, at + 40);
    // The roots of both trees are absent.
    for (const root of [80, 128]) file.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, at + root);
    file.writeBigUInt64LE(1n, at + 136);
  }
  return file;
}

const foreign = { writing: "STORE_FOREIGN", reading: "STORE_FOREIGN" };
const format = { writing: "STORE_FORMAT", reading: "STORE_FORMAT" };

describe("a folder that is no store is refused and left as it is", () => {
  const cases: [name: string, files: Record<string, string | Uint8Array>, outcome: typeof foreign][] = [
    ["somebody's files", { "letter.txt": "Dear all" }, foreign],
    ["somebody's files beside names of ours", { "letter.txt": "Dear all", "writer.lock": "" }, foreign],
    ["a data.mdb without pattern", { "data.mdb": noise(16_384) }, foreign],
    ["an environment of LMDB 0.9", { "data.mdb": lmdb09(), "lock.mdb": noise(8192) }, foreign],
    [
      "a marker over a data.mdb without pattern",
      { "plimsoll.json": marker, "data.mdb": noise(16_384) },
      foreign,
    ],
    ["a marker over LMDB 0.9", { "plimsoll.json": marker, "data.mdb": lmdb09() }, foreign],
    ["a marker over a data.mdb of ten bytes", { "plimsoll.json": marker, "data.mdb": noise(10) }, foreign],
    ["a marker of another format", { "plimsoll.json": marker.replace(/\d+/, "2") }, format],
    ["a marker without a format", { "plimsoll.json": '{"plimsoll":"store"}' }, format],
    ["a marker that is cut off", { "plimsoll.json": marker.slice(0, 9) }, foreign],
    ["a marker that is empty", { "plimsoll.json": "" }, foreign],
    ["a marker that is null", { "plimsoll.json": "null" }, foreign],
    ["a marker that is a folder", { "plimsoll.json/inside": "" }, foreign],
  ];
  for (const [name, files, outcome] of cases) {
    test(
      name,
      async () => {
        const dir = newDir(files);
        const before = snapshot(dir);
        expect(await opened(dir)).toEqual(outcome);
        expect(snapshot(dir)).toEqual(before);
      },
      timeoutMs,
    );
  }

  test("a file where the folder should be", async () => {
    const path = folder.write("file", "not a folder");
    await expect(openSession(subject, path)).rejects.toMatchObject({ code: "STORE_FOREIGN" });
    await expect(openStoreReader(path)).rejects.toMatchObject({ code: "STORE_FOREIGN" });
  });

  test("nothing at all has no reader", async () => {
    await expect(openStoreReader(folder.file("nothing"))).rejects.toMatchObject({ code: "STORE_ABSENT" });
    await expect(openStoreReader(newDir())).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });
});

describe("a store that was half made is made anew", () => {
  test(
    "after a crash before the marker",
    async () => {
      const dir = newDir();
      const killed = await inProcess(
        `await built.lmdbTarget(dir).open({ tempDir: null, transactionBytes: 65536, mappedBytes: 1048576,
          signal: new AbortController().signal,
          mergeMapping: () => { process.kill(process.pid, "SIGKILL"); for (;;); } });`,
        dir,
      );
      expect(killed).toBe("SIGKILL");
      expect(readdirSync(dir)).toContain(storeFiles.data);
      expect(readdirSync(dir)).not.toContain(storeFiles.marker);
      await expect(openStoreReader(dir)).rejects.toMatchObject({ code: "STORE_ABSENT" });
      await expectUsable(dir);
    },
    timeoutMs,
  );

  test("with data that was cut off, and a marker on its way", async () => {
    const lock = JSON.stringify({ pid: 2 ** 22 + 1, startTicks: "1" });
    const dir = newDir({
      "data.mdb": noise(5000),
      "lock.mdb": "",
      "writer.lock": lock,
      "writer.lock.4194305": lock,
      "plimsoll.json.new": marker.slice(0, 5),
    });
    await expectUsable(dir);
  });

  test("after its maker failed before the marker", async () => {
    const dir = newDir();
    const mergeMapping = () => {
      throw new Error("no such mapping");
    };
    const failed = lmdbTarget(dir).open({
      mergeMapping,
      tempDir: null,
      transactionBytes: 65_536,
      mappedBytes: 1 << 20,
      signal: new AbortController().signal,
    });
    await expect(failed).rejects.toThrow("no such mapping");
    await expectUsable(dir);
  });
});

/** A store that takes records, seals, and is found again. */
async function expectUsable(dir: string): Promise<void> {
  await withSession(subject, dir, async (session) => {
    expect(await session.checkpoint()).toBeNull();
    expect(session.sealed).toBeNull();
    await session.append(batchAt(0));
    await session.publish(sealedAt(10), "import", "note");
  });
  await using reader = await openStoreReader(dir);
  expect([...reader.recordBlocks(0)].map(({ firstId }) => firstId)).toEqual([0]);
}

describe("a store whose data is gone", () => {
  for (const [name, bytes] of [
    ["cut off within its first pages", 5000],
    ["cut off behind them", 50_000],
    ["empty", 0],
  ] as const) {
    test(
      `${name}: no process crashes`,
      async () => {
        const dir = newDir();
        await withSession(subject, dir, async (session) => {
          await session.append(batchAt(0, 100_000));
          await session.publish(sealedAt(10), "import", "note");
        });
        truncateSync(join(dir, storeFiles.data), bytes);
        const { writing, reading } = await opened(dir);
        expect({ writing, reading }).toEqual(foreign);
      },
      timeoutMs,
    );
  }

  test(
    "a marker alone",
    async () => expect(await opened(newDir({ "plimsoll.json": marker }))).toEqual(foreign),
    timeoutMs,
  );
});
