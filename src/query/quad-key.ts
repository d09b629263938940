import { createHash } from "node:crypto";
import { quadKeyBytesMax } from "../kernel/index.js";

const textEnd = Uint8Array.of(0xff);
const textAbsent = Uint8Array.of(0xfe);
const keyIsDigest = Uint8Array.of(0xfd);
const digestBytes = 32;
/** Predicate and graph stand first in what is digested, and fill whole blocks. */
const blockBytes = 128;

/** The key of a quad, as kernels/load-quad-keys.ts makes it of its members in their order. */
export function quadKey(members: readonly (string | null)[]): Uint8Array {
  const parts = members.map((text) =>
    text === null ? textAbsent : Buffer.concat([Buffer.from(text, "utf8"), textEnd]),
  );
  const whole = Buffer.concat(parts);
  if (whole.length <= quadKeyBytesMax) return whole;
  const [subject, predicate, ...others] = parts as [Buffer, Buffer, ...Buffer[]];
  const graph = others.pop()!;
  const sharedBytes = predicate.length + graph.length;
  const padding = Buffer.alloc(-sharedBytes & (blockBytes - 1));
  const digest = createHash("blake2b512");
  for (const part of [predicate, graph, padding, subject, ...others]) digest.update(part);
  return Buffer.concat([keyIsDigest, digest.digest().subarray(0, digestBytes)]);
}

/** A key for people: the digits of a digest, or the texts that are there. */
export function quadKeyText(key: Uint8Array): string {
  if (key[0] === keyIsDigest[0]) return Buffer.from(key.subarray(1)).toString("hex");
  const texts: string[] = [];
  let from = 0;
  for (let at = 0; at < key.length; at++) {
    if (key[at]! < textAbsent[0]!) continue;
    if (key[at] === textEnd[0]) texts.push(Buffer.from(key.subarray(from, at)).toString("utf8"));
    from = at + 1;
  }
  return texts.join(" ");
}
