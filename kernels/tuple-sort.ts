// In-place sort of 16-byte tuples by (w0, w1), both unsigned: most-significant-digit radix sort after
// McIlroy, Bostic and McIlroy ("Engineering Radix Sort", 1993), with independent swaps as in ska_sort so that
// cache misses overlap. Every range is first scanned for the bits in which its tuples differ: common prefixes
// cost nothing, and a range that is in order already (or all equal) is left alone.

const TUPLE_BYTES: usize = 16;
const INSERTION_BYTES_MAX: usize = 24 * TUPLE_BYTES;
const WIDE_BYTES_MIN: usize = 1024 * TUPLE_BYTES;
const WIDE_DIGIT_BITS: u32 = 8;
const NARROW_DIGIT_BITS: u32 = 5;
/** Each level uses up at least NARROW_DIGIT_BITS of one word: 2 * ceil(64 / 5) levels. */
const LEVELS_MAX: usize = 26;
const BUCKET_TABLE_BYTES: usize = 4 << WIDE_DIGIT_BITS;

/** Ends of the buckets of every level in work; heads are needed while one range is dealt out only. */
const bucketEnds = memory.data(26 * 1024, 16);
const bucketHeads = memory.data(1024, 16);

@inline
function isBelow(a0: u64, a1: u64, b0: u64, b1: u64): bool {
  return a0 < b0 || (a0 == b0 && a1 < b1);
}

function insertionSort(start: usize, end: usize): void {
  for (let p = start + TUPLE_BYTES; p < end; p += TUPLE_BYTES) {
    const w0 = load<u64>(p);
    const w1 = load<u64>(p, 8);
    let hole = p;
    while (hole > start && isBelow(w0, w1, load<u64>(hole - TUPLE_BYTES), load<u64>(hole - TUPLE_BYTES, 8))) {
      v128.store(hole, v128.load(hole - TUPLE_BYTES));
      hole -= TUPLE_BYTES;
    }
    store<u64>(hole, w0);
    store<u64>(hole, w1, 8);
  }
}

/** Counts the digits of a range and turns the counts into bucket heads and ends (addresses). */
function layOutBuckets(start: usize, end: usize, word: usize, shift: u64, mask: u32, ends: usize): void {
  memory.fill(ends, 0, (<usize>mask + 1) << 2);
  for (let p = start + word; p < end; p += TUPLE_BYTES) {
    const slot = ends + (<usize>(<u32>(load<u64>(p) >> shift) & mask) << 2);
    store<u32>(slot, load<u32>(slot) + 1);
  }
  let place = start;
  for (let b: usize = 0; b <= <usize>mask << 2; b += 4) {
    store<u32>(bucketHeads + b, <u32>place);
    place += <usize>load<u32>(ends + b) * TUPLE_BYTES;
    store<u32>(ends + b, <u32>place);
  }
}

/**
 * Swaps every tuple into its bucket. Each visit places one tuple for good, so the visits add up to the
 * tuples.
 */
function dealOut(word: usize, shift: u64, mask: u32, ends: usize): void {
  let isUnsettled = true;
  while (isUnsettled) {
    isUnsettled = false;
    for (let b: usize = 0; b <= <usize>mask << 2; b += 4) {
      const end = <usize>load<u32>(ends + b);
      for (let p = <usize>load<u32>(bucketHeads + b); p < end; p += TUPLE_BYTES) {
        const slot = bucketHeads + (<usize>(<u32>(load<u64>(p + word) >> shift) & mask) << 2);
        const place = <usize>load<u32>(slot);
        store<u32>(slot, <u32>(place + TUPLE_BYTES));
        const moved = v128.load(p);
        v128.store(p, v128.load(place));
        v128.store(place, moved);
      }
      if (load<u32>(bucketHeads + b) != <u32>end) isUnsettled = true;
    }
  }
}

function sortRange(start: usize, end: usize, level: usize): void {
  const first0 = load<u64>(start);
  const first1 = load<u64>(start, 8);
  let diff0: u64 = 0;
  let diff1: u64 = 0;
  let isOrdered = true;
  let last0 = first0;
  let last1 = first1;
  for (let p = start + TUPLE_BYTES; p < end; p += TUPLE_BYTES) {
    const w0 = load<u64>(p);
    const w1 = load<u64>(p, 8);
    diff0 |= w0 ^ first0;
    diff1 |= w1 ^ first1;
    if (isOrdered && isBelow(w0, w1, last0, last1)) isOrdered = false;
    last0 = w0;
    last1 = w1;
  }
  if (isOrdered) return;
  const word: usize = diff0 != 0 ? 0 : 8;
  const differing: u32 = 64 - <u32>clz(diff0 != 0 ? diff0 : diff1);
  const bits: u32 = end - start >= WIDE_BYTES_MIN ? WIDE_DIGIT_BITS : NARROW_DIGIT_BITS;
  const shift: u64 = differing > bits ? differing - bits : 0;
  const mask: u32 = (1 << bits) - 1;
  const ends = bucketEnds + level * BUCKET_TABLE_BYTES;
  layOutBuckets(start, end, word, shift, mask, ends);
  dealOut(word, shift, mask, ends);
  let bucket = start;
  for (let b: usize = 0; b <= <usize>mask << 2; b += 4) {
    const bucketEnd = <usize>load<u32>(ends + b);
    if (bucketEnd - bucket > INSERTION_BYTES_MAX) sortRange(bucket, bucketEnd, level + 1);
    else if (bucketEnd - bucket > TUPLE_BYTES) insertionSort(bucket, bucketEnd);
    bucket = bucketEnd;
  }
}

/** Sorts `count` tuples at `tuples` (16-byte aligned for speed) in place. */
export function tupleSort(tuples: usize, count: u32): void {
  const end = tuples + <usize>count * TUPLE_BYTES;
  if (end - tuples > INSERTION_BYTES_MAX) sortRange(tuples, end, 0);
  else insertionSort(tuples, end);
}
