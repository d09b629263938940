import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { assertCode, get, listed, look, noise, put, still } from "../../conformance/storage-world.js";
import { FileStorage, openStorage } from "../../src/snapshots/index.js";
import { makeFolder, projectFile } from "../support/cli.js";
import { SmallDisk } from "../support/small-disk.js";

const folder = makeFolder();
afterAll(folder.remove);

const timeoutMs = 60_000;
const newPlace = () => mkdtempSync(folder.file("storage-"));
const writing = ".plimsoll-writing";

test("a writer that is killed leaves nothing that is seen, and the next write takes it away", {
  timeout: timeoutMs,
}, async () => {
  const place = newPlace();
  const child = spawn(
    process.execPath,
    [projectFile("test/snapshots/file-writer-child.js"), place, "parts/object", "2000000"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  await using storage = new FileStorage(place);
  expect(await storage.removeLeftovers({ signal: still() })).toBe(0);
  expect(readdirSync(join(place, writing))).toHaveLength(1);
  child.kill("SIGKILL");
  await once(child, "exit");
  expect(await listed(storage)).toEqual([]);
  expect(await look(storage, "parts/object")).toBe(null);
  await put(storage, "other", noise(1, 10));
  expect(readdirSync(join(place, writing))).toEqual([]);
});

test("links, devices and what others keep in the folder are no objects", async () => {
  const place = newPlace();
  writeFileSync(folder.file("outside"), "secret");
  symlinkSync(folder.file("outside"), join(place, "link"));
  mkdirSync(join(place, "folder"));
  for (const name of ["a b", "ü", ".hidden", "main__a.pb.gz.123.tmp"]) writeFileSync(join(place, name), "x");
  writeFileSync(join(place, "object"), "x");
  await using storage = new FileStorage(place);
  expect(await listed(storage)).toEqual([["object", 1]]);
  for (const name of ["link", "folder", "object/x"])
    await assertCode(() => get(storage, name), "SNAPSHOT_ABSENT");
});

test("a folder that is not there is told, until a write or the wish to have it makes it", async () => {
  const place = join(newPlace(), "not", "there");
  await using storage = await openStorage(`file:${place}`);
  await assertCode(() => listed(storage), "STORAGE_ABSENT");
  await assertCode(() => get(storage, "object"), "STORAGE_ABSENT");
  await storage.remove("object", { signal: still() });
  await put(storage, "object", noise(1, 10));
  expect(await listed(storage)).toEqual([["object", 10]]);
  await using made = await openStorage(`file:${place}-2`, { file: { isMade: true } });
  expect(await listed(made)).toEqual([]);
  writeFileSync(`${place}-3`, "a file");
  await using file = await openStorage(`file:${place}-3`);
  await assertCode(() => listed(file), "STORAGE_UNREADABLE");
  await assertCode(() => put(file, "object", noise(1, 1)), "STORE_UNWRITABLE");
});

test("a folder of many names is listed in order with few of them at hand", {
  timeout: timeoutMs,
}, async () => {
  const place = newPlace();
  const names = Array.from(
    { length: 3000 },
    (_, index) => `n${((index * 7919) % 3000).toString().padStart(5, "0")}`,
  );
  for (const name of names) writeFileSync(join(place, name), "");
  await using storage = new FileStorage(place, { namesAtOnce: 100 });
  expect((await listed(storage)).map(([name]) => name)).toEqual(names.toSorted());
});

test("addresses are told apart, and one that is none is refused without what is secret in it", async () => {
  for (const address of [
    "file:",
    "file://host/x",
    "ftp:x",
    "x",
    "s3://",
    "s3:/bucket",
    "s3://KEY:SECRET@bucket/x",
  ]) {
    const error = await openStorage(address).catch((thrown) => thrown);
    expect(error.code).toBe("STORAGE_ADDRESS");
    expect(error.message).not.toContain("SECRET");
  }
  const settings = { s3: { env: {} } };
  const nameOf = async (address: string) => (await openStorage(address, settings)).name;
  expect(await nameOf("s3://bucket")).toBe("s3://bucket/");
  expect(await nameOf("s3://bucket/a/b/")).toBe("s3://bucket/a/b/");
  expect(await nameOf("file:///tmp/a%20b")).toBe("file:/tmp/a b");
});

const disk = new SmallDisk(folder.file("disk"));
const diskMissing = disk.missing();

test.skipIf(diskMissing !== null)(
  "a full disk is told, and leaves what was there",
  { timeout: timeoutMs },
  async () => {
    disk.mount("1m");
    try {
      await using storage = new FileStorage(folder.file("disk"));
      await put(storage, "object", noise(1, 300_000));
      await assertCode(() => put(storage, "object", noise(2, 2_000_000)), "STORE_FULL");
      expect((await get(storage, "object")).equals(noise(1, 300_000))).toBe(true);
      expect(await listed(storage)).toEqual([["object", 300_000]]);
      expect(readdirSync(folder.file("disk/.plimsoll-writing"))).toEqual([]);
    } finally {
      disk.unmount();
    }
  },
);
