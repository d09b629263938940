import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createNostrCheck } from "../../src/presets/index.js";
import { nostrMapping } from "../../src/presets/nostr.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";
import { type NostrEvent, nostrEvent, testPubkeys, type UnsignedEvent } from "./events.js";
import { parseEvent, writtenId } from "./naive-model.js";

const rig = new LoaderRig();
const entity = entityOf(nostrMapping());
const check = createNostrCheck({ hasSignatures: false });
const [ann, bob] = testPubkeys as [string, string];

const base: UnsignedEvent = { pubkey: ann, created_at: 5, kind: 1, tags: [], content: "hello" };
const made = (parts: Partial<UnsignedEvent>): NostrEvent => nostrEvent({ ...base, ...parts });
const line = (parts: Partial<UnsignedEvent> = {}): string => JSON.stringify(made(parts));

/** An event whose members are written as they are given, with the id of just that. */
function written(parts: Partial<Record<keyof UnsignedEvent, string>>): string {
  const whole = { pubkey: `"${ann}"`, created_at: "5", kind: "1", tags: "[]", content: '"hello"', ...parts };
  const { pubkey, created_at, kind, tags, content } = whole;
  const id = createHash("sha256").update(`[0,${pubkey},${created_at},${kind},${tags},${content}]`);
  const members = Object.entries(whole).map(([name, value]) => `"${name}":${value}`);
  return `{"id":"${id.digest("hex")}",${members.join(",")},"sig":""}`;
}

/** The id of the text as JSON.stringify would have it: right for seven characters, wrong for the others. */
function stringified(content: string): string {
  const text = JSON.stringify([0, ann, 5, 1, [], content]);
  return JSON.stringify({ ...made({ content }), id: createHash("sha256").update(text).digest("hex") });
}

const taken: [string, string][] = [
  ["the seven short escapes", line({ content: '\n"\\\r\t\b\f' })],
  ["other control characters, verbatim in the hash", line({ content: "\u0000 \u0001 \u001f \u007f" })],
  ["NUL in a tag that names a group", line({ kind: 30_023, tags: [["d", "a\u0000b"]] })],
  ["line and paragraph separators", line({ content: "\u2028\u2029" })],
  ["a slash that is escaped", line({ content: "a/b" }).replace("a/b", "a\\/b")],
  ["letters as escapes", line({ content: "Zé" }).replace("Zé", "\\u005a\\u00E9")],
  ["a surrogate pair as escapes", line({ content: "👍" }).replace("👍", "\\uD83D\\udc4d")],
  ["a lone surrogate, hashed as U+FFFD", line({ content: "a\ud800b" })],
  ["a lone surrogate in a tag", line({ tags: [["t", "\udc00"]] })],
  ["the short escapes as \\u escapes", line({ content: "\n\t" }).replace("\\n\\t", "\\u000a\\u0009")],
  ["a digit of the key as an escape", line().replace(`"${ann}"`, `"\\u0061${ann.slice(1)}"`)],
  ["a member's name as escapes", line().replace('"id"', '"\\u0069d"')],
  [
    "members that are not known, also of known names deeper",
    line().replace("{", '{"x":{"id":"y","kind":[]},'),
  ],
  ["the last of two of one member", line().replace('"created_at":5', '"created_at":6,"created_at":5')],
  ["an earlier kind that would be refused", line().replace('"kind":1', '"kind":20001,"kind":1')],
  ["a time before 1970", written({ created_at: "-5" })],
  ["minus nothing", written({ created_at: "-0", kind: "-0" })],
  ["a time of more digits than a double has", written({ created_at: "9007199254740993" })],
  ["a time of more digits than 64 bits", written({ created_at: `1${"0".repeat(30)}` })],
  ["a kind beyond 16 bits, and below zero", written({ kind: "65536" })],
  ["a kind below zero", written({ kind: "-1" })],
  ["a key in capitals, which gives another id", written({ pubkey: `"${ann.toUpperCase()}"` })],
];

const refused: [string, string, string][] = [
  ["the id of other escapes", stringified("\u0001"), "NOSTR_ID"],
  ["the id of escaped surrogates", stringified("\ud800"), "NOSTR_ID"],
  ["an id in capitals", line().replace(made({}).id, made({}).id.toUpperCase()), "NOSTR_ID"],
  ["an id without its last pair", line().replace(made({}).id, made({}).id.slice(2)), "NOSTR_HEX"],
  ["the first of two of one member", line().replace('"kind":1', '"kind":1,"kind":2'), "NOSTR_ID"],
  ["two authors", line().replace('"pubkey"', `"pubkey":"${ann}","pubkey":"${bob}","x"`), "NOSTR_ID"],
  ["a time with a fraction of nothing", written({ created_at: "1.0" }), "FIELD_TYPE"],
  ["a time with an exponent", written({ created_at: "1e3" }), "FIELD_TYPE"],
  ["its id as the number it is", written({ created_at: "1000" }).replace(":1000", ":1e3"), "FIELD_TYPE"],
  ["a kind with an exponent", written({ kind: "1E0" }), "FIELD_TYPE"],
  ["a kind with a fraction of nothing", written({ kind: "5.0" }), "FIELD_TYPE"],
  ["a time in quotes", written({ created_at: '"5"' }), "FIELD_TYPE"],
  ["a number with a leading zero", written({ created_at: "05" }), "JSON_SYNTAX"],
  ["a control character that stands as it is", line().replace("hello", "\u0001"), "JSON_SYNTAX"],
  ["an escape that is none", line().replace("hello", "\\x41"), "JSON_SYNTAX"],
  ["tags that are no list", written({ tags: "{}" }), "FIELD_TYPE"],
  ["no content", written({ content: "null" }), "FIELD_MISSING"],
  ["a content that is no string", written({ content: "5" }), "NOSTR_ID"],
];

/** What the twin says: whether the line has the shape of an event, and the id that its text has. */
function isTakenByTwin(text: string): boolean {
  const event = parseEvent(text);
  return event !== null && event.id === writtenId(text, event);
}

function codesOf(text: string): string[] {
  const { rejects } = rig.load({ entity, format: "jsonl", header: null, text }, check);
  return rejects.map(({ code }) => code);
}

describe("events that are written oddly", () => {
  test.each(taken)("are taken: %s", (_what, text) => {
    expect(isTakenByTwin(text)).toBe(true);
    expect(codesOf(text)).toEqual([]);
  });

  test.each(refused)("are refused: %s", (_what, text, code) => {
    expect(isTakenByTwin(text)).toBe(false);
    expect(codesOf(text)).toEqual([code]);
  });
});
