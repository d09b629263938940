import { readFileSync } from "node:fs";
import { schnorr } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createNostrCheck } from "../../src/presets/index.js";
import { nostrMapping } from "../../src/presets/nostr.js";
import { loadSchnorr } from "../../src/presets/schnorr.js";
import { entityOf, LoaderRig } from "../pipeline/loader-rig.js";
import { projectFile } from "../support/cli.js";
import { brokenEvents, flipBit, idOf, type SignedEvent, signedEvent } from "./signed-events.js";

const entity = entityOf(nostrMapping());
const rig = new LoaderRig();
const check = createNostrCheck({ hasSignatures: true });
const library = loadSchnorr();

function load(...lines: string[]) {
  return rig.load({ entity, format: "jsonl", header: null, text: lines.join("\n") }, check);
}

const vectors = readFileSync(projectFile("test/presets/bip340-vectors.csv"), "utf8")
  .split("\n")
  .filter((line) => /^\d/.test(line))
  .map((line) => {
    const [index, , key, , message, signature, verdict, comment] = line.split(",");
    const [keyBytes, messageBytes, signatureBytes] = [key, message, signature].map((hex) =>
      Uint8Array.from(Buffer.from(hex!, "hex")),
    );
    const isTrue = verdict === "TRUE";
    return {
      name: `${index} ${comment}`,
      key: keyBytes!,
      message: messageBytes!,
      signature: signatureBytes!,
      isTrue,
    };
  });

test("all vectors of BIP-340 are there, and the other library agrees with them", () => {
  expect(vectors.length).toBe(19);
  expect(vectors.filter(({ isTrue }) => isTrue).length).toBe(9);
  for (const { name, key, message, signature, isTrue } of vectors) {
    expect(schnorr.verify(signature, message, key), name).toBe(isTrue);
  }
});

test.each(vectors)("vector $name", ({ key, message, signature, isTrue }) => {
  // Ids are of 32 bytes: the vectors with other messages are refused, which is the safe side.
  expect(library.isSigned(message, key, signature)).toBe(isTrue && message.length === 32);
});

test("vectors with keys that are none are told apart from wrong signatures", () => {
  const isKeyOf = vectors.map(({ key }) => library.isKey(key));
  expect(isKeyOf.flatMap((isKey, at) => (isKey ? [] : [at]))).toEqual([5, 14]);
});

const event = fc
  .record({
    number: fc.nat({ max: 1000 }),
    // Kinds from 20,000 are not stored, whoever has signed them.
    kind: fc.nat({ max: 19_999 }),
    content: fc.string({ unit: fc.constantFrom("a", "é", "😀", " ", "/", "#") }),
    bit: fc.nat({ max: 511 }),
  })
  .map(({ number, kind, content, bit }) => ({ event: signedEvent(number, { kind, content }), bit }));

test("what another library signed holds, and with any one bit changed it does not", () => {
  fc.assert(
    fc.property(event, ({ event: good, bit }) => {
      const bad = { ...good, sig: flipBit(good.sig, bit) };
      const loaded = load(JSON.stringify(good), JSON.stringify(bad), JSON.stringify(good));
      expect(loaded.rejects.map(({ ordinal, code }) => [ordinal, code])).toEqual([[1, "NOSTR_SIGNATURE"]]);
    }),
    { numRuns: 60 },
  );
});

test.each(brokenEvents())("a signature that is $name is turned down", ({ event, reason }) => {
  const good = JSON.stringify(signedEvent(1));
  const { rejects, records } = load(good, JSON.stringify(event), good);
  expect(rejects.map((reject) => [reject.ordinal, reject.code, reject.reason])).toEqual([
    [1, "NOSTR_SIGNATURE", reason],
  ]);
  expect([...records.keys()]).toEqual([0, 2]);
});

test("a signature that is no text is turned down, whatever the code", () => {
  const { sig: _sig, ...unsigned } = signedEvent(1);
  for (const sig of [7, true, {}, [], ["ab".repeat(64)]]) {
    expect(load(JSON.stringify({ ...unsigned, sig })).rejects.length).toBe(1);
  }
});

test("hex digits may be written as escapes, as the last of two members, in any order", () => {
  const good = signedEvent(3);
  const line = JSON.stringify(good);
  const escaped = (text: string) => `\\u${text.charCodeAt(0).toString(16).padStart(4, "0")}${text.slice(1)}`;
  const variants = [
    line.replace(good.sig, escaped(good.sig)),
    line.replace(good.pubkey, escaped(good.pubkey)),
    line.replace('"sig":', '"sig":"other","sig":'),
    JSON.stringify(Object.fromEntries(Object.entries(good).reverse())),
  ];
  expect(load(...variants).rejects).toEqual([]);
  const overridden = line.replace(/}$/, `,"sig":"${"00".repeat(64)}"}`);
  expect(load(overridden).rejects.map(({ code }) => code)).toEqual(["NOSTR_SIGNATURE"]);
});

test("an id that is wrong is told first, however good the signature is over it", () => {
  const good = signedEvent(4);
  const { rejects } = load(JSON.stringify({ ...good, kind: 2 }));
  expect(rejects.map(({ code }) => code)).toEqual(["NOSTR_ID"]);
  const { id: _id, sig: _sig, ...rest } = good;
  expect(rejects[0]!.reason).toBe(
    `it should be ${idOf({ ...rest, kind: 2 } satisfies Partial<SignedEvent>)}`,
  );
});

test("records of other entities have no id to check", () => {
  const other = { ...entity, name: "Note" };
  const text = JSON.stringify({ ...signedEvent(1), id: "00".repeat(32) });
  expect(rig.load({ entity: other, format: "jsonl", header: null, text }, check).rejects).toEqual([]);
});
