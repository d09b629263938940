// Records that are hard on a memory line: tiny, huge, both in turn, repeated, all alike, all different, very wide.
// Each generator yields lines without line breaks; the same seed gives the same lines.
import { mix32, Random } from "./random.js";
import { prose, topic } from "./texts.js";

const startSeconds = Date.UTC(2024, 0, 1) / 1000;
/** Below a mebibyte by a tenth: the smallest lines take records of one mebibyte, more only with what happens to be left. */
const largeCharsMin = 905_000;
const largeCharsMax = 950_000;
/** Bodies are cut from one text of this many characters. */
const poolChars = 3 << 20;

/** Page views of a web log: about 100 bytes. */
export function* smallRecords({ count, seed = 1 }) {
  const random = new Random(seed);
  for (let number = 0; number < count; number++) yield smallRecord(random, number);
}

/** Documents of about one megabyte. */
export function* largeRecords({ count, seed = 1 }) {
  const random = new Random(seed);
  const pool = textPool(random);
  for (let number = 0; number < count; number++) yield largeRecord(random, number, pool);
}

/** A page view, a document, a page view, ... */
export function* alternatingRecords({ count, seed = 1 }) {
  const random = new Random(seed);
  const pool = textPool(random);
  for (let number = 0; number < count; number++)
    yield number % 2 === 0 ? smallRecord(random, number) : largeRecord(random, number, pool);
}

/** A price feed: each tenth line is the first of its key, the other nine repeat one that was there before. */
export function* repeatedRecords({ count, seed = 1 }) {
  const random = new Random(seed);
  for (let number = 0; number < count; number++) {
    const known = Math.floor(number / repeatsEach) + 1;
    const item = number % repeatsEach === 0 ? known - 1 : random.below(known);
    const price = (random.below(100_000) / 100).toFixed(2);
    yield `{"sku":"sku-${hex(mix32(item, 7))}","shop":"${topic(random.rank(2000))}","price":${price},` +
      `"stock":${random.below(500)},"version":${number + 1},"note":"${random.pick(notes)}"}`;
  }
}

const repeatsEach = 10;

export function distinctOfRepeated(count) {
  return Math.ceil(count / repeatsEach);
}

/** Log lines which all have the same level and the same service: one posting list gets everything. */
export function* hotRecords({ count, seed = 1 }) {
  const random = new Random(seed);
  for (let number = 0; number < count; number++) {
    yield `{"id":${number + 1},"level":"info","service":"checkout","at":${startSeconds + Math.floor(number / 50)},` +
      `"ms":${random.rank(5000)},"message":"${random.pick(notes)}"}`;
  }
}

/** Sessions: a key that never comes twice, in no order. */
export function* distinctRecords({ count, seed = 1 }) {
  for (let number = 0; number < count; number++) {
    yield `{"session":"${hex(mix32(number, seed))}-${hex(mix32(number, seed + 1))}","hits":${number % 97}}`;
  }
}

export const wideColumns = Array.from({ length: 300 }, (_, at) =>
  at === 0 ? "id" : `${["n", "w", "d"][at % 3]}${String(at).padStart(3, "0")}`,
);

/** Survey rows: 300 columns of numbers, words and days, a fifth of the cells empty. */
export function* wideRows({ count, seed = 1 }) {
  yield wideColumns.join(",");
  const random = new Random(seed);
  for (let number = 0; number < count; number++) {
    let line = String(number + 1);
    for (let at = 1; at < wideColumns.length; at++) line += `,${wideCell(random, at % 3)}`;
    yield line;
  }
}

function wideCell(random, kind) {
  const bits = random.bits();
  if (bits % 5 === 0) return "";
  if (kind === 0) return (bits >>> 3) % 100_000;
  return kind === 1 ? words[(bits >>> 3) % words.length] : days[(bits >>> 3) % days.length];
}

const words = Array.from({ length: 5000 }, (_, rank) => topic(rank));
const days = Array.from({ length: 2000 }, (_, day) =>
  new Date((startSeconds - day * 86400) * 1000).toISOString().slice(0, 10),
);

const notes = [
  "as usual",
  "customer asked to be called back",
  "paid by card, receipt sent",
  "third try, the gateway was slow",
  "from the autumn catalogue",
];

function smallRecord(random, number) {
  const at = startSeconds + Math.floor(number / 20);
  return (
    `{"id":${number + 1},"user":"u${random.rank(200_000)}","kind":"${random.pick(viewKinds)}","at":${at},` +
    `"page":"/${topic(random.rank(5000))}","device":"${random.pick(devices)}","ms":${random.rank(9000)}}`
  );
}

const devices = ["phone", "tablet", "desktop"];
const viewKinds = ["view", "view", "view", "click", "search", "buy"];

function largeRecord(random, number, pool) {
  const length = random.between(largeCharsMin, largeCharsMax);
  const from = random.below(poolChars - length);
  return (
    `{"id":${number + 1},"user":"u${random.rank(200_000)}","kind":"document","at":${startSeconds + number},` +
    `"page":"/${topic(random.rank(5000))}","ms":${random.rank(9000)},"body":"${pool.slice(from, from + length)}"}`
  );
}

/** Prose and random words in one script and without quotes: any part of it is a JSON string, and one byte a character. */
function textPool(random) {
  const parts = [];
  for (let length = 0; length < poolChars; ) {
    const text = `${prose(random, 400)} ${random.hex(64)} `.replace(/[^ -~]|["\\]/g, "");
    parts.push(text);
    length += text.length;
  }
  return parts.join("").slice(0, poolChars);
}

function hex(bits) {
  return bits.toString(16).padStart(8, "0");
}
