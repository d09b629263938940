/** Terms computed plainly, from the definitions. */
const mask = (1n << 64n) - 1n;
const signBit = 1n << 63n;
const primes = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
];
const [p1, p2, p3, p4, p5] = primes as [bigint, bigint, bigint, bigint, bigint];

const rotate = (value: bigint, bits: bigint) => ((value << bits) | (value >> (64n - bits))) & mask;
const round = (lane: bigint, input: bigint) => (rotate((lane + input * p2) & mask, 31n) * p1) & mask;

export function xxh64Twin(bytes: Buffer, seed = 0n): bigint {
  let at = 0;
  let hash: bigint;
  if (bytes.length >= 32) {
    const lanes = [seed + p1 + p2, seed + p2, seed, seed - p1].map((lane) => lane & mask);
    for (; at + 32 <= bytes.length; at += 32) {
      for (let i = 0; i < 4; i++) lanes[i] = round(lanes[i]!, bytes.readBigUInt64LE(at + i * 8));
    }
    const turns = [1n, 7n, 12n, 18n];
    hash = lanes.reduce((sum, lane, i) => sum + rotate(lane, turns[i]!), 0n) & mask;
    for (const lane of lanes) hash = ((hash ^ round(0n, lane)) * p1 + p4) & mask;
  } else {
    hash = (seed + p5) & mask;
  }
  hash = (hash + BigInt(bytes.length)) & mask;
  for (; at + 8 <= bytes.length; at += 8) {
    hash = (rotate(hash ^ round(0n, bytes.readBigUInt64LE(at)), 27n) * p1 + p4) & mask;
  }
  if (at + 4 <= bytes.length) {
    hash = (rotate(hash ^ ((BigInt(bytes.readUInt32LE(at)) * p1) & mask), 23n) * p2 + p3) & mask;
    at += 4;
  }
  for (; at < bytes.length; at++) hash = (rotate(hash ^ ((BigInt(bytes[at]!) * p5) & mask), 11n) * p1) & mask;
  hash = ((hash ^ (hash >> 33n)) * p2) & mask;
  hash = ((hash ^ (hash >> 29n)) * p3) & mask;
  return hash ^ (hash >> 32n);
}

export function integerTwin(value: bigint): bigint {
  const limit = signBit - 1n;
  const saturated = value > limit ? limit : value < -signBit ? -signBit : value;
  return BigInt.asUintN(64, saturated) ^ signBit;
}

export function floatTwin(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value + 0);
  const bits = view.getBigUint64(0);
  return bits & signBit ? ~bits & mask : bits | signBit;
}

export function exactTwin(bytes: Buffer): bigint {
  if (bytes.length > 7) return signBit | (xxh64Twin(bytes) >> 1n);
  const padded = Buffer.concat([Buffer.of(bytes.length), bytes, Buffer.alloc(7 - bytes.length)]);
  return padded.readBigUInt64BE();
}

/** Tokens by regular expressions; `alone` characters are tokens of their own. */
export function tokensTwin(text: string): string[] {
  const runs = text.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
  const pieces = runs.flatMap(
    (run) =>
      run.match(
        /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/gu,
      ) ?? [],
  );
  return pieces.map((piece) => cut([...piece].map(lower).join("")));
}

/** Every three bytes of the text in lower case, repeats included. */
export function trigramsTwin(text: string): Buffer[] {
  const bytes = Buffer.concat([...text].map((character) => pointBytes(lower(character))));
  return Array.from({ length: Math.max(0, bytes.length - 2) }, (_, at) => bytes.subarray(at, at + 3));
}

/** UTF-8; a lone surrogate is three bytes like its neighbours. */
function pointBytes(character: string): Buffer {
  const point = character.codePointAt(0)!;
  if (point < 0xd800 || point > 0xdfff) return Buffer.from(character);
  return Buffer.of(0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63));
}

function lower(character: string): string {
  return String.fromCodePoint(character.toLowerCase().codePointAt(0)!);
}

/** At most 64 bytes of whole characters. */
function cut(token: string): string {
  let bytes = 0;
  let kept = "";
  for (const character of token) {
    bytes += Buffer.byteLength(character);
    if (bytes > 64) break;
    kept += character;
  }
  return kept;
}
