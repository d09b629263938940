/**
 * BLAKE2b (RFC 7693) with its digest of 64 bytes, over bytes that come piece by piece. One digest is under
 * way at a time.
 */

const BLOCK_BYTES: usize = 128;
const DIGEST_BYTES: u64 = 64;

const vector = memory.data<u64>(
  [
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1, 0x510e527fade682d1,
    0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
  ],
  16,
);

/** The message words of each round, as offsets of their bytes; rounds 10 and 11 are those of 0 and 1. */
const schedule = memory.data<u8>([
  0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120,
  112, 80, 32, 64, 72, 120, 104, 48, 8, 96, 0, 16, 88, 56, 40, 24,
  88, 64, 96, 0, 40, 16, 120, 104, 80, 112, 24, 48, 56, 8, 72, 32,
  56, 72, 24, 8, 104, 96, 88, 112, 16, 48, 40, 80, 32, 0, 120, 64,
  72, 0, 40, 56, 16, 32, 80, 120, 112, 8, 88, 96, 48, 64, 24, 104,
  16, 96, 48, 80, 0, 88, 64, 24, 32, 104, 56, 40, 120, 112, 8, 72,
  96, 40, 8, 120, 112, 104, 32, 80, 0, 56, 48, 24, 72, 16, 64, 88,
  104, 88, 56, 112, 96, 8, 24, 72, 40, 0, 120, 32, 64, 48, 16, 80,
  48, 120, 112, 72, 88, 24, 0, 64, 96, 16, 104, 56, 8, 32, 80, 40,
  80, 16, 64, 32, 56, 48, 8, 40, 120, 88, 72, 112, 24, 96, 104, 0,
  0, 8, 16, 24, 32, 40, 48, 56, 64, 72, 80, 88, 96, 104, 112, 120,
  112, 80, 32, 64, 72, 120, 104, 48, 8, 96, 0, 16, 88, 56, 40, 24,
]);

/** The block that fills up, with room for one store of 16 bytes behind it; and the state of eight words. */
const block = memory.data(128 + 16, 16);
const hash = memory.data(64, 16);

let blockAt: usize = 0;
let hashed: u64 = 0;

export function blake2bBegin(): void {
  for (let i: usize = 0; i < 64; i += 16) v128.store(hash + i, v128.load(vector + i));
  store<u64>(hash, load<u64>(hash) ^ 0x01010000 ^ DIGEST_BYTES);
  blockAt = 0;
  hashed = 0;
}

/** Takes bytes; up to 15 bytes behind them are read. */
export function blake2bFeed(from: usize, bytes: usize): void {
  while (bytes > 0) {
    if (blockAt == BLOCK_BYTES) {
      hashed += BLOCK_BYTES;
      compress(0);
      blockAt = 0;
    }
    const step = min<usize>(bytes, BLOCK_BYTES - blockAt);
    for (let i: usize = 0; i < step; i += 16) v128.store(block + blockAt + i, v128.load(from + i));
    blockAt += step;
    from += step;
    bytes -= step;
  }
}

export function blake2bFeedByte(byte: u32): void {
  if (blockAt == BLOCK_BYTES) {
    hashed += BLOCK_BYTES;
    compress(0);
    blockAt = 0;
  }
  store<u8>(block + blockAt, byte);
  blockAt += 1;
}

/** Fills the block at work with zeros, so that what comes next begins a new one; something must come. */
export function blake2bAlign(): void {
  if (blockAt == 0) return;
  for (let at = blockAt; at < BLOCK_BYTES; at += 16) v128.store(block + at, i64x2.splat(0));
  hashed += BLOCK_BYTES;
  compress(0);
  blockAt = 0;
}

/** Keeps the state behind whole blocks in 64 bytes, for digests that begin with the same. */
export function blake2bSave(to: usize): void {
  for (let i: usize = 0; i < 64; i += 16) v128.store(to + i, v128.load(hash + i));
}

export function blake2bRestore(from: usize, bytes: u64): void {
  for (let i: usize = 0; i < 64; i += 16) v128.store(hash + i, v128.load(from + i));
  blockAt = 0;
  hashed = bytes;
}

/** Ends the digest and returns where it lies: 64 bytes, until the next one is begun. */
export function blake2bEnd(): usize {
  hashed += blockAt;
  for (let at = blockAt; at < BLOCK_BYTES; at += 16) v128.store(block + at, i64x2.splat(0));
  compress(-1);
  return hash;
}

