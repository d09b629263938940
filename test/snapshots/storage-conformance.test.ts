import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { harmlessStorageWrapper, storageSaboteurs } from "../../conformance/saboteurs/storage-saboteurs.js";
import {
  type StorageSubject,
  storageClauses,
  storageConformance,
} from "../../conformance/snapshot-storage.js";
import { FileStorage, openStorage } from "../../src/snapshots/index.js";
import { makeFolder } from "../support/cli.js";

const folder = makeFolder();
afterAll(folder.remove);

const timeoutMs = 60_000;
const runner = {
  describe,
  test: (name: string, body: () => Promise<void>) => test(name, body, timeoutMs),
};

const memory: StorageSubject = {
  name: "memory",
  open: (place) => openStorage(place),
  makePlace: async () => `memory:${randomUUID()}`,
  largeBytes: 200_000,
  manyNames: 100,
};

const file: StorageSubject = {
  name: "file",
  open: async (place) => new FileStorage(place, { namesAtOnce: 8 }),
  makePlace: async () => mkdtempSync(folder.file("storage-")),
  largeBytes: 2_500_000,
  manyNames: 100,
  leaveWriting: async (place) => {
    // Process numbers end far below.
    const left = join(place, ".plimsoll-writing", `99999999~1~00~${hostname()}`);
    mkdirSync(join(place, ".plimsoll-writing"), { recursive: true });
    writeFileSync(left, "half");
    utimesSync(left, 1, 1);
  },
};

storageConformance({ ...memory, runner });
storageConformance({ ...file, runner });

describe("the suite catches", () => {
  test.each(storageSaboteurs)("a storage that $name", { timeout: timeoutMs }, async ({ clause, spoil }) => {
    const spoilt: StorageSubject = { ...file, open: async (place) => spoil(await file.open(place)) };
    const wanted = storageClauses.find(({ id }) => id === clause)!;
    await expect(wanted.check(spoilt)).rejects.toThrow();
  });

  test("nothing in a wrapper alone", { timeout: timeoutMs }, async () => {
    const wrapped: StorageSubject = {
      ...file,
      open: async (place) => harmlessStorageWrapper.spoil(await file.open(place)),
    };
    for (const clause of storageClauses) await clause.check(wrapped);
  });
});
