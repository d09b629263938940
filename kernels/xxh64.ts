// XXH64 as specified: the hash behind long terms and keys.
import { finish, mergeLanes, PRIME1, PRIME2, PRIME5, round } from "./xxh64-lanes";

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
  return mergeLanes(a, b, c, d);
}

export function xxh64(ptr: usize, bytes: u32, seed: u64): u64 {
  const stripesEnd = ptr + (bytes & ~31);
  const hash = bytes >= 32 ? hashStripes(ptr, stripesEnd, seed) : seed + PRIME5;
  return finish(hash + <u64>bytes, stripesEnd, ptr + bytes);
}

/** The same for JavaScript callers: a seed below 2^32, the hash written to `out` (8 bytes, little-endian). */
export function xxh64To(ptr: usize, bytes: u32, seed: u32, out: usize): void {
  store<u64>(out, xxh64(ptr, bytes, <u64>seed));
}
