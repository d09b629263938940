import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { MiB, snapshotEntryBytesMax, stateHeldMillisMax, systemClock } from "../../src/kernel/index.js";
import {
  ApplicationEnvironment,
  Capture,
  type DatabaseStream,
  mergeSnapshot,
} from "../../src/snapshots/index.js";
import { asApplication, formats, hasCommonFormat } from "../support/application-lmdb.js";
import { SmallDisk } from "../support/small-disk.js";
import { headOf, streamOf, type TwinEntry } from "../support/twin.js";

const minutes = 60_000;
const signal = new AbortController().signal;
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plimsoll-merge-faults-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function many(count: number, valueBytes: number, timestampNano = 5n): TwinEntry[] {
  const value = Buffer.alloc(valueBytes, 5).toString("hex");
  return Array.from({ length: count }, (_, index) => ({
    key: index.toString(16).padStart(8, "0"),
    value,
    timestampNano,
    isDeleted: false,
  }));
}

async function readAll(path: string): Promise<Map<string, { timestampNano: bigint; bytes: number }>> {
  await using environment = new ApplicationEnvironment(path);
  using capture = await Capture.take(environment, { schema: "native", signal });
  const found = new Map<string, { timestampNano: bigint; bytes: number }>();
  for (const { key, value, timestampNano } of capture.databases[0]!.entries) {
    found.set(Buffer.from(key).toString("hex"), { timestampNano, bytes: value.length });
  }
  return found;
}

