import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { asApplication } from "../../support/application-lmdb.js";
import { type Folder, makeFolder, plimsoll, startPlimsoll } from "../../support/cli.js";
import { jsonl } from "../../support/imports.js";
import { S3Server, s3Keys } from "../../support/s3-server.js";

let folder: Folder;
beforeAll(() => {
  folder = makeFolder();
});
afterAll(() => folder.remove());

const run = (...args: string[]) => plimsoll(["snapshot", ...args], { cwd: folder.path });

async function expectDone(...args: string[]): Promise<string> {
  const { code, error, out } = await run(...args);
  expect([code, error]).toEqual([0, expect.any(String)]);
  return out;
}

function writeRecords(name: string, records: Record<string, string | null>): Promise<void> {
  return asApplication(folder.file(name), 2, (table) => {
    for (const [key, value] of Object.entries(records)) {
      if (value === null) table("records").removeSync(Buffer.from(key));
      else table("records").putSync(Buffer.from(key), Buffer.from(value));
    }
  });
}

async function recordsOf(name: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  await asApplication(folder.file(name), 2, (table) => {
    for (const { key, value } of table("records").getRange({})) found[String(key)] = String(value);
  });
  return found;
}

const snapshotsIn = (name: string) =>
  readdirSync(folder.file(name)).filter((file) => file.endsWith(".pb.gz"));

describe("an application's database", () => {
  test("is pushed, pulled and synced, with reports that add up", async () => {
    await writeRecords("a", { x: "1", y: "2" });
    await writeRecords("b", { z: "3" });
    await expectDone("push", "a", "file:snaps", "--instance", "a", "--database", "app", "--report", "r.json");
    const report = JSON.parse(folder.read("r.json"));
    expect(report).toMatchObject({
      state: "complete",
      command: "push",
      records: { total: 2, sent: 2 },
      snapshots: { sent: 1, merged: 0 },
      error: null,
    });
    expect(report.memory.peakRssBytes).toBeGreaterThan(0);
    expect(report.memory.lineBytes).toBeGreaterThan(report.memory.peakRssBytes);
    const [name] = snapshotsIn("snaps");
    expect(report.bytes.written).toBe(readFileSync(folder.file(`snaps/${name}`)).length);

    await expectDone("pull", "b", "file:snaps", "--instance", "b", "--database", "app", "--schema", "shadow");
    expect(await recordsOf("b")).toEqual({ x: "1", y: "2", z: "3" });
    expect(snapshotsIn("snaps")).toHaveLength(1);

    // What an application changes while nobody looks is newer than what was there.
    await writeRecords("b", { x: null, y: "4" });
    await expectDone("sync", "b", "file:snaps", "--instance", "b", "--database", "app", "--once");
    await expectDone("sync", "a", "file:snaps", "--instance", "a", "--database", "app", "--once");
    expect(await recordsOf("a")).toEqual({ y: "4", z: "3" });
  }, 120_000);

  test("is listed, fetched and shown", async () => {
    const lines = (await expectDone("list", "file:snaps", "--json")).trim().split("\n");
    const listed = lines.map((line) => JSON.parse(line));
    expect(new Set(listed.map(({ instance }) => instance))).toEqual(new Set(["a", "b"]));
    const name: string = listed.at(-1).name;
    expect(await expectDone("list", "file:snaps", "--instance", "b")).toContain(name);
    await expectDone("get", "file:snaps", name, "copy.pb.gz");
    expect(folder.read("copy.pb.gz")).toBe(folder.read(`snaps/${name}`));
    const shown = await expectDone("dump", "copy.pb.gz");
    expect(shown).toBe(await expectDone("dump", `file:${folder.file("snaps")}/${name}`));
    expect(shown).toContain('{"key":"y","value":"4",');
    const absent = await run("get", "file:snaps", "nothing__here__20200101-000000-000000000__GX.pb.gz");
    expect([absent.code, absent.error]).toEqual([1, expect.stringContaining("SNAPSHOT_ABSENT")]);
  }, 120_000);

  test("what is damaged is passed over, and told", async () => {
    const name = "app__c__20200101-000000-000000000__GX.pb.gz";
    const whole = readFileSync(folder.file("copy.pb.gz"));
    whole[whole.length - 6] = whole[whole.length - 6]! ^ 0xff;
    writeFileSync(folder.file(`snaps/${name}`), whole);
    const args = ["sync", "a", "file:snaps", "--instance", "a", "--database", "app", "--once"];
    const { code, error } = await run(...args);
    expect([code, error]).toEqual([0, expect.stringContaining(`Snapshot ${name} is damaged`)]);
    expect(await recordsOf("a")).toEqual({ y: "4", z: "3" });
  }, 120_000);

  test("a line that is too small is refused with one that would do", async () => {
    const args = ["push", "a", "file:snaps", "--instance", "a", "--database", "app", "--memory", "40MiB"];
    const { code, error } = await run(...args);
    expect([code, error]).toEqual([1, expect.stringContaining("LINE_TOO_SMALL")]);
    const minimum = /--memory (\d+MiB)/.exec(error)![1]!;
    await expectDone(...args.slice(0, -1), minimum);
  }, 120_000);
});

