/**
 * XXH64 with seed 0 of bytes that come in pieces, for texts too long to stand in memory twice. Every piece
 * but the last is whole stripes of 32 bytes; all together are at least one stripe.
 */
import { finish, mergeLanes, PRIME1, PRIME2, round } from "./xxh64-lanes";

let laneA: u64 = 0;
let laneB: u64 = 0;
let laneC: u64 = 0;
let laneD: u64 = 0;
let bytesFed: u64 = 0;

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
  const hash = mergeLanes(laneA, laneB, laneC, laneD) + bytesFed + (bytes - whole);
  return finish(hash, start + whole, start + bytes);
}
