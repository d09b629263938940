import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, test } from "vitest";
import { storageConformance } from "../../conformance/snapshot-storage.js";
import { MiB } from "../../src/kernel/index.js";
import { S3Client } from "../../src/s3/client.js";
import { S3Storage } from "../../src/snapshots/index.js";
import { type Radosgw, radosgwMissing, startRadosgw } from "../support/radosgw.js";

const startMs = 240_000;

describe.skipIf(radosgwMissing !== null)(
  `a real server${radosgwMissing === null ? "" : `: ${radosgwMissing}`}`,
  () => {
    let server: Radosgw;

    beforeAll(async () => {
      server = await startRadosgw();
      using client = new S3Client("bucket", { ...server, env: {} });
      await client.ask({ method: "PUT", key: null }, AbortSignal.timeout(60_000));
    }, startMs);
    afterAll(() => server?.[Symbol.asyncDispose](), startMs);

    storageConformance({
      runner: { describe, test: (name, body) => test(name, body, 120_000) },
      name: "s3 by radosgw",
      // Parts but the last one have five MiB at least. The server tells the time in whole seconds, uploads' exactly.
      open: async (place) =>
        new S3Storage("bucket", `${place}/`, {
          ...server,
          env: {},
          partBytes: 5 * MiB,
          pageKeys: 10,
          leftUploadHours: -1,
        }),
      makePlace: async () => randomUUID(),
      largeBytes: 5 * MiB + 300_000,
      manyNames: 25,
      leaveWriting: async (place, name) => {
        using client = new S3Client("bucket", { ...server, env: {} });
        const key = `${place}/${name}`;
        await client.ask({ method: "POST", key, query: { uploads: "" } }, AbortSignal.timeout(60_000));
      },
    });
  },
);
