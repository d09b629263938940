import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  MiB,
  replicaObjectHeldBytes,
  replicaPartHeldBytes,
  replicaValueCopies,
} from "../../../src/kernel/index.js";
import { pullStore, pushStore } from "../../../src/preparation/index.js";
import { MemoryStorage } from "../../../src/snapshots/index.js";
import { PartRoom } from "../../../src/snapshots/replica/part-room.js";
import { lmdbStoreParts } from "../../../src/targets/lmdb/index.js";
import { makeFolder, plimsoll } from "../../support/cli.js";
import { S3Server, s3Keys } from "../../support/s3-server.js";
import { type Doc, importDocs, owner, push } from "./replica-rig.js";

const folder = makeFolder();
let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
  // What it keeps is compressed already: it does not get smaller.
  const noise = () => Array.from({ length: 60 }, () => Math.random().toString(36).slice(2)).join(" ");
  const docs = Array.from({ length: 24_000 }, (_, id): Doc => ({ id, rev: 1, tag: "red", text: noise() }));
  await importDocs(folder, "origin", { docs });
}, 120_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  folder.remove();
});

const environment = () => ({
  AWS_ACCESS_KEY_ID: s3Keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3Keys.secretAccessKey,
  AWS_REGION: "us-east-1",
  AWS_ENDPOINT_URL_S3: server.endpoint,
});

async function run(line: string, ...args: string[]) {
  const words = ["snapshot", ...args, "--memory", line, "--report", "report.json", "--progress", "none"];
  const { code, error } = await plimsoll(words, { cwd: folder.path, environment: environment() });
  return { code, error, report: JSON.parse(folder.read("report.json")) };
}

test.each([
  ["push", "origin", "s3://bucket/line"],
  ["pull", "copy", "s3://bucket/line"],
])(
  "%s refuses a line without room, and the least that does is not crossed",
  async (...words) => {
    const refused = await run("64MiB", ...words);
    expect([refused.code, refused.report.error.code]).toEqual([1, "LINE_TOO_SMALL"]);
    const least = /Give at least --memory (\d+MiB)/.exec(refused.error)![1]!;
    expect(Number.parseInt(least, 10)).toBeLessThan(144);
    const { code, error, report } = await run(least, ...words);
    expect(code, error).toBe(0);
    // More is moved than the line has room for beside the process.
    expect(report.bytes.read + report.bytes.written).toBeGreaterThan(12 * MiB);
    expect(report.memory.peakRssBytes).toBeLessThanOrEqual(report.memory.lineBytes);
  },
  120_000,
);

test("what grows with the parts of a store is refused with the line that has room for it", async () => {
  const path = folder.file("origin");
  const storage = new MemoryStorage("parts");
  const sizes = { partBytesMax: 256 * 1024 };
  const { parts } = await push(path, { storage, ...sizes });
  expect(parts).toBeGreaterThan(30);
  const usedBytes = 100 * MiB;
  const leastOf = async (attempt: Promise<unknown>) => {
    const { code, details } = await attempt.then(
      () => Promise.reject(new Error("it was taken")),
      (error) => error,
    );
    expect(code).toBe("LINE_TOO_SMALL");
    return Number.parseInt(details.minimum, 10) * MiB;
  };
  const pulled = (lineBytes: number) =>
    pullStore(storage, folder.file("parts"), { name: owner.name, line: { lineBytes, usedBytes } });
  const least = await leastOf(pulled(usedBytes + parts * replicaPartHeldBytes - 1));
  expect(least).toBeGreaterThanOrEqual(usedBytes + parts * replicaPartHeldBytes);
  expect(least).toBeLessThan(usedBytes + (parts + 10) * replicaPartHeldBytes + MiB);
  expect((await pulled(least)).parts).toBe(parts);

  const pushed = (lineBytes: number) =>
    pushStore(path, storage, { ...owner, ...sizes, line: { lineBytes, usedBytes } });
  // By the size of the store, then by what the storage has of it.
  const bound = Math.ceil((3 * statSync(join(path, "data.mdb")).size) / sizes.partBytesMax);
  const line = await leastOf(pushed(usedBytes));
  expect(line).toBeGreaterThanOrEqual(usedBytes + bound * replicaPartHeldBytes);
  const known = bound * replicaPartHeldBytes + parts * (replicaPartHeldBytes + replicaObjectHeldBytes);
  await leastOf(pushed(usedBytes + known - 1));
  expect(await pushed(usedBytes + known + 20 * replicaPartHeldBytes)).toMatchObject({ isNew: false, parts });
}, 120_000);

test("a value larger than a slab has room of its own for as long as it is there", async () => {
  const blob = randomBytes(2 * MiB).toString("base64");
  await importDocs(folder, "large", { docs: [{ id: 1, rev: 1, tag: "red", text: "wide", blob } as Doc] });
  const { signal } = new AbortController();
  const usedBytes = MiB;
  const storage = new MemoryStorage("large");
  const bytesOf = async (lineBytes: number) => {
    await using source = lmdbStoreParts(folder.file("large"));
    const { sealed } = (await source.state())!;
    const room = new PartRoom({ lineBytes, usedBytes });
    let bytes = 0;
    const scope = { kind: "ids", firstId: 0, endId: sealed.nextId } as const;
    for await (const entries of source.entries(scope, { signal, room }))
      for (const { value } of entries) bytes = Math.max(bytes, value.length);
    // All of it is given back.
    room.hold(lineBytes - usedBytes);
    return bytes;
  };
  const bytes = await bytesOf(100 * MiB);
  if (bytes <= MiB) throw new Error(`the largest value has ${bytes} bytes`);
  await expect(bytesOf(usedBytes + bytes * replicaValueCopies - 1)).rejects.toMatchObject({
    code: "LINE_TOO_SMALL",
  });
  await push(folder.file("large"), { storage });
  const line = { lineBytes: usedBytes + bytes * replicaValueCopies - 1, usedBytes };
  const pulled = pullStore(storage, folder.file("narrow"), { name: owner.name, line });
  await expect(pulled).rejects.toMatchObject({ code: "LINE_TOO_SMALL" });
}, 60_000);
