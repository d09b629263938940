import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type StorageSubject, storageConformance } from "../../conformance/snapshot-storage.js";
import { S3Storage } from "../../src/snapshots/index.js";
import { S3Server, s3Keys } from "../support/s3-server.js";

const timeoutMs = 60_000;
const runner = {
  describe,
  test: (name: string, body: () => Promise<void>) => test(name, body, timeoutMs),
};

let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server[Symbol.asyncDispose]());

const partBytes = 100_000;

function open(place: string): S3Storage {
  const { endpoint } = server;
  const options = { endpoint, credentials: s3Keys, env: {}, partBytes, pageKeys: 10, leftUploadHours: 0 };
  return new S3Storage("bucket", `${place}/`, options);
}

const subject: StorageSubject = {
  name: "s3",
  open: async (place) => open(place),
  makePlace: async () => `place-${randomUUID()}`,
  largeBytes: 1_250_000,
  manyNames: 45,
  leaveWriting: async (place, name) => {
    const parts = new Map([[1, Buffer.from("half")]]);
    server.bucket.uploads.set(randomUUID(), { key: `${place}/${name}`, metadata: {}, parts, startedMs: 0 });
  },
};

describe("a server that heeds conditions", () => {
  storageConformance({ ...subject, runner });
});

describe("a server that passes over conditions", () => {
  beforeAll(() => {
    server.conditions = "ignored";
  });
  afterAll(() => {
    server.conditions = "heeded";
  });
  storageConformance({ ...subject, runner });
});

test("a server that does not know conditions is found out", async () => {
  server.conditions = "unknown";
  await using storage = open("unknown");
  const chunk = async function* () {
    yield Buffer.from("a");
  };
  const { signal } = new AbortController();
  await expect(storage.write("name", chunk(), { signal, isNew: true })).rejects.toMatchObject({
    code: "STORAGE_UNCONDITIONAL",
  });
  expect(storage.capabilities.conditionalWrite).toBe(false);
  expect([...server.bucket.objects.keys()].filter((key) => key.startsWith("unknown/"))).toEqual([]);
  server.conditions = "heeded";
});
