import { afterAll, expect, test } from "vitest";
import { KiB } from "../../src/kernel/index.js";
import { type LiveLayer, overlayLogs, readLogs } from "../../src/live/index.js";
import { exportRecords } from "../../src/query/index.js";
import { openLiveSession, openStoreReader } from "../../src/targets/lmdb/index.js";
import { makeFolder } from "../support/cli.js";
import { importHere, seenHere } from "../support/imports.js";
import { Copies, openLayer } from "./live-layers.js";

const folder = makeFolder();
afterAll(folder.remove);

let stores = 0;
const mapping = `version: 1
entities:
  Doc:
    key: id
    conflict: replace
    fields:
      id: { type: int, index: exact }
      n: { type: int, index: range }
`;

/** Documents of which some are there already, under the same key. */
const docs = (from: number, to: number, n: number) =>
  Array.from({ length: to - from }, (_, at) => ({ id: from + at, n }));
const wantedOf = (written: readonly { id: number; n: number }[]) =>
  [...new Map(written.map((doc) => [doc.id, JSON.stringify(doc)])).values()].sort();

test("parts that are full while segments are merged are folded in the midst, killed at any step too", async () => {
  const store = folder.file(`store-${stores++}`);
  await importHere({ cwd: folder.path, sources: ["/dev/null"], store, mapping });
  const written: { id: number; n: number }[] = [];
  const write = async (layer: LiveLayer, some: typeof written) => {
    await layer.write(some.map((doc) => ({ entity: "Doc", bytes: Buffer.from(JSON.stringify(doc)) })));
    written.push(...some);
  };
  const copies = new Copies(store);
  const wanted: string[][] = [];
  const published: number[][] = [];
  let merge: "before" | "begun" | "beside" = "before";
  const layer = await openLayer(store, {
    // Every write fills a part.
    bytesMax: 4 * KiB,
    segmentsToMerge: (segments) => {
      if (segments.length !== 3 || merge !== "before") return null;
      merge = "begun";
      return segments.map(({ number }) => number);
    },
    openSession: async () => {
      const session = await openLiveSession(store);
      const { appendKeyBlock, publish } = session;
      return copies.watch(
        Object.assign(session, {
          appendKeyBlock: async (...words: Parameters<typeof appendKeyBlock>) => {
            await appendKeyBlock.apply(session, words);
            if (merge !== "begun") return;
            merge = "beside";
            await write(layer, docs(10, 40, 4));
            // Behind the commit, which closes the part.
            await layer.read(() => {});
          },
          publish: async (...words: Parameters<typeof publish>) => {
            await publish.apply(session, words);
            published.push(words[0].segments.map(({ endId, firstId }) => endId - firstId));
          },
        }),
      );
    },
  });
  const { take } = copies;
  copies.take = (step) => {
    take.call(copies, step);
    wanted.push(wantedOf(written));
  };
  for (const n of [1, 2, 3]) {
    await write(layer, docs(5 * n, 5 * n + 20, n));
    await layer.foldNow();
  }
  await layer[Symbol.asyncDispose]();
  // Three parts, the one that came while they were merged, and the three as one before it.
  expect(published).toEqual([[20], [20, 20], [20, 20, 20], [20, 20, 20, 30], [60, 30]]);
  const { lines, faults } = await seenHere(store);
  expect({ lines: lines.sort(), faults }).toEqual({ lines: wantedOf(written), faults: [] });
  for (const [at, copy] of copies.paths.entries()) {
    const logs = readLogs(`${copy}/live`);
    await using sealed = await openStoreReader(copy);
    const reader = overlayLogs(sealed, logs, () => null);
    const pieces = [...exportRecords(reader, { format: "jsonl" })].map((piece) => Buffer.from(piece));
    const seen = Buffer.concat(pieces).toString("utf8").split("\n").slice(0, -1);
    expect(seen.sort(), copy).toEqual(wanted[at]);
    await sealed[Symbol.asyncDispose]();
    await (await openLayer(copy))[Symbol.asyncDispose]();
    const after = await seenHere(copy);
    expect({ lines: after.lines.sort(), faults: after.faults }, copy).toEqual({
      lines: wanted[at],
      faults: [],
    });
  }
}, 120_000);
