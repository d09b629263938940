import { appendFileSync, cpSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { afterAll, expect, test, vi } from "vitest";
import { overlayLogs, readLogs } from "../../src/live/index.js";
import { LiveLog } from "../../src/live/live-log.js";
import { LiveState } from "../../src/live/live-state.js";
import { compileMapping, mappingToYaml } from "../../src/mapping/index.js";
import type { TargetSession } from "../../src/ports/index.js";
import { findPreset } from "../../src/presets/index.js";
import { exportRecords, verify } from "../../src/query/index.js";
import { openLiveSession, openStoreReader } from "../../src/targets/lmdb/index.js";
import { nostrEvent, testPubkeys } from "../nostr/events.js";
import { makeFolder } from "../support/cli.js";
import { importHere, jsonl, seenHere } from "../support/imports.js";
import { Copies, mergeLast, openLayer } from "./live-layers.js";

const folder = makeFolder();
afterAll(folder.remove);

const withKeys = mappingToYaml(compileMapping(findPreset("nostr")!));
const withoutKeys = "version: 1\nentities:\n  Note:\n    fields:\n      n: { type: int, index: exact }\n";

interface Kind {
  name: string;
  mapping: string;
  entity: string;
  record: (number: number) => unknown;
}

const kinds: Kind[] = [
  {
    name: "events",
    mapping: withKeys,
    entity: "Event",
    record: (number) =>
      nostrEvent({
        pubkey: testPubkeys[0]!,
        created_at: 1_700_000_000 + number,
        kind: 1,
        tags: [["t", `topic-${number % 7}`]],
        content: `note ${number}`,
      }),
  },
  { name: "keyless", mapping: withoutKeys, entity: "Note", record: (n) => ({ n }) },
];

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);
const bytesOf = (value: unknown) => Buffer.from(JSON.stringify(value));

async function makeStore({ mapping, record }: Kind, name: string, count: number): Promise<string> {
  const store = folder.file(name);
  const source = `${name}.jsonl`;
  folder.write(source, jsonl(numbers(0, count).map(record)));
  await importHere({ cwd: folder.path, sources: [source], store, mapping });
  return store;
}

/** What the command line would show: live records of the logs above what is sealed. */
async function seenWithLogs(store: string): Promise<string[]> {
  const logs = readLogs(`${store}/live`);
  await using sealed = await openStoreReader(store);
  const reader = overlayLogs(sealed, logs, () => null);
  expect((await verify(reader)).firstFaults).toEqual([]);
  const text = Buffer.concat(
    [...exportRecords(reader, { format: "jsonl" })].map((piece) => Buffer.from(piece)),
  );
  return text.toString("utf8").split("\n").slice(0, -1).sort();
}

async function seenSealed(store: string): Promise<string[]> {
  const { lines, faults } = await seenHere(store);
  expect(faults).toEqual([]);
  return lines.sort();
}

test.each(kinds)(
  "a fold of $name that is killed at any step loses and doubles nothing",
  async (kind) => {
    const { name, record, entity } = kind;
    const store = await makeStore(kind, `${name}-fold`, 20);
    const copies = new Copies(store);
    const layer = await openLayer(store, {
      openSession: async () => copies.watch(await openLiveSession(store)),
    });
    for (const part of [numbers(20, 30), numbers(30, 45)]) {
      await layer.write(part.map((number) => ({ entity, bytes: bytesOf(record(number)) })));
    }
    copies.take("written");
    await layer.foldNow();
    await layer[Symbol.asyncDispose]();
    copies.take("closed");
    const wanted = numbers(0, 45)
      .map((number) => JSON.stringify(record(number)))
      .sort();
    expect(copies.paths.some((path) => path.endsWith("publish"))).toBe(true);
    for (const copy of copies.paths) {
      expect(await seenWithLogs(copy), copy).toEqual(wanted);
      const reopened = await openLayer(copy);
      await reopened[Symbol.asyncDispose]();
      expect(await seenSealed(copy), copy).toEqual(wanted);
      expect(readLogs(`${copy}/live`), copy).toEqual([]);
    }
  },
  120_000,
);

test("a merge of segments that is killed at any step is no unfinished import to anybody", async () => {
  const kind = kinds[0]!;
  const { mapping, record } = kind;
  const store = await makeStore(kind, "merge", 60);
  for (const [from, to] of [
    [60, 80],
    [80, 85],
  ] as const) {
    const layer = await openLayer(store);
    const records = numbers(from, to).map((n) => ({ entity: "Event", bytes: bytesOf(record(n)) }));
    await layer.write(records);
    await layer[Symbol.asyncDispose]();
  }
  const copies = new Copies(store);
  await mergeLast(store, 2, { openSession: async () => copies.watch(await openLiveSession(store)) });
  expect(await segmentsOf(store)).toHaveLength(2);
  folder.write("more.jsonl", jsonl(numbers(80, 90).map(record)));
  const wanted = numbers(0, 90)
    .map((number) => JSON.stringify(record(number)))
    .sort();
  for (const [at, copy] of copies.paths.entries()) {
    // An import and a fold come next by turns.
    if (at % 2 === 0) await importHere({ cwd: folder.path, sources: ["more.jsonl"], store: copy, mapping });
    else {
      const layer = await openLayer(copy);
      await layer.write(numbers(80, 90).map((n) => ({ entity: "Event", bytes: bytesOf(record(n)) })));
      await layer[Symbol.asyncDispose]();
    }
    expect(await seenSealed(copy), copy).toEqual(wanted);
  }
}, 120_000);

