// Sorts a key buffer: first its tuples by hash (radix sort), then the few ranges of equal hashes that are out
// of order.
import { KeyBuffer, isEntryBelow } from "./key-entry";
import { tupleSort } from "./tuple-sort";

/** Sorts the buffer's tuples by (hash, key space, key, id); the entries stay where they are. */
export function keyBufferSort(buffer: usize): void {
  const header = changetype<KeyBuffer>(buffer);
  tupleSort(header.tuples, header.count);
  const end = header.tuples + (<usize>header.count << 4);
  let start = header.tuples;
  while (start < end) {
    const hash = load<u64>(start);
    let rangeEnd = start + 16;
    let isOrdered = true;
    // Equal hashes stand in order of arrival, so one key repeated many times is in order of ids already.
    while (rangeEnd < end && load<u64>(rangeEnd) == hash) {
      if (isOrdered && isTupleBelow(header.arena, rangeEnd, rangeEnd - 16)) isOrdered = false;
      rangeEnd += 16;
    }
    if (!isOrdered) heapSort(header.arena, start, <u32>((rangeEnd - start) >> 4));
    start = rangeEnd;
  }
}

@inline
function isTupleBelow(arena: usize, a: usize, b: usize): bool {
  return isEntryBelow(arena + <usize>load<u64>(a, 8), arena + <usize>load<u64>(b, 8));
}

/** In place and n log n whatever the input: hash collisions can be made on purpose. */
function heapSort(arena: usize, start: usize, count: u32): void {
  for (let root = count >> 1; root > 0; root--) siftDown(arena, start, root - 1, count);
  for (let last = count - 1; last > 0; last--) {
    swapTuples(start, start + (<usize>last << 4));
    siftDown(arena, start, 0, last);
  }
}

function siftDown(arena: usize, start: usize, root: u32, count: u32): void {
  while (true) {
    let child = (root << 1) + 1;
    if (child >= count) return;
    const left = start + (<usize>child << 4);
    if (child + 1 < count && isTupleBelow(arena, left, left + 16)) child++;
    const greater = start + (<usize>child << 4);
    const parent = start + (<usize>root << 4);
    if (!isTupleBelow(arena, parent, greater)) return;
    swapTuples(parent, greater);
    root = child;
  }
}

@inline
function swapTuples(a: usize, b: usize): void {
  const held = v128.load(a);
  v128.store(a, v128.load(b));
  v128.store(b, held);
}
