import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createNostrCheck } from "../../src/presets/index.js";
import { nostrMapping } from "../../src/presets/nostr.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";

const entity = entityOf(nostrMapping());
const rig = new LoaderRig();
const check = createNostrCheck({ hasSignatures: false });

interface Event {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  sig: string;
}

/** NIP-01, word for word: seven characters are escaped, all others are verbatim. */
function serialise(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(serialise).join(",")}]`;
  if (typeof value !== "string") return String(value);
  const escapes: Record<string, string> = {
    "\n": "\\n",
    '"': '\\"',
    "\\": "\\\\",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
  };
  return `"${[...value].map((character) => escapes[character] ?? character).join("")}"`;
}

function signed(event: Omit<Event, "id" | "sig">): Event {
  const { pubkey, created_at, kind, tags, content } = event;
  const text = serialise([0, pubkey, created_at, kind, tags, content]);
  return { id: createHash("sha256").update(text).digest("hex"), ...event, sig: "ab".repeat(64) };
}

const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: "binary" }),
  fc.constantFrom("/a/b", '\n\r\t\b\f"\\', "\u0001\u007f\u2028", "😀"),
);
const event = fc
  .record({
    pubkey: fc.constant("0f".repeat(32)),
    created_at: fc.nat(),
    kind: fc.nat({ max: 65535 }).filter((kind) => kind < 20_000 || kind >= 30_000),
    tags: fc.array(fc.array(text, { maxLength: 4 }), { maxLength: 6 }),
    content: text,
  })
  .map(signed);

/** The same event in other JSON: spaces, escapes that are not needed, members in another order. */
const variants: ((event: Event) => string)[] = [
  (value) => JSON.stringify(value),
  (value) => JSON.stringify(value, null, " ").replaceAll("\n", " "),
  (value) => JSON.stringify(value).replaceAll("/", "\\/"),
  (value) =>
    JSON.stringify(value).replace(
      /[\u0080-\uffff]/g,
      (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
    ),
  (value) => JSON.stringify(Object.fromEntries(Object.entries(value).reverse())),
  (value) => JSON.stringify({ extra: [1, { id: "x" }], ...value }),
];

function load(...lines: string[]) {
  return rig.load({ entity, format: "jsonl", header: null, text: lines.join("\n") }, check);
}

test("ids are right however the event is written", () => {
  fc.assert(
    fc.property(event, (value) => {
      const loaded = load(...variants.map((variant) => variant(value)));
      expect(loaded.rejects).toEqual([]);
      expect(loaded.records.size).toBe(variants.length);
    }),
    { numRuns: 100 },
  );
});

test("a change to any member is noticed", () => {
  const good = signed({
    pubkey: "0f".repeat(32),
    created_at: 5,
    kind: 1,
    tags: [["e", "x"]],
    content: "hello",
  });
  const changes: Partial<Record<keyof Event, unknown>>[] = [
    { id: "00".repeat(32) },
    { id: good.id.toUpperCase() },
    { pubkey: "0e".repeat(32) },
    { created_at: 6 },
    { kind: 2 },
    { tags: [["e", "y"]] },
    { tags: [["e", "x"], []] },
    { tags: [["e", "x", ""]] },
    { content: "hello " },
    { content: "Hello" },
  ];
  for (const change of changes) {
    const loaded = load(JSON.stringify({ ...good, ...change }), JSON.stringify(good));
    expect(loaded.rejects.map(({ ordinal, code }) => [ordinal, code])).toEqual([[0, "NOSTR_ID"]]);
    expect([...loaded.records.keys()]).toEqual([1]);
  }
  const short = { ...good, id: good.id.slice(2) };
  expect(load(JSON.stringify(short)).rejects[0]).toMatchObject({
    code: "NOSTR_HEX",
    reason: 'field "id" must be 64 hexadecimal digits',
  });
  expect(load(JSON.stringify({ ...good, kind: 2 })).rejects[0]!.reason).toMatch(
    /^it should be [0-9a-f]{64}$/,
  );
});

test("the last of two members of one name counts", () => {
  const good = signed({ pubkey: "0f".repeat(32), created_at: 5, kind: 1, tags: [], content: "hello" });
  const line = JSON.stringify(good);
  expect(load(line.replace('"content":', '"content":"other","content":')).rejects).toEqual([]);
  expect(load(line.replace('"content":"hello"', '"content":"hello","content":"other"')).rejects.length).toBe(
    1,
  );
});

test("an array in the place of a value is not transparent", () => {
  const good = signed({ pubkey: "0f".repeat(32), created_at: 5, kind: 1, tags: [], content: "hello" });
  expect(load(JSON.stringify({ ...good, content: ["hello", "x"] })).rejects[0]!.code).toBe("NOSTR_ID");
});

test("without its index of texts the content has no words", () => {
  const bare = entityOf(nostrMapping({ text: false }));
  const value = signed({
    pubkey: "0f".repeat(32),
    created_at: 5,
    kind: 1,
    tags: [],
    content: "many words are here",
  });
  const { tuples } = rig.load({ entity: bare, format: "jsonl", header: null, text: JSON.stringify(value) });
  expect(tuples.length).toBe(3);
});
