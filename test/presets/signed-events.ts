import { createHash } from "node:crypto";
import { schnorr } from "@noble/curves/secp256k1.js";

/** Signs with a library that the program does not use: neither can vouch for the other's mistakes. */
export interface SignedEvent {
  id: string;
  pubkey: string;
  created_at: number;
  kind: number;
  tags: string[][];
  content: string;
  sig: string;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

export function secretOf(number: number): Uint8Array {
  return createHash("sha256").update(`author ${number}`).digest();
}

export function pubkeyOf(secret: Uint8Array): string {
  return hex(schnorr.getPublicKey(secret));
}

/** The id of plain values, whose JSON is their serialisation. */
export function idOf(event: Omit<SignedEvent, "id" | "sig">): string {
  const { pubkey, created_at, kind, tags, content } = event;
  return createHash("sha256")
    .update(JSON.stringify([0, pubkey, created_at, kind, tags, content]))
    .digest("hex");
}

export function signatureOf(id: string, secret: Uint8Array): string {
  return hex(schnorr.sign(Buffer.from(id, "hex"), secret));
}

/** An event of an author, by number; what is given replaces the usual before id and signature are made. */
export function signedEvent(number: number, given: Partial<SignedEvent> = {}): SignedEvent {
  const secret = secretOf(number % 7);
  const unsigned = {
    pubkey: pubkeyOf(secret),
    created_at: 1_700_000_000 + number,
    kind: 1,
    tags: [["t", `topic${number}`]],
    content: `note ${number}`,
    ...given,
  };
  const id = idOf(unsigned);
  return { id, ...unsigned, sig: signatureOf(id, secret) };
}

/** The event with its id made anew, so that the signature is all that is wrong. */
export function withId(event: SignedEvent): SignedEvent {
  const { id: _id, sig, ...unsigned } = event;
  return { id: idOf(unsigned), ...unsigned, sig };
}

/** One bit of hex text flipped. */
export function flipBit(text: string, bit: number): string {
  const bytes = Buffer.from(text, "hex");
  bytes[bit >> 3]! ^= 1 << (bit & 7);
  return bytes.toString("hex");
}

/** Hex of x coordinates that no point of the curve has, and of one that is above the field's size. */
export const keysOffCurve = [
  "eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34",
  "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30",
];

/** Each way in which a signature does not hold, with what the reject says. */
export function brokenEvents(): { name: string; event: object; reason: string }[] {
  const good = signedEvent(1);
  const other = signedEvent(2);
  const { sig: _sig, ...unsigned } = good;
  const notBy = '"sig" is not by "pubkey" over "id"';
  const notHex = '"sig" is not 128 lower-case hex digits';
  const order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
  return [
    { name: "a bit of r flipped", event: { ...good, sig: flipBit(good.sig, 5) }, reason: notBy },
    { name: "a bit of s flipped", event: { ...good, sig: flipBit(good.sig, 400) }, reason: notBy },
    { name: "of another event", event: { ...good, sig: other.sig }, reason: notBy },
    { name: "by another key", event: withId({ ...good, pubkey: other.pubkey }), reason: notBy },
    { name: "of the event before it was changed", event: withId({ ...good, content: "x" }), reason: notBy },
    { name: "all zeros", event: { ...good, sig: "00".repeat(64) }, reason: notBy },
    { name: "s not below the order", event: { ...good, sig: good.sig.slice(0, 64) + order }, reason: notBy },
    { name: "missing", event: unsigned, reason: '"sig" is missing' },
    { name: "null", event: { ...good, sig: null }, reason: '"sig" is missing' },
    { name: "empty", event: { ...good, sig: "" }, reason: notHex },
    { name: "too short", event: { ...good, sig: good.sig.slice(2) }, reason: notHex },
    { name: "too long", event: { ...good, sig: `${good.sig}00` }, reason: notHex },
    { name: "in capitals", event: { ...good, sig: good.sig.toUpperCase() }, reason: notHex },
    {
      name: "by a key in capitals",
      event: signedEvent(1, { pubkey: good.pubkey.toUpperCase() }),
      reason: '"pubkey" is not 64 lower-case hex digits',
    },
    ...keysOffCurve.map((pubkey) => ({
      name: `by a key off the curve, ${pubkey.slice(0, 4)}`,
      event: withId({ ...good, pubkey }),
      reason: '"pubkey" is not a key of the curve',
    })),
  ];
}
