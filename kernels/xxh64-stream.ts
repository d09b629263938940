/**
 * XXH64 with seed 0 of bytes that come in pieces, for texts too long to stand in memory twice. Every piece
 * but the last is whole stripes of 32 bytes; all together are at least one stripe.
 */
const PRIME1: u64 = 0x9e3779b185ebca87;
const PRIME2: u64 = 0xc2b2ae3d27d4eb4f;
const PRIME3: u64 = 0x165667b19e3779f9;
const PRIME4: u64 = 0x85ebca77c2b2ae63;
const PRIME5: u64 = 0x27d4eb2f165667c5;

let laneA: u64 = 0;
let laneB: u64 = 0;
let laneC: u64 = 0;
let laneD: u64 = 0;
let bytesFed: u64 = 0;

@inline
function round(lane: u64, input: u64): u64 {
  return rotl<u64>(lane + input * PRIME2, 31) * PRIME1;
}

@inline
function mergeLane(hash: u64, lane: u64): u64 {
  return (hash ^ round(0, lane)) * PRIME1 + PRIME4;
}

export function xxh64Begin(): void {
  laneA = PRIME1 + PRIME2;
  laneB = PRIME2;
  laneC = 0;
  laneD = 0 - PRIME1;
  bytesFed = 0;
}

/** Takes a piece of whole stripes. */
export function xxh64Feed(start: usize, bytes: usize): void {
  for (let at = start; at < start + bytes; at += 32) {
    laneA = round(laneA, load<u64>(at));
    laneB = round(laneB, load<u64>(at, 8));
    laneC = round(laneC, load<u64>(at, 16));
    laneD = round(laneD, load<u64>(at, 24));
  }
  bytesFed += bytes;
}

/** Takes the last piece, of any length, and returns the hash. */
export function xxh64End(start: usize, bytes: usize): u64 {
  const whole = bytes & ~31;
  xxh64Feed(start, whole);
  const end = start + bytes;
  let at = start + whole;
  let hash = rotl<u64>(laneA, 1) + rotl<u64>(laneB, 7) + rotl<u64>(laneC, 12) + rotl<u64>(laneD, 18);
  hash = mergeLane(mergeLane(mergeLane(mergeLane(hash, laneA), laneB), laneC), laneD);
  hash += bytesFed + (end - at);
  for (; at + 8 <= end; at += 8) hash = rotl<u64>(hash ^ round(0, load<u64>(at)), 27) * PRIME1 + PRIME4;
  if (at + 4 <= end) {
    hash = rotl<u64>(hash ^ (<u64>load<u32>(at) * PRIME1), 23) * PRIME2 + PRIME3;
    at += 4;
  }
  for (; at < end; at++) hash = rotl<u64>(hash ^ (<u64>load<u8>(at) * PRIME5), 11) * PRIME1;
  hash = (hash ^ (hash >> 33)) * PRIME2;
  hash = (hash ^ (hash >> 29)) * PRIME3;
  return hash ^ (hash >> 32);
}
