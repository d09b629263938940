// Times the posting-list codec and sets of lists, beside roaring bitmaps; one JSON line an operation.
import { createRequire } from "node:module";
import { Kernel } from "../../dist/kernel/index.js";
import {
  difference,
  firstTupleOf,
  intersect,
  PostingCursor,
  PostingDecoder,
  TupleBuffer,
  union,
} from "../../dist/postings/index.js";
import { idShapes, rareIn } from "../lib/id-lists.js";

const { RoaringBitmap32 } = createRequire(import.meta.url)("roaring-wasm");
const count = Number(process.argv[2]);
const [index, term] = [1, 0x0123_4567_89ab_cdefn];
const kernel = new Kernel({ memoryBytes: count * 16 + (4 << 20) });
const buffer = new TupleBuffer(kernel, count);
const decoder = new PostingDecoder(kernel);
const roundsMin = 5;
const msEach = 600;

/** The fastest of the rounds: what others do on the machine only ever adds time. */
function fastest(work) {
  let best = Number.POSITIVE_INFINITY;
  const startedMs = performance.now();
  for (let round = 0; round < roundsMin || performance.now() - startedMs < msEach; round++) {
    const fromMs = performance.now();
    work();
    best = Math.min(best, performance.now() - fromMs);
  }
  return best / 1000;
}

function fill(ids) {
  buffer.clear();
  for (const id of ids) kernel.exports.tupleAppend(buffer.ptr, index, term, BigInt(id), 0);
}

function encoded() {
  const blocks = [];
  buffer.encode((block) => blocks.push(block.slice()));
  return blocks;
}

/** A list as a store has it: its blocks, found by their first ids. */
class List {
  constructor(ids) {
    fill(ids);
    this.ids = ids;
    this.blocks = encoded();
    this.bytes = this.blocks.reduce((sum, block) => sum + block.length, 0);
    this.firsts = this.blocks.map((block) => firstTupleOf(block).id);
    this.roaring = serialized(ids);
  }

  open() {
    return new PostingCursor({
      decoder,
      index,
      term,
      cost: this.ids.length,
      blocksFrom: (id) => this.#from(id),
    });
  }

  *#from(id) {
    let [low, high] = [0, this.firsts.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.firsts[middle] <= id) low = middle + 1;
      else high = middle;
    }
    for (let at = Math.max(0, low - 1); at < this.blocks.length; at++) {
      yield { segment: 1, index, term, id: this.firsts[at], block: this.blocks[at] };
    }
  }
}

function serialized(ids) {
  const bitmap = new RoaringBitmap32(ids);
  bitmap.runOptimize();
  const bytes = bitmap.serialize("portable");
  bitmap.dispose();
  return Uint8Array.from(bytes);
}

const opened = (bytes) => RoaringBitmap32.deserialize("portable", bytes);

/** Room for the ids of two lists. */
const room = new Float64Array(2 * count + 2);

function readOut(cursor) {
  let found = 0;
  for (; cursor.id !== Number.POSITIVE_INFINITY; cursor.next()) room[found++] = cursor.id;
  return room.subarray(0, found);
}

function roaringOut(operation, a, b) {
  const [left, right] = [opened(a.roaring), opened(b.roaring)];
  const met = RoaringBitmap32[operation](left, right);
  const ids = met.toUint32Array();
  for (const bitmap of [left, right, met]) bitmap.dispose();
  return ids;
}

function tell(title, ids, seconds, peerSeconds, more = {}) {
  const rate = (time) => Math.round(ids / time);
  const run = { title, ids, idsPerSecond: rate(seconds), peerIdsPerSecond: rate(peerSeconds), ...more };
  process.stdout.write(`${JSON.stringify(run)}\n`);
}

function same(found, expected, what) {
  const isSame = found.length === expected.length && found.every((id, at) => id === expected[at]);
  if (!isSame) throw new Error(`${what}: ${found.length} ids, and ${expected.length} by the other way`);
}

function codec(shape, list) {
  const { ids, blocks, roaring, bytes } = list;
  fill(ids);
  tell(
    `${shape}: encode`,
    ids.length,
    fastest(encoded),
    fastest(() => serialized(ids)),
    {
      bitsPerId: (bytes * 8) / ids.length,
      peerBitsPerId: (roaring.length * 8) / ids.length,
    },
  );
  const decode = () => blocks.map((block) => decoder.decode(block, index, term).ids);
  const peer = () => {
    const bitmap = opened(roaring);
    const all = bitmap.toUint32Array();
    bitmap.dispose();
    return all;
  };
  same(
    decode().flatMap((part) => [...part]),
    peer(),
    `${shape}: decode`,
  );
  tell(`${shape}: decode`, ids.length, fastest(decode), fastest(peer));
}

const sets = {
  intersect: { ours: (a, b) => intersect([a, b]), peer: "and" },
  union: { ours: (a, b) => union([a, b]), peer: "or" },
  difference: { ours: (a, b) => difference(a, b), peer: "andNot" },
};

function pair(title, a, b, names) {
  for (const name of names) {
    const { ours, peer } = sets[name];
    const run = () => readOut(ours(a.open(), b.open()));
    const peerRun = () => roaringOut(peer, a, b);
    same(run(), peerRun(), `${title}: ${name}`);
    tell(`${title}: ${name}`, a.ids.length + b.ids.length, fastest(run), fastest(peerRun));
  }
}

const all = ["intersect", "union", "difference"];
for (const [shape, make] of Object.entries(idShapes)) {
  const [list, other] = [new List(make(count, 1)), new List(make(count, 2))];
  codec(shape, list);
  pair(`${shape}, two of a length`, list, other, all);
  pair(`${shape}, with one in 10,000`, new List(rareIn(list.ids, 10_000)), list, ["intersect", "difference"]);
}
