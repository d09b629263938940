import { createHash } from "node:crypto";
import { quadKeyBytesMax } from "../kernel/index.js";

const textEnd = Uint8Array.of(0xff);
const textAbsent = Uint8Array.of(0xfe);
const keyIsDigest = Uint8Array.of(0xfd);
const digestBytes = 32;

/** The key of a quad, as kernels/load-quad-keys.ts makes it of its members. */
export function quadKey(members: readonly (string | null)[]): Uint8Array {
  const whole = Buffer.concat(
    members.flatMap((text) => (text === null ? [textAbsent] : [Buffer.from(text, "utf8"), textEnd])),
  );
  if (whole.length <= quadKeyBytesMax) return whole;
  const digest = createHash("blake2b512").update(whole).digest().subarray(0, digestBytes);
  return Buffer.concat([keyIsDigest, digest]);
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
