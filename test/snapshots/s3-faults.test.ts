import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { chunksOf, get, noise, put, still } from "../../conformance/storage-world.js";
import { type Clock, isPlimsollError, systemClock } from "../../src/kernel/index.js";
import { S3Storage, type S3StorageOptions } from "../../src/snapshots/index.js";
import { type S3Fault, S3Server, s3Keys } from "../support/s3-server.js";

const timeoutMs = 120_000;
const partBytes = 50_000;

let server: S3Server;
beforeAll(async () => {
  server = await S3Server.start();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => {
  server.fault = () => null;
  server.aheadMs = 0;
  server.bucket.objects.clear();
  server.bucket.uploads.clear();
  server.log.length = 0;
});

/** Waits that are only written down. */
function hasty(waits: number[] = []): Clock {
  const sleep = async (ms: number) => {
    waits.push(ms);
  };
  return { nowMs: systemClock.nowMs, wallMs: systemClock.wallMs, sleep };
}

function open(options: S3StorageOptions = {}): S3Storage {
  return new S3Storage("bucket", "p/", {
    endpoint: server.endpoint,
    credentials: s3Keys,
    env: {},
    partBytes,
    pageKeys: 4,
    clock: hasty(),
    // A busy machine is no silent server: who waits for one says for how long.
    times: { idleMs: 10_000 },
    ...options,
  });
}

/** What goes wrong first, then nothing any more. */
function faults(...list: (S3Fault | null)[]): void {
  server.fault = () => list.shift() ?? null;
}

const reset: S3Fault = { kind: "reset" };
const lostAck: S3Fault = { kind: "lostAck" };
const slowDown: S3Fault = { kind: "refused", status: 503, code: "SlowDown" };

async function code(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => "no error",
    (thrown: unknown) => thrown,
  );
  return isPlimsollError(error) ? error.code : String(error);
}

const anyFault: fc.Arbitrary<S3Fault | null> = fc.oneof(
  { weight: 6, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.constantFrom(reset, lostAck, slowDown, { kind: "doneButRefused" } as const) },
  { weight: 1, arbitrary: fc.constant<S3Fault>({ kind: "refused", status: 500, code: "InternalError" }) },
  { weight: 1, arbitrary: fc.constant<S3Fault>({ kind: "resetEarly" }) },
  {
    weight: 2,
    arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map((part) => ({ kind: "cut", part }) as const),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<S3Fault>({ kind: "reordered" }, { kind: "slow", ms: 1 }),
  },
);

test(
  "any schedule of faults ends in the right state or in a coded error, and never in a half object",
  async () => {
    const schedule = fc.array(anyFault, { maxLength: 40 });
    const sizes = fc.constantFrom(0, 10, partBytes, partBytes * 2 + 7);
    const property = fc.asyncProperty(
      schedule,
      sizes,
      fc.boolean(),
      fc.boolean(),
      async (list, bytes, isNew, isTaken) => {
        server.bucket.objects.clear();
        server.bucket.uploads.clear();
        server.fault = () => null;
        await using storage = open({ attemptsMax: 4 });
        const former = noise(1, 500);
        const content = noise(2, bytes);
        if (isTaken) await put(storage, "object", former);
        for (const name of ["a", "b", "c", "d", "e"]) await put(storage, name, noise(1, 3));
        faults(...list);
        const written = await code(put(storage, "object", content, { isNew }));
        const readUnderFaults = await get(storage, "object").catch((error) => error);
        const listedUnderFaults = await names(storage).catch((error) => error);
        server.fault = () => null;
        expect(["no error", ...conditions]).toContain(written);
        const kept = server.bucket.objects.get("p/object")?.body;
        if (written === "no error") expect(kept?.equals(content)).toBe(true);
        else if (kept !== undefined) expect(kept.equals(former) || kept.equals(content)).toBe(true);
        if (isNew && isTaken) expect(kept?.equals(former)).toBe(true);
        // Nobody else writes: the name is taken only where it was.
        if (written === "SNAPSHOT_NAME_TAKEN") expect(isTaken).toBe(true);
        if (readUnderFaults instanceof Buffer) expect(readUnderFaults.equals(kept!)).toBe(true);
        else expect(conditions).toContain(readUnderFaults.code);
        const wanted = ["a", "b", "c", "d", "e", ...(kept === undefined ? [] : ["object"])];
        if (Array.isArray(listedUnderFaults)) expect(listedUnderFaults).toEqual(wanted);
        else expect(conditions).toContain(listedUnderFaults.code);
      },
    );
    await fc.assert(property, { numRuns: 60 });
  },
  timeoutMs,
);

const conditions = [
  "STORAGE_UNREACHABLE",
  "STORAGE_BUSY",
  "STORAGE_FAILED",
  "SNAPSHOT_ABSENT",
  "SNAPSHOT_CUT",
  "SNAPSHOT_NAME_TAKEN",
  "SNAPSHOT_CHANGED",
];

async function names(storage: S3Storage): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of storage.list("", { signal: still() })) found.push(name);
  return found;
}

