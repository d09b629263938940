// Nostr events as a relay's archive holds them: true ids, Zipf-distributed authors, tags to earlier events.
import * as crypto from "node:crypto";
import { mix32, Random } from "./random.js";
import { emojiOf, prose, topic, url } from "./texts.js";

const startSeconds = Date.UTC(2023, 0, 1) / 1000;
const spanSeconds = 2 * 365 * 86400;
/** Events that later ones may refer to. */
const recentMax = 4096;

const keysKept = 10000;

const sha256 = crypto.hash
  ? (text) => crypto.hash("sha256", text, "hex")
  : (text) => crypto.createHash("sha256").update(text).digest("hex");

/** The key of an author by number: 32 bytes that look random. */
export function authorKey(seed, number) {
  return authorBytes(seed, number).toString("hex");
}

function authorBytes(seed, number) {
  for (let part = 0; part < 8; part++) keyBytes.writeUInt32BE(mix32(number, seed * 8 + part + 1), part * 4);
  return keyBytes;
}

const keyBytes = Buffer.alloc(32);

/** Signs by BIP-340: an author's bytes are then the secret key, whose public key stands in the events. */
export async function createSigner() {
  const { signSchnorr, xOnlyPointFromScalar } = await import("tiny-secp256k1");
  return {
    keyOf: (seed, number) => Buffer.from(xOnlyPointFromScalar(authorBytes(seed, number))).toString("hex"),
    sign: (seed, number, id) =>
      Buffer.from(signSchnorr(Buffer.from(id, "hex"), authorBytes(seed, number))).toString("hex"),
  };
}

/** How often the kinds come, as parts of a hundred. */
const kinds = [
  [1, 60],
  [7, 18],
  [9735, 8],
  [6, 5],
  [0, 2.2],
  [3, 1.6],
  [5, 1.2],
  [10002, 1.5],
  [4, 1.5],
  [30023, 0.5],
  [1984, 0.5],
];

class Writer {
  constructor({ count, seed, signer }) {
    this.random = new Random(seed);
    this.seed = seed;
    this.signer = signer;
    this.count = count;
    this.authorCount = Math.max(1, Math.round(count / 20));
    this.recent = [];
    this.keys = [];
    this.made = 0;
  }

  author() {
    return this.keyOf(this.random.rank(this.authorCount));
  }

  /** The busiest authors' keys are kept, the others are made again. */
  keyOf(number) {
    const keyOf = this.signer?.keyOf ?? authorKey;
    if (number >= keysKept) return keyOf(this.seed, number);
    this.keys[number] ??= keyOf(this.seed, number);
    return this.keys[number];
  }

  /** An earlier event, the latest ones being the likeliest; null before there is any. */
  earlier() {
    if (this.recent.length === 0) return null;
    const back = this.random.rank(this.recent.length);
    return this.recent[(this.made - 1 - back + recentMax) % recentMax] ?? this.recent[0];
  }

  event() {
    const random = this.random;
    const author = random.rank(this.authorCount);
    const kind = pickKind(random.fraction() * 100);
    const base = startSeconds + Math.floor((this.made / Math.max(1, this.count)) * spanSeconds);
    const createdAt = base + random.between(-90, 90) - (random.chance(0.01) ? random.below(864000) : 0);
    const { tags, content } = makers[kind](this, random);
    return this.finish(author, createdAt, kind, tags, content);
  }

  finish(author, createdAt, kind, tags, content) {
    const pubkey = this.keyOf(author);
    const tagText = JSON.stringify(tags);
    const contentText = JSON.stringify(content);
    const id = sha256(`[0,"${pubkey}",${createdAt},${kind},${tagText},${contentText}]`);
    this.recent[this.made % recentMax] = { id, pubkey, kind };
    this.made++;
    const sig = this.signer?.sign(this.seed, author, id) ?? this.random.hex(64);
    return (
      `{"id":"${id}","pubkey":"${pubkey}","created_at":${createdAt},"kind":${kind},"tags":${tagText},` +
      `"content":${contentText},"sig":"${sig}"}`
    );
  }

  replyTags(marker) {
    const root = this.earlier();
    if (root === null) return [];
    const tags = [["e", root.id, "wss://relay.example.com", marker]];
    tags.push(["p", root.pubkey]);
    return tags;
  }
}

function pickKind(percent) {
  let sum = 0;
  for (const [kind, share] of kinds) {
    sum += share;
    if (percent < sum) return kind;
  }
  return 1;
}

function note(writer, random) {
  const tags = [];
  if (random.chance(0.6)) {
    tags.push(...writer.replyTags("root"));
    const parent = writer.earlier();
    if (parent !== null) tags.push(["e", parent.id, "", "reply"], ["p", parent.pubkey]);
    for (let mentions = random.rank(16); mentions > 0; mentions--) tags.push(["p", writer.author()]);
  }
  let content = prose(random, random.rank(460));
  for (let topics = random.chance(0.3) ? random.between(1, 6) : 0; topics > 0; topics--) {
    const name = topic(random.rank(20000));
    content += ` #${name}`;
    tags.push(["t", name]);
  }
  if (random.chance(0.15)) tags.push(["r", url(random)]);
  if (random.chance(0.05)) tags.push(["client", "example"]);
  return { tags, content };
}

