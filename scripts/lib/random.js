// Seeded random numbers, so that generated data is the same on every machine.

/** xoshiro128** seeded through splitmix32. */
export class Random {
  constructor(seed) {
    let state = seed >>> 0;
    const next = () => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = state ^ (state >>> 16);
      mixed = Math.imul(mixed, 0x21f0aaad);
      mixed ^= mixed >>> 15;
      mixed = Math.imul(mixed, 0x735a2d97);
      return (mixed ^ (mixed >>> 15)) | 0;
    };
    this.a = next();
    this.b = next();
    this.c = next();
    this.d = next();
  }

  /** 32 random bits. */
  bits() {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result >>> 0;
  }

  /** At least 0, less than 1. */
  fraction() {
    return this.bits() / 0x1_0000_0000;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit) {
    return Math.floor(this.fraction() * limit);
  }

  /** A whole number from `low` to `high`, both included. */
  between(low, high) {
    return low + this.below(high - low + 1);
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  chance(probability) {
    return this.fraction() < probability;
  }

  /** A rank from 0 to `limit` - 1 with a power-law bias to the small ones (Zipf with exponent 1, nearly). */
  rank(limit) {
    return Math.min(limit - 1, Math.floor((limit + 1) ** this.fraction()) - 1);
  }

  /** Up to 128 random bytes; one flat string, because the longest part of an event comes from here. */
  hex(bytes) {
    for (let at = 0; at < bytes; at += 4) hexBytes.writeUInt32BE(this.bits(), at);
    return hexBytes.toString("hex", 0, bytes);
  }
}

const hexBytes = Buffer.alloc(128);

/** Spreads a number and a salt over 32 bits: the same input gives the same output. */
export function mix32(value, salt) {
  let mixed = Math.imul(value ^ salt, 0x85ebca6b) ^ salt;
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