/** The digest of a text at once; it lies as `blake2bEnd` says. */
export function blake2bOf(start: usize, bytes: u32): usize {
  blake2bBegin();
  blake2bFeed(start, bytes);
  return blake2bEnd();
}

/** Two message words side by side. */
@inline
function words(row: usize, i: usize, j: usize): v128 {
  const first = v128.load64_splat(block + <usize>load<u8>(row + i));
  return v128.load_lane<u64>(block + <usize>load<u8>(row + j), first, 1);
}

/** The two words that begin in the middle of `x` and end in the middle of `y`. */
@inline
function across(x: v128, y: v128): v128 {
  return v128.shuffle<u64>(x, y, 1, 2);
}

@inline
function rotate32(x: v128): v128 {
  return v128.shuffle<u32>(x, x, 1, 0, 3, 2);
}

@inline
function rotate24(x: v128): v128 {
  return v128.shuffle<u8>(x, x, 3, 4, 5, 6, 7, 0, 1, 2, 11, 12, 13, 14, 15, 8, 9, 10);
}

@inline
function rotate16(x: v128): v128 {
  return v128.shuffle<u16>(x, x, 1, 2, 3, 0, 5, 6, 7, 4);
}

@inline
function rotate63(x: v128): v128 {
  return v128.or(i64x2.shr_u(x, 63), i64x2.add(x, x));
}

/** The rows of the working state are two vectors each; the second half of a round is on its diagonals. */
function compress(last: u64): void {
  let a0 = v128.load(hash);
  let a1 = v128.load(hash, 16);
  let b0 = v128.load(hash, 32);
  let b1 = v128.load(hash, 48);
  let c0 = v128.load(vector);
  let c1 = v128.load(vector, 16);
  let d0 = v128.xor(v128.load(vector, 32), i64x2(hashed, 0));
  let d1 = v128.xor(v128.load(vector, 48), i64x2(last, 0));
  for (let row = schedule; row < schedule + 192; row += 16) {
    a0 = i64x2.add(i64x2.add(a0, b0), words(row, 0, 2));
    a1 = i64x2.add(i64x2.add(a1, b1), words(row, 4, 6));
    d0 = rotate32(v128.xor(d0, a0));
    d1 = rotate32(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate24(v128.xor(b0, c0));
    b1 = rotate24(v128.xor(b1, c1));
    a0 = i64x2.add(i64x2.add(a0, b0), words(row, 1, 3));
    a1 = i64x2.add(i64x2.add(a1, b1), words(row, 5, 7));
    d0 = rotate16(v128.xor(d0, a0));
    d1 = rotate16(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate63(v128.xor(b0, c0));
    b1 = rotate63(v128.xor(b1, c1));
    let t0 = b0;
    b0 = across(b0, b1);
    b1 = across(b1, t0);
    t0 = c0;
    c0 = c1;
    c1 = t0;
    t0 = d0;
    d0 = across(d1, d0);
    d1 = across(t0, d1);
    a0 = i64x2.add(i64x2.add(a0, b0), words(row, 8, 10));
    a1 = i64x2.add(i64x2.add(a1, b1), words(row, 12, 14));
    d0 = rotate32(v128.xor(d0, a0));
    d1 = rotate32(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate24(v128.xor(b0, c0));
    b1 = rotate24(v128.xor(b1, c1));
    a0 = i64x2.add(i64x2.add(a0, b0), words(row, 9, 11));
    a1 = i64x2.add(i64x2.add(a1, b1), words(row, 13, 15));
    d0 = rotate16(v128.xor(d0, a0));
    d1 = rotate16(v128.xor(d1, a1));
    c0 = i64x2.add(c0, d0);
    c1 = i64x2.add(c1, d1);
    b0 = rotate63(v128.xor(b0, c0));
    b1 = rotate63(v128.xor(b1, c1));
    t0 = b0;
    b0 = across(b1, b0);
    b1 = across(t0, b1);
    t0 = c0;
    c0 = c1;
    c1 = t0;
    t0 = d0;
    d0 = across(d0, d1);
    d1 = across(d1, t0);
  }
  v128.store(hash, v128.xor(v128.load(hash), v128.xor(a0, c0)));
  v128.store(hash, v128.xor(v128.load(hash, 16), v128.xor(a1, c1)), 16);
  v128.store(hash, v128.xor(v128.load(hash, 32), v128.xor(b0, d0)), 32);
  v128.store(hash, v128.xor(v128.load(hash, 48), v128.xor(b1, d1)), 48);
}
