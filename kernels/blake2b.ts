/**
 * BLAKE2b (RFC 7693) with its digest of 64 bytes, over bytes that come piece by piece. One digest is under way
 * at a time.
 */

const BLOCK_BYTES: usize = 128;
const DIGEST_BYTES: u64 = 64;

const iv0: u64 = 0x6a09e667f3bcc908;
const iv1: u64 = 0xbb67ae8584caa73b;
const iv2: u64 = 0x3c6ef372fe94f82b;
const iv3: u64 = 0xa54ff53a5f1d36f1;
const iv4: u64 = 0x510e527fade682d1;
const iv5: u64 = 0x9b05688c2b3e6c1f;
const iv6: u64 = 0x1f83d9abfb41bd6b;
const iv7: u64 = 0x5be0cd19137e2179;

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
  store<u64>(hash, iv0 ^ 0x01010000 ^ DIGEST_BYTES);
  store<u64>(hash, iv1, 8);
  store<u64>(hash, iv2, 16);
  store<u64>(hash, iv3, 24);
  store<u64>(hash, iv4, 32);
  store<u64>(hash, iv5, 40);
  store<u64>(hash, iv6, 48);
  store<u64>(hash, iv7, 56);
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

/** Ends the digest and returns where it lies: 64 bytes, until the next one is begun. */
export function blake2bEnd(): usize {
  hashed += blockAt;
  memory.fill(block + blockAt, 0, BLOCK_BYTES - blockAt);
  compress(-1);
  return hash;
}

/** The digest of a text at once; it lies as `blake2bEnd` says. */
export function blake2bOf(start: usize, bytes: u32): usize {
  blake2bBegin();
  blake2bFeed(start, bytes);
  return blake2bEnd();
}

@inline
function word(row: usize, index: usize): u64 {
  return load<u64>(block + <usize>load<u8>(row + index));
}

function compress(last: u64): void {
  let v0 = load<u64>(hash);
  let v1 = load<u64>(hash, 8);
  let v2 = load<u64>(hash, 16);
  let v3 = load<u64>(hash, 24);
  let v4 = load<u64>(hash, 32);
  let v5 = load<u64>(hash, 40);
  let v6 = load<u64>(hash, 48);
  let v7 = load<u64>(hash, 56);
  let v8 = iv0;
  let v9 = iv1;
  let v10 = iv2;
  let v11 = iv3;
  let v12 = iv4 ^ hashed;
  let v13 = iv5;
  let v14 = iv6 ^ last;
  let v15 = iv7;
  for (let row = schedule; row < schedule + 192; row += 16) {
    v0 += v4 + word(row, 0);
    v12 = rotr(v12 ^ v0, 32);
    v8 += v12;
    v4 = rotr(v4 ^ v8, 24);
    v0 += v4 + word(row, 1);
    v12 = rotr(v12 ^ v0, 16);
    v8 += v12;
    v4 = rotr(v4 ^ v8, 63);
    v1 += v5 + word(row, 2);
    v13 = rotr(v13 ^ v1, 32);
    v9 += v13;
    v5 = rotr(v5 ^ v9, 24);
    v1 += v5 + word(row, 3);
    v13 = rotr(v13 ^ v1, 16);
    v9 += v13;
    v5 = rotr(v5 ^ v9, 63);
    v2 += v6 + word(row, 4);
    v14 = rotr(v14 ^ v2, 32);
    v10 += v14;
    v6 = rotr(v6 ^ v10, 24);
    v2 += v6 + word(row, 5);
    v14 = rotr(v14 ^ v2, 16);
    v10 += v14;
    v6 = rotr(v6 ^ v10, 63);
    v3 += v7 + word(row, 6);
    v15 = rotr(v15 ^ v3, 32);
    v11 += v15;
    v7 = rotr(v7 ^ v11, 24);
    v3 += v7 + word(row, 7);
    v15 = rotr(v15 ^ v3, 16);
    v11 += v15;
    v7 = rotr(v7 ^ v11, 63);
    v0 += v5 + word(row, 8);
    v15 = rotr(v15 ^ v0, 32);
    v10 += v15;
    v5 = rotr(v5 ^ v10, 24);
    v0 += v5 + word(row, 9);
    v15 = rotr(v15 ^ v0, 16);
    v10 += v15;
    v5 = rotr(v5 ^ v10, 63);
    v1 += v6 + word(row, 10);
    v12 = rotr(v12 ^ v1, 32);
    v11 += v12;
    v6 = rotr(v6 ^ v11, 24);
    v1 += v6 + word(row, 11);
    v12 = rotr(v12 ^ v1, 16);
    v11 += v12;
    v6 = rotr(v6 ^ v11, 63);
    v2 += v7 + word(row, 12);
    v13 = rotr(v13 ^ v2, 32);
    v8 += v13;
    v7 = rotr(v7 ^ v8, 24);
    v2 += v7 + word(row, 13);
    v13 = rotr(v13 ^ v2, 16);
    v8 += v13;
    v7 = rotr(v7 ^ v8, 63);
    v3 += v4 + word(row, 14);
    v14 = rotr(v14 ^ v3, 32);
    v9 += v14;
    v4 = rotr(v4 ^ v9, 24);
    v3 += v4 + word(row, 15);
    v14 = rotr(v14 ^ v3, 16);
    v9 += v14;
    v4 = rotr(v4 ^ v9, 63);
  }
  store<u64>(hash, load<u64>(hash) ^ v0 ^ v8);
  store<u64>(hash, load<u64>(hash, 8) ^ v1 ^ v9, 8);
  store<u64>(hash, load<u64>(hash, 16) ^ v2 ^ v10, 16);
  store<u64>(hash, load<u64>(hash, 24) ^ v3 ^ v11, 24);
  store<u64>(hash, load<u64>(hash, 32) ^ v4 ^ v12, 32);
  store<u64>(hash, load<u64>(hash, 40) ^ v5 ^ v13, 40);
  store<u64>(hash, load<u64>(hash, 48) ^ v6 ^ v14, 48);
  store<u64>(hash, load<u64>(hash, 56) ^ v7 ^ v15, 56);
}