test("a lost answer is made up for by a look, also of what had to be new", {
  timeout: timeoutMs,
}, async () => {
  for (const bytes of [10, partBytes * 3]) {
    for (const isNew of [false, true]) {
      await using storage = open();
      // By now it is known that the server heeds conditions.
      await put(storage, `small-${bytes}-${isNew}`, noise(1, 1), { isNew: true });
      await put(storage, `large-${bytes}-${isNew}`, noise(1, partBytes * 2), { isNew: true });
      const content = noise(3, bytes);
      const name = `object-${bytes}-${isNew}`;
      server.fault = ({ method, url }) => {
        const isLast = bytes === 10 ? method === "PUT" : url.includes("uploadId") && method === "POST";
        if (!isLast || server.bucket.objects.has(`p/${name}`)) return null;
        return lostAck;
      };
      expect(await put(storage, name, content, { isNew })).toEqual({ name, bytes });
      expect(server.bucket.objects.get(`p/${name}`)!.body.equals(content)).toBe(true);
      expect(server.bucket.uploads.size).toBe(0);
    }
  }
});

test("a server that is never well again after the lost answer leaves a coded error", async () => {
  await using storage = open({ attemptsMax: 3 });
  server.fault = ({ number }) => (number === 0 ? lostAck : reset);
  expect(await code(put(storage, "object", noise(1, 10)))).toBe("STORAGE_UNREACHABLE");
  expect(server.bucket.objects.get("p/object")!.body.byteLength).toBe(10);
});

test("waits grow, are dealt by chance, and heed the server", { timeout: timeoutMs }, async () => {
  const waits: number[] = [];
  await using storage = open({ clock: hasty(waits), random: () => 0.5 });
  faults(slowDown, slowDown, { kind: "refused", status: 503, code: "SlowDown", retryAfter: 7 }, slowDown);
  await put(storage, "object", noise(1, 10));
  expect(waits).toEqual([100, 200, 7400, 800]);
  faults({ kind: "refused", status: 429, code: "TooManyRequests", retryAfter: 100_000 });
  await get(storage, "object");
  expect(waits.at(-1)).toBe(60_000);
});

test("only what may pass is tried again, and no message tells a secret", async () => {
  const secrets = [s3Keys.secretAccessKey, s3Keys.accessKeyId];
  const cases: [S3Fault, string, number][] = [
    [{ kind: "refused", status: 403, code: "AccessDenied" }, "STORAGE_ACCESS", 1],
    [{ kind: "refused", status: 404, code: "NoSuchBucket" }, "STORAGE_ABSENT", 1],
    [{ kind: "refused", status: 400, code: "InvalidRequest" }, "STORAGE_FAILED", 1],
    [{ kind: "refused", status: 500, code: "InternalError" }, "STORAGE_BUSY", 3],
    [{ kind: "reset" }, "STORAGE_UNREACHABLE", 3],
    [{ kind: "silent" }, "STORAGE_UNREACHABLE", 3],
  ];
  for (const [fault, wanted, tries] of cases) {
    const times = { idleMs: fault.kind === "silent" ? 150 : 10_000 };
    await using storage = open({ attemptsMax: 3, times });
    server.fault = () => fault;
    for (const call of [() => get(storage, "object"), () => names(storage)]) {
      server.log.length = 0;
      const error = await call().catch((thrown) => thrown);
      expect(error.code).toBe(wanted);
      expect(server.log.length).toBe(tries);
      for (const secret of secrets) expect(`${error.message} ${error.cause?.message}`).not.toContain(secret);
    }
  }
  server.fault = () => null;
  const wrong = { ...s3Keys, secretAccessKey: "a wrong secret" };
  await using storage = open({ credentials: wrong });
  const error = await get(storage, "object").catch((thrown) => thrown);
  expect(error.code).toBe("STORAGE_ACCESS");
  expect(error.message).toContain("SignatureDoesNotMatch");
  expect(error.message).not.toContain("wrong secret");
});

test("a read that breaks off goes on where it was, of the same object only", async () => {
  await using storage = open();
  const content = noise(1, 400_000);
  await put(storage, "object", content);
  server.log.length = 0;
  faults({ kind: "cut", part: 0.4 }, reset, { kind: "cut", part: 0.5 }, { kind: "slow", ms: 2 });
  expect((await get(storage, "object")).equals(content)).toBe(true);
  expect(server.log.length).toBe(4);
  const other = noise(2, 400_000);
  let asked = 0;
  server.fault = () => {
    if (++asked === 2)
      server.bucket.objects.set("p/object", {
        ...server.bucket.objects.get("p/object")!,
        body: other,
        etag: '"other"',
      });
    return asked === 1 ? { kind: "cut", part: 0.4 } : null;
  };
  expect(await code(get(storage, "object"))).toBe("SNAPSHOT_CHANGED");
  server.fault = () => null;
  await put(storage, "single", noise(1, 40_000));
  faults({ kind: "flipped" });
  expect(await code(get(storage, "single"))).toBe("SNAPSHOT_CUT");
});