test("a store is pushed, and pulled into a copy that grows with it", async () => {
  const importItems = (from: number, count: number) => {
    const items = Array.from({ length: count }, (_, index) => ({
      id: from + index,
      name: `item ${from + index}`,
    }));
    folder.write("items.jsonl", jsonl(items));
    return plimsoll(["import", "items.jsonl", "--into", "store", "--entity", "Item", "--key", "id"], {
      cwd: folder.path,
    });
  };
  await importItems(0, 500);
  // Of the one store that is there neither name nor instance need be said.
  await expectDone("push", "store", "file:shops");
  await expectDone("pull", "copy", "file:shops");
  await importItems(500, 500);
  await expectDone("sync", "store", "file:shops", "--once");
  await expectDone("pull", "copy", "file:shops");
  const exported = async (store: string) => (await plimsoll(["export", store], { cwd: folder.path })).out;
  expect(await exported("copy")).toBe(await exported("store"));
  expect((await exported("copy")).trim().split("\n")).toHaveLength(1000);

  await expectDone("push", "store", "file:shops", "--instance", "second", "--database", "shop");
  await expectDone("push", "store", "file:shops", "--instance", "third", "--database", "shop");
  const several = async (...words: string[]) => (await run("pull", "other", "file:shops", ...words)).error;
  expect(await several()).toContain("copies of several stores: shop, store. Name one with --database");
  expect(await several("--database", "shop")).toContain("several instances: second, third");
  await expectDone("sync", "other", "file:shops", "--database", "shop", "--from", "third", "--once");
  expect(await exported("other")).toBe(await exported("store"));
}, 120_000);

test("syncs that are interrupted say so, and leave nothing behind", async () => {
  await writeRecords("f", { one: "1" });
  folder.write("things.jsonl", jsonl([{ id: 1 }]));
  await plimsoll(["import", "things.jsonl", "--into", "things", "--entity", "Thing", "--key", "id"], {
    cwd: folder.path,
  });
  const kinds = [
    { path: "f", told: "sent f__here__", interruption: "SIGINT" },
    { path: "things", told: "pushed things__here__", interruption: "SIGTERM" },
  ] as const;
  await Promise.all(
    kinds.map(async ({ path, told, interruption }) => {
      const args = ["snapshot", "sync", path, `file:${path}-snaps`, "--instance", "here"];
      const running = startPlimsoll([...args, "--report", `${path}.json`], { cwd: folder.path });
      await running.told(told);
      running.child.kill(interruption);
      const { code, error } = await running.ended;
      expect([code, error]).toEqual([130, expect.any(String)]);
      expect(JSON.parse(folder.read(`${path}.json`))).toMatchObject({ state: "interrupted" });
      expect(readdirSync(folder.file(`${path}-snaps/.plimsoll-writing`))).toEqual([]);
    }),
  );
}, 120_000);

test("S3 is a storage like a folder", async () => {
  await using server = await S3Server.start();
  const environment = {
    AWS_ACCESS_KEY_ID: s3Keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey,
    AWS_REGION: "us-east-1",
    PLIMSOLL_ENDPOINT: server.endpoint,
  };
  await writeRecords("d", { one: "1" });
  await writeRecords("e", { two: "2" });
  for (const instance of ["d", "e", "d"]) {
    const args = ["snapshot", "sync", instance, `s3://bucket/apps`, "--instance", instance];
    const { code, error } = await plimsoll([...args, "--database", "app", "--once"], {
      cwd: folder.path,
      environment,
    });
    expect([code, error]).toEqual([0, expect.any(String)]);
  }
  expect(await recordsOf("d")).toEqual({ one: "1", two: "2" });
  expect(await recordsOf("e")).toEqual(await recordsOf("d"));
}, 120_000);

test("wrong words are told with the right ones", async () => {
  for (const [args, expected] of [
    [[], "push, pull, list, get, dump or sync"],
    [["send"], "there is no snapshot send"],
    [["push", "a"], "URL is missing: plimsoll snapshot push STORE URL"],
    [["list", "file:snaps", "more"], "more is one word too many"],
  ] as const) {
    const { code, error } = await run(...args);
    expect([code, error]).toEqual([2, expect.stringContaining(expected)]);
  }
  const { code, error } = await run("list", "ftp://x");
  expect([code, error]).toEqual([1, expect.stringContaining("STORAGE_ADDRESS")]);
}, 120_000);