async function segmentsOf(store: string): Promise<number[]> {
  await using reader = await openStoreReader(store);
  return reader.sealed.segments.map(({ number }) => number);
}

test("a commit that is cut off anywhere was never acknowledged, and all before it is there", async () => {
  const kind = kinds[1]!;
  const store = await makeStore(kind, "torn", 3);
  const layer = await openLayer(store);
  await layer.write(numbers(3, 6).map((n) => ({ entity: "Note", bytes: bytesOf({ n }) })));
  const path = `${store}/live/000000000001.log`;
  const whole = readFileSync(path).length;
  await layer.write(numbers(6, 9).map((n) => ({ entity: "Note", bytes: bytesOf({ n }) })));
  const copies = new Copies(store);
  copies.take("written");
  await layer[Symbol.asyncDispose]();
  const written = readFileSync(`${copies.paths[0]}/live/000000000001.log`).length;
  const wanted = numbers(0, 6).map((n) => JSON.stringify({ n }));
  for (let bytes = whole; bytes < written; bytes += 5) {
    const copy = folder.file(`torn-${bytes}`);
    cpSync(copies.paths[0]!, copy, { recursive: true });
    truncateSync(`${copy}/live/000000000001.log`, bytes);
    // Pages of the file that never reached the disk are zeros.
    if (bytes % 2 === 0) appendFileSync(`${copy}/live/000000000001.log`, Buffer.alloc(written - bytes));
    expect(await seenWithLogs(copy)).toEqual(wanted);
    const reopened = await openLayer(copy);
    await reopened[Symbol.asyncDispose]();
    expect(await seenSealed(copy)).toEqual(wanted);
  }
}, 120_000);

test("an unfinished import in the way of a fold is waited for, and live records are seen meanwhile", async () => {
  const kind = kinds[1]!;
  const store = await makeStore(kind, "pending", 3);
  const stop = new AbortController();
  folder.write("large.jsonl", jsonl(numbers(100, 30_000).map((n) => ({ n }))));
  const options = { cwd: folder.path, sources: ["large.jsonl"], store, mapping: kind.mapping };
  const { runImport } = await import("../../src/pipeline/index.js");
  const { planHere } = await import("../support/imports.js");
  const plan = await planHere({ ...options, plan: { syncBytes: 1 << 16 } });
  const host = { signal: stop.signal, onNotice: () => {}, onProgress: () => {} };
  await expect(runImport(plan, { ...host, onBatch: () => stop.abort() })).rejects.toMatchObject({
    code: "INTERRUPTED",
  });
  const layer = await openLayer(store);
  await layer.write([{ entity: "Note", bytes: bytesOf({ n: 3 }) }]);
  await layer[Symbol.asyncDispose]();
  expect(await seenWithLogs(store)).toHaveLength(4);
  await importHere(options);
  const reopened = await openLayer(store);
  await reopened[Symbol.asyncDispose]();
  expect(await seenSealed(store)).toHaveLength(3 + 29_900 + 1);
}, 120_000);

/** The session of a fold, with work before and behind each publication. */
async function watchingPublish(
  store: string,
  watch: (publish: () => Promise<void>) => Promise<void>,
): Promise<TargetSession> {
  const session = await openLiveSession(store);
  const publish = session.publish.bind(session);
  return Object.assign(session, {
    publish: (...words: Parameters<typeof publish>) => watch(() => publish(...words)),
  });
}

test("a publication that fails behind its commit is not carried out again", async () => {
  const store = await makeStore(kinds[1]!, "behind", 3);
  const notes: string[] = [];
  const layer = await openLayer(store, {
    note: (text) => notes.push(text),
    openSession: () =>
      watchingPublish(store, async (publish) => {
        await publish();
        if (notes.length === 0) throw new Error("the disk is gone");
      }),
  });
  const wanted = numbers(0, 9).map((n) => JSON.stringify({ n }));
  const write = (from: number, to: number) =>
    layer.write(numbers(from, to).map((n) => ({ entity: "Note", bytes: bytesOf({ n }) })));
  await write(3, 6);
  await layer.foldNow();
  expect(notes).toHaveLength(1);
  await write(6, 9);
  expect(await layer.read((reader) => reader.sealed.liveRecords)).toEqual([9]);
  await layer[Symbol.asyncDispose]();
  expect(await seenSealed(store)).toEqual(wanted);
}, 60_000);

test("logs that a former process left are loaded one at a time", async () => {
  const store = await makeStore(kinds[1]!, "left", 2);
  for (const number of [1, 2, 3]) {
    await using log = await LiveLog.create(makeLiveFolder(store), number);
    await log.append([{ entity: "Note", bytes: bytesOf({ n: 1 + number }) }]);
  }
  const adopt = vi.spyOn(LiveState.prototype, "adopt");
  const loaded: number[] = [];
  const layer = await openLayer(store, {
    openSession: () =>
      watchingPublish(store, async (publish) => {
        loaded.push(adopt.mock.calls.length);
        await publish();
      }),
  });
  adopt.mockRestore();
  await layer[Symbol.asyncDispose]();
  expect(loaded).toEqual([1, 2, 3]);
  expect(await seenSealed(store)).toEqual(numbers(0, 5).map((n) => JSON.stringify({ n })));
}, 60_000);

function makeLiveFolder(store: string): string {
  mkdirSync(`${store}/live`, { recursive: true });
  return `${store}/live`;
}