test("a slow reader is no slow peer", async () => {
  await using storage = open({ times: { idleMs: 80 } });
  await put(storage, "object", noise(1, 300_000));
  let bytes = 0;
  for await (const chunk of storage.read("object", { signal: still() })) {
    if (bytes === 0) await new Promise((resolve) => setTimeout(resolve, 250));
    bytes += chunk.byteLength;
  }
  expect(bytes).toBe(300_000);
});

test("pages that do not fit together are no list", async () => {
  await using storage = open();
  for (const name of ["a", "b", "c", "d", "e", "f"]) await put(storage, name, noise(1, 3));
  faults({ kind: "reordered" }, { kind: "reordered" });
  expect(await names(storage)).toEqual(["a", "b", "c", "d", "e", "f"]);
  // The second page is that of another list, with names that had come already.
  server.fault = ({ url }) => {
    if (url.includes("continuation-token")) server.bucket.objects.delete("p/e");
    return null;
  };
  const answer = server.bucket.answer.bind(server.bucket);
  server.bucket.answer = (asked) => {
    asked.query.delete("continuation-token");
    return answer(asked);
  };
  expect(await code(names(storage))).toBe("STORAGE_FAILED");
  server.bucket.answer = answer;
});

test("an abort cuts a request off while it is sent, and waits for the answer when it is", async () => {
  await using storage = open({ times: { idleMs: 5000 } });
  const controller = new AbortController();
  server.fault = () => {
    controller.abort(new Error("stop"));
    return { kind: "silent" };
  };
  await expect(get2(storage, controller.signal)).rejects.toThrow("stop");
  const late = new AbortController();
  server.fault = () => {
    setTimeout(() => late.abort(new Error("stop")), 1);
    return null;
  };
  const outcome = await storage
    .write("object", chunksOf(noise(1, 10)), { signal: late.signal })
    .catch(() => null);
  expect(server.bucket.objects.has("p/object")).toBe(outcome !== null);
});

async function get2(storage: S3Storage, signal: AbortSignal): Promise<void> {
  for await (const _ of storage.read("object", { signal }));
}

test("clocks that differ by an hour are made up for", async () => {
  server.aheadMs = 3_600_000;
  await using storage = open();
  await put(storage, "object", noise(1, 10));
  expect((await get(storage, "object")).byteLength).toBe(10);
  expect(server.log.length).toBe(3);
});

test("one part is made while the one before it is sent, and no more than that", async () => {
  const taken: number[] = [];
  let bytes = 0;
  const source = async function* () {
    for await (const chunk of chunksOf(noise(1, partBytes * 5))) {
      bytes += chunk.byteLength;
      yield chunk;
    }
  };
  // The first part is not answered in time, twice.
  server.fault = ({ method, url }) => {
    if (method !== "PUT" || !url.includes("partNumber=1&")) return null;
    return taken.push(bytes) < 3 ? { kind: "silent" } : null;
  };
  await using storage = open({ times: { idleMs: 150 } });
  await storage.write("object", source(), { signal: still() });
  expect(server.bucket.objects.get("p/object")!.body.equals(noise(1, partBytes * 5))).toBe(true);
  const atMost = (count: number) => partBytes * count + taken[0]! - partBytes;
  expect(taken[1]).toBeGreaterThan(partBytes * 1.5);
  expect(taken[1]).toBeLessThanOrEqual(atMost(2));
  expect(taken[2]).toBe(taken[1]);
});

test("failed uploads are given up, those of killed writers after a day, and nobody else's", async () => {
  await using storage = open();
  const half = async function* () {
    yield* chunksOf(noise(1, partBytes * 2 + 5));
    throw new Error("no more");
  };
  await expect(storage.write("object", half(), { signal: still() })).rejects.toThrow("no more");
  expect(server.bucket.uploads.size).toBe(0);
  const hour = 3_600_000;
  const upload = (key: string, ageMs: number) =>
    server.bucket.uploads.set(`${key}-${ageMs}`, {
      key,
      metadata: {},
      parts: new Map(),
      startedMs: Date.now() - ageMs,
    });
  upload("p/main", 23 * hour);
  upload("p/main", 25 * hour);
  upload("elsewhere/main", 99 * hour);
  upload("p/not ours", 99 * hour);
  expect(await storage.removeLeftovers({ signal: still() })).toBe(1);
  expect([...server.bucket.uploads.keys()]).toEqual([
    `p/main-${23 * hour}`,
    `elsewhere/main-${99 * hour}`,
    `p/not ours-${99 * hour}`,
  ]);
});

test("connections are few while it works, and gone when it is closed", async () => {
  const storage = open();
  await Promise.all(Array.from({ length: 40 }, (_, index) => put(storage, `o-${index}`, noise(index, 100))));
  await Promise.all(Array.from({ length: 40 }, (_, index) => get(storage, `o-${index}`)));
  expect(await server.connections()).toBeLessThanOrEqual(8);
  await storage[Symbol.asyncDispose]();
  await expect.poll(() => server.connections()).toBe(0);
  expect(await code(get(storage, "o-1"))).toBe("STORAGE_UNREACHABLE");
});
