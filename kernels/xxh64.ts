// XXH64 (Yann Collet's 64-bit xxHash), as specified: the hash behind long terms and keys.

const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;
const PRIME4: u64 = 0x85ebca77c2b2ae63;
const PRIME5: u64 = 0x27d4eb2f165667c5;

// @ts-ignore: decorator
@inline
function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME2, 31) * PRIME1;
}

// @ts-ignore: decorator
@inline
function mergeLane(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME1 + PRIME4;
}

function hashStripes(ptr: usize, stripesEnd: usize, seed: u64): u64 {
  let a = seed + PRIME1 + PRIME2;
  let b = seed + PRIME2;
  let c = seed;
  let d = seed - PRIME1;
  for (; ptr < stripesEnd; ptr += 32) {
    a = round(a, load<u64>(ptr));
    b = round(b, load<u64>(ptr, 8));
    c = round(c, load<u64>(ptr, 16));
    d = round(d, load<u64>(ptr, 24));
  }
  const hash = rotl<u64>(a, 1) + rotl<u64>(b, 7) + rotl<u64>(c, 12) + rotl<u64>(d, 18);
  return mergeLane(mergeLane(mergeLane(mergeLane(hash, a), b), c), d);
}

export function xxh64(ptr: usize, bytes: u32, seed: u64): u64 {
  const end = ptr + bytes;
  let hash = seed + PRIME5;
  if (bytes >= 32) {
    const stripesEnd = ptr + (bytes & ~31);
    hash = hashStripes(ptr, stripesEnd, seed);
    ptr = stripesEnd;
  }
  hash += <u64>bytes;
  for (; ptr + 8 <= end; ptr += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(ptr)), 27) * PRIME1 + PRIME4;
  if (ptr + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(ptr) * PRIME1), 23) * PRIME2 + PRIME3;
    ptr += 4;
  }
  for (; ptr < end; ptr++) hash = rotl<u64>(hash ^ (<u64>load<u8>(ptr) * PRIME5), 11) * PRIME1;
  hash = (hash ^ (hash >> 33)) * PRIME2;
  hash = (hash ^ (hash >> 29)) * PRIME3;
  return hash ^ (hash >> 32);
}

/** The same for JavaScript callers: a seed below 2^32, the hash written to `out` (8 bytes, little-endian). */
export function xxh64To(ptr: usize, bytes: u32, seed: u32, out: usize): void {
  store<u64>(out, xxh64(ptr, bytes, <u64>seed));
}