test(
  "a merge that was killed leaves whole transactions, and run again ends as if it had not been",
  async () => {
    const count = 24_000;
    const entries = many(count, 700);
    const script = fileURLToPath(new URL("../support/dying-merge.js", import.meta.url));
    let killedInTheMiddle = 0;
    for (const killedAt of [0, 14, 20]) {
      const path = join(dir, `killed-${killedAt}`);
      await asApplication(path, 2, (table) => void table("records"));
      const child = spawn(process.execPath, [script, path, String(count)], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let lines = 0;
      for await (const text of child.stdout.setEncoding("utf8")) {
        lines += text.split("\n").length - 1;
        if (lines > killedAt) break;
      }
      child.kill("SIGKILL");
      await once(child, "exit");
      const left = await readAll(path);
      if (left.size > 0 && left.size < count) killedInTheMiddle += 1;
      // What is there is the beginning: transactions follow the order of the keys.
      expect([...left.keys()].join()).toBe(
        entries
          .slice(0, left.size)
          .map(({ key }) => key)
          .join(),
      );
      await using environment = new ApplicationEnvironment(path);
      const source = streamOf([{ head: headOf("records"), entries }], 5000);
      const report = await mergeSnapshot(environment, source, { schema: "native", signal });
      expect(report).toMatchObject({ entries: count, changed: count - left.size });
      expect((await readAll(path)).size).toBe(count);
    }
    expect(killedInTheMiddle).toBeGreaterThan(0);
  },
  2 * minutes,
);

test(
  "what an application writes while a merge reads is compared once more before it is written over",
  async () => {
    for (const format of formats) {
      const path = join(dir, `busy-${format}`);
      const stored = (timestampNano: bigint): Buffer => {
        const value = Buffer.alloc(25, 9);
        value.fill(0, 0, 24);
        value.writeBigUInt64BE(timestampNano);
        return value;
      };
      const entries = many(3000, 10, 50n);
      await asApplication(path, format, (table) => {
        for (const { key } of entries) table("records").putSync(Buffer.from(key, "hex"), stored(1n));
      });
      const source = streamOf([{ head: headOf("records"), entries }], 1000);
      // Behind the last entry nothing has been written yet: an application is quicker, at some keys with
      // later times.
      const behind: DatabaseStream = {
        nextDbi: () => source.nextDbi(),
        next: () => source.next(),
        fill: async () => {
          if (await source.fill()) return true;
          await asApplication(path, format, (table) => {
            for (const [index, { key }] of entries.entries()) {
              if (index % 10 === 0)
                table("records").putSync(Buffer.from(key, "hex"), stored(index % 20 === 0 ? 60n : 40n));
            }
          });
          return false;
        },
      };
      await using environment = new ApplicationEnvironment(path);
      const report = await mergeSnapshot(environment, behind, { schema: "native", signal });
      expect(report).toMatchObject({ entries: 3000, changed: 2850 });
      const found = await readAll(path);
      for (const [index, { key }] of entries.entries()) {
        const isLater = index % 20 === 0;
        expect(found.get(key)).toEqual(
          isLater ? { timestampNano: 60n, bytes: 1 } : { timestampNano: 50n, bytes: 10 },
        );
      }
    }
  },
  minutes,
);

/** An application that writes later times at all keys just before the second part of a source is read. */
async function mergeBeside(path: string, entries: readonly TwinEntry[], step: number, onWrite = () => {}) {
  await asApplication(path, 2, (table) => void table("records"));
  const source = streamOf([{ head: headOf("records"), entries }], step);
  let fills = 0;
  const beside: DatabaseStream = {
    nextDbi: () => source.nextDbi(),
    next: () => source.next(),
    fill: async () => {
      fills += 1;
      if (fills === 2) {
        const value = Buffer.alloc(25, 1);
        value.fill(0, 0, 24);
        value.writeBigUInt64BE(60n);
        await asApplication(path, 2, (table) => {
          for (const { key } of entries) table("records").putSync(Buffer.from(key, "hex"), value);
        });
        onWrite();
      }
      return source.fill();
    },
  };
  await using environment = new ApplicationEnvironment(path);
  await mergeSnapshot(environment, beside, { schema: "native", signal });
  const lost = [...(await readAll(path)).values()].filter(({ timestampNano }) => timestampNano !== 60n);
  expect(lost).toEqual([]);
}

test("an entry that did not fit into a batch is looked at again behind its transaction", async () => {
  await mergeBeside(join(dir, "beside-full"), many(12, MiB, 50n), 4);
});

test("what was found out in an older state is compared again, though a newer one is held", async () => {
  let nowMs = 0;
  const clock = vi.spyOn(systemClock, "nowMs").mockImplementation(() => nowMs);
  try {
    await mergeBeside(join(dir, "beside-held"), many(8, 10, 50n), 4, () => {
      nowMs += 2 * stateHeldMillisMax;
    });
  } finally {
    clock.mockRestore();
  }
});

test("a value that no reader would take is not published", async () => {
  const path = join(dir, "too-large");
  const put = (bytes: number) =>
    asApplication(path, 2, (table) => {
      const value = Buffer.alloc(24 + bytes, 1);
      value.fill(0, 0, 24);
      table("records").putSync(Buffer.from("large"), value);
    });
  await put(snapshotEntryBytesMax);
  await using environment = new ApplicationEnvironment(path);
  const publish = () => Capture.take(environment, { schema: "native", signal });
  await expect(publish()).rejects.toMatchObject({ code: "LMDB_VALUE_TOO_LARGE" });
  await put(snapshotEntryBytesMax - 100);
  (await publish())[Symbol.dispose]();
});

test.skipIf(!hasCommonFormat)(
  "a full map is told with its size, and a larger one takes the rest",
  async () => {
    const path = join(dir, "small-map");
    await asApplication(path, 1, (table) => void table("records"), 1 << 20);
    const entries = many(4000, 700);
    const source = () => streamOf([{ head: headOf("records"), entries }], 500);
    {
      await using environment = new ApplicationEnvironment(path);
      const merge = mergeSnapshot(environment, source(), { schema: "native", signal });
      await expect(merge).rejects.toMatchObject({ code: "LMDB_MAP_FULL", details: { mapSize: 1 << 20 } });
    }
    await using environment = new ApplicationEnvironment(path, { mapBytes: 16 << 20 });
    await mergeSnapshot(environment, source(), { schema: "native", signal });
    expect((await readAll(path)).size).toBe(4000);
  },
);

test(
  "a full disk is told as such, and nothing is half there",
  async (context) => {
    const disk = new SmallDisk(join(dir, "small-disk"));
    const reason = disk.missing();
    if (reason !== null) return context.skip(reason);
    disk.mount("2m");
    try {
      const path = join(dir, "small-disk", "database");
      await asApplication(path, 2, (table) => void table("records"));
      const entries = many(6000, 700);
      const source = () => streamOf([{ head: headOf("records"), entries }], 500);
      {
        await using environment = new ApplicationEnvironment(path);
        const merge = mergeSnapshot(environment, source(), { schema: "native", signal });
        await expect(merge).rejects.toMatchObject({ code: "STORE_FULL" });
      }
      expect((await readAll(path)).size).toBe(0);
      disk.enlarge();
      await using environment = new ApplicationEnvironment(path);
      await mergeSnapshot(environment, source(), { schema: "native", signal });
      expect((await readAll(path)).size).toBe(6000);
    } finally {
      disk.unmount();
    }
  },
  minutes,
);