function reaction(writer, random) {
  const target = writer.earlier();
  const content = random.chance(0.7) ? "+" : emojiOf(random);
  if (target === null) return { tags: [], content };
  const tags = [];
  for (let mentions = random.rank(7); mentions > 0; mentions--) tags.push(["p", writer.author()]);
  tags.push(["e", target.id], ["p", target.pubkey], ["k", String(target.kind)]);
  return { tags, content };
}

function zap(writer, random) {
  const target = writer.earlier();
  const receiver = target?.pubkey ?? writer.author();
  const sender = writer.author();
  const tags = [
    ["p", receiver],
    ["P", sender],
  ];
  if (target !== null) tags.push(["e", target.id]);
  const amount = random.pick([21, 100, 210, 1000, 2100, 5000, 21000]) * 1000;
  tags.push(["bolt11", `lnbc${amount / 100000}u1p${random.hex(90)}`]);
  const request = {
    pubkey: sender,
    kind: 9734,
    content: random.chance(0.2) ? prose(random, 10) : "",
    tags: [["p", receiver]],
  };
  tags.push(["description", JSON.stringify(request)], ["preimage", random.hex(32)]);
  return { tags, content: "" };
}

function repost(writer, random) {
  const tags = writer.replyTags("");
  const isQuoted = tags.length > 0 && random.chance(0.4);
  return {
    tags,
    content: isQuoted
      ? JSON.stringify({ id: tags[0][1], pubkey: tags[1][1], content: prose(random, 80) })
      : "",
  };
}

function profile(_writer, random) {
  const name = `${topic(random.below(400))}_${random.hex(2)}`;
  const about = prose(random, random.between(20, 160));
  return {
    tags: [],
    content: JSON.stringify({
      name,
      display_name: name,
      about,
      picture: url(random),
      nip05: `${name}@example.com`,
    }),
  };
}

function contacts(writer, random) {
  const tags = [];
  for (let follows = 1 + random.rank(random.chance(0.02) ? 600 : 90); follows > 0; follows--)
    tags.push(["p", writer.author()]);
  return {
    tags,
    content: random.chance(0.3) ? '{"wss://relay.example.com":{"read":true,"write":true}}' : "",
  };
}

function deletion(writer, random) {
  const target = writer.earlier();
  return { tags: target === null ? [] : [["e", target.id]], content: random.chance(0.5) ? "" : "deleted" };
}

function relays(_writer, random) {
  const tags = [];
  for (let count = random.between(1, 6); count > 0; count--)
    tags.push(["r", `wss://relay${random.rank(300)}.example.com`]);
  return { tags, content: "" };
}

function direct(writer, random) {
  return {
    tags: [["p", writer.author()]],
    content: `${random.hex(random.between(24, 120))}?iv=${random.hex(16)}`,
  };
}

function article(_writer, random) {
  const title = prose(random, 20).split("\n")[0];
  const tags = [
    ["d", `article-${random.hex(4)}`],
    ["title", title],
    ["published_at", String(startSeconds)],
  ];
  for (let topics = random.between(1, 4); topics > 0; topics--) tags.push(["t", topic(random.rank(2000))]);
  return { tags, content: `# ${title}\n\n${prose(random, random.between(1500, 6000))}` };
}

function report(writer) {
  const target = writer.earlier();
  return {
    tags:
      target === null
        ? []
        : [
            ["e", target.id, "spam"],
            ["p", target.pubkey, "spam"],
          ],
    content: "",
  };
}

const makers = {
  0: profile,
  1: note,
  3: contacts,
  4: direct,
  5: deletion,
  6: repost,
  7: reaction,
  1984: report,
  9735: zap,
  10002: relays,
  30023: article,
};

/**
 * Events as JSON lines without line breaks; `dup` percent of the lines repeat an earlier one. Without a signer
 * their signatures are random.
 */
export function* nostrEvents({ count, seed = 1, dup = 0, signer = null }) {
  const writer = new Writer({ count, seed, signer });
  yield* withRepeats(count, new Random(seed ^ 0x5eed), dup, () => writer.event());
}

/** Lines that may be repeated. */
const keptMax = 10000;

/** Makes `count` lines, of which `dup` percent repeat one of the last ones made. */
export function* withRepeats(count, random, dup, make) {
  const kept = [];
  for (let made = 0; made < count; made++) {
    if (kept.length > 0 && random.fraction() * 100 < dup) {
      yield random.pick(kept);
      continue;
    }
    const line = make(made);
    if (dup > 0) kept[Math.min(made % keptMax, kept.length)] = line;
    yield line;
  }
}
