// Merge of any number of sorted streams of tuple blocks into one, by a tree of losers (Knuth, vol. 3, 5.4.1).
// The host does all reading and writing: it calls tupleMergeStep until that says MERGE_DONE, feeding blocks
// and taking blocks.
import { TUPLE_BYTES, payloadUnite } from "./tuple";
import { TupleCursor, tupleBlockEncode, tupleCursorDecode, tupleCursorOpen } from "./tuple-block";
import { BLOCK_AT, CHUNK_AT, CHUNK_TUPLES, CURSOR_AT, END, NONE, STAGING_TUPLES } from "./tuple-merge-state";
import { MERGE_BLOCK_READY, MERGE_DAMAGED, MERGE_DONE, MERGE_NEED_INPUT } from "./tuple-merge-state";
import { MergeInput, TupleMerge, inputAt } from "./tuple-merge-state";

@inline
function isBelow(a0: u64, a1: u64, b0: u64, b1: u64): bool {
  return a0 < b0 || (a0 == b0 && a1 < b1);
}

/**
 * Takes the block of `bytes` bytes that the host has put in place for the wanted input; 0 bytes say that it
 * has ended.
 */
export function tupleMergeFeed(merge: usize, bytes: u32): void {
  const m = changetype<TupleMerge>(merge);
  const input = inputAt(m, m.wanted);
  if (bytes == 0) {
    changetype<MergeInput>(input).isEnding = 1;
  } else {
    tupleCursorOpen(input + CURSOR_AT, input + BLOCK_AT, bytes);
  }
  if (!refill(m, m.wanted)) return;
  if (m.isBuilt) {
    replay(m, m.wanted);
    m.wanted = NONE;
  } else {
    m.fedCount++;
    m.wanted = m.fedCount < m.inputCount ? m.fedCount : NONE;
  }
}

/**
 * Decodes the next chunk of an input and sets its head; false when that takes another block from the host.
 */
function refill(m: TupleMerge, index: u32): bool {
  const base = inputAt(m, index);
  const input = changetype<MergeInput>(base);
  const head = m.heads + <usize>index * TUPLE_BYTES;
  while (!input.isEnding) {
    const count = tupleCursorDecode(base + CURSOR_AT, base + CHUNK_AT, CHUNK_TUPLES);
    if (changetype<TupleCursor>(base + CURSOR_AT).isDamaged) {
      m.isDamaged = 1;
      return false;
    }
    if (count == 0) return false;
    input.at = base + CHUNK_AT;
    input.atEnd = input.at + (<usize>count << 4);
    clip(m, input);
    if (input.at == input.atEnd) continue;
    v128.store(head, v128.load(input.at));
    return true;
  }
  store<u64>(head, END);
  store<u64>(head, END, 8);
  return true;
}

/** Takes tuples out of a fresh chunk that lie outside the bounds. */
function clip(m: TupleMerge, input: MergeInput): void {
  if (m.hasLower && !input.hasPassedLower) {
    while (input.at < input.atEnd) {
      if (!isBelow(load<u64>(input.at), load<u64>(input.at, 8), m.lower0, m.lower1)) break;
      input.at += 16;
    }
    if (input.at == input.atEnd) return;
    input.hasPassedLower = 1;
  }
  let last = input.atEnd - 16;
  while (!isBelow(load<u64>(last), load<u64>(last, 8), m.upper0, m.upper1)) {
    input.isEnding = 1;
    input.atEnd = last;
    if (last == input.at) return;
    last -= 16;
  }
}

/** Plays every match of the tournament once, from the leaves up; the first to come to a match waits there. */
function build(m: TupleMerge): void {
  const k = m.inputCount;
  memory.fill(m.tree, 0xff, <usize>k << 2);
  for (let leaf: u32 = 0; leaf < k; leaf++) {
    let winner = leaf;
    let node = (leaf + k) >> 1;
    for (; node > 0; node >>= 1) {
      const place = m.tree + (<usize>node << 2);
      const other = load<u32>(place);
      if (other == NONE || isHeadBelow(m, other, winner)) store<u32>(place, winner);
      if (other == NONE) break;
      if (load<u32>(place) == winner) winner = other;
    }
    if (node == 0) store<u32>(m.tree, winner);
  }
  m.isBuilt = 1;
}

function isHeadBelow(m: TupleMerge, a: u32, b: u32): bool {
  const headA = m.heads + (<usize>a << 4);
  const headB = m.heads + (<usize>b << 4);
  return isBelow(load<u64>(headA), load<u64>(headA, 8), load<u64>(headB), load<u64>(headB, 8));
}

/**
 * Plays the matches on the way from a changed leaf to the root; branch-free, since random input makes coin
 * tosses.
 */
function replay(m: TupleMerge, leaf: u32): void {
  const heads = m.heads;
  const tree = m.tree;
  let winner = leaf;
  let w0 = load<u64>(heads + (<usize>leaf << 4));
  let w1 = load<u64>(heads + (<usize>leaf << 4), 8);
  for (let node = (leaf + m.inputCount) >> 1; node > 0; node >>= 1) {
    const place = tree + (<usize>node << 2);
    const other = load<u32>(place);
    const o0 = load<u64>(heads + (<usize>other << 4));
    const o1 = load<u64>(heads + (<usize>other << 4), 8);
    const isLost = <u32>(o0 < w0) | (<u32>(o0 == w0) & <u32>(o1 < w1));
    const change = (winner ^ other) & (0 - isLost);
    const wide: u64 = 0 - <u64>isLost;
    store<u32>(place, other ^ change);
    winner ^= change;
    w0 ^= (w0 ^ o0) & wide;
    w1 ^= (w1 ^ o1) & wide;
  }
  store<u32>(tree, winner);
}

/** Goes on until the host must act; see the MERGE_ codes. */
export function tupleMergeStep(merge: usize): u32 {
  const m = changetype<TupleMerge>(merge);
  if (m.isDamaged) return MERGE_DAMAGED;
  while (true) {
    if (m.isDraining) {
      if (drain(m)) return MERGE_BLOCK_READY;
      if (m.isFinished) return MERGE_DONE;
    }
    if (m.wanted != NONE) return MERGE_NEED_INPUT;
    if (m.inputCount == 0) return MERGE_DONE;
    if (!m.isBuilt) build(m);
    stageTuples(m);
    if (m.isDamaged) return MERGE_DAMAGED;
  }
}

/**
 * Encodes the next block of staged tuples; false when there is no full block left. The last staged tuple
 * waits until it is known that no equal follows, and so does a block that could be filled further, except at
 * the end of the merge.
 */
function drain(m: TupleMerge): bool {
  const count = m.stagedCount - m.stagedHead;
  const from = m.staging + (<usize>m.stagedHead << 4);
  if (count > 0) {
    const encoded = tupleBlockEncode(from, count, m.output);
    if (encoded < count || m.isFinished) {
      m.stagedHead += encoded;
      return true;
    }
  }
  memory.copy(m.staging, from, <usize>count << 4);
  m.stagedHead = 0;
  m.stagedCount = count;
  m.isDraining = m.isFinished;
  return false;
}

/** The least head but for the winner's, which is one of the losers on its way to the root. */
let runnerUp0: u64 = 0;
let runnerUp1: u64 = 0;

function findRunnerUp(m: TupleMerge, winner: u32): void {
  runnerUp0 = END;
  runnerUp1 = END;
  for (let node = (winner + m.inputCount) >> 1; node > 0; node >>= 1) {
    const head = m.heads + (<usize>load<u32>(m.tree + (<usize>node << 2)) << 4);
    const w0 = load<u64>(head);
    const w1 = load<u64>(head, 8);
    if (!isBelow(w0, w1, runnerUp0, runnerUp1)) continue;
    runnerUp0 = w0;
    runnerUp1 = w1;
  }
}

/**
 * Copies tuples of one input to `out` while they are below the runner-up; returns the place behind the last.
 */
function copyRun(input: MergeInput, out: usize, outEnd: usize): usize {
  const bound0 = runnerUp0;
  const bound1 = runnerUp1;
  let at = input.at;
  const stop = min(input.atEnd, at + (outEnd - out));
  while (at < stop && isBelow(load<u64>(at), load<u64>(at, 8), bound0, bound1)) {
    v128.store(out, v128.load(at));
    at += 16;
    out += 16;
  }
  input.at = at;
  return out;
}

/** Moves winners into the staging area until it is full, an input runs out or all have ended. */
function stageTuples(m: TupleMerge): void {
  const stagingEnd = m.staging + (<usize>STAGING_TUPLES << 4);
  let out = m.staging + (<usize>m.stagedCount << 4);
  let lastWinner = NONE;
  while (out < stagingEnd) {
    const winner = load<u32>(m.tree);
    const head = m.heads + (<usize>winner << 4);
    if (load<u64>(head) == END) {
      m.isFinished = 1;
      break;
    }
    out = stage(m, out, load<u64>(head), load<u64>(head, 8));
    const input = changetype<MergeInput>(inputAt(m, winner));
    input.at += 16;
    // An input that won twice is likely to win on: as long as its tuples are below all others, no match is
    // played.
    if (winner == lastWinner) {
      findRunnerUp(m, winner);
      out = copyRun(input, out, stagingEnd);
    }
    lastWinner = winner;
    if (input.at != input.atEnd) {
      v128.store(head, v128.load(input.at));
    } else if (!refill(m, winner)) {
      m.wanted = winner;
      break;
    }
    replay(m, winner);
  }
  m.stagedCount = <u32>((out - m.staging) >> 4);
  m.isDraining = <u32>(out == stagingEnd) | m.isFinished;
}

/** Appends a tuple at `out`, or unites it with the one before; returns the place behind the last. */
@inline
function stage(m: TupleMerge, out: usize, w0: u64, w1: u64): usize {
  if (out > m.staging && load<u64>(out - 16) == w0) {
    const last1 = load<u64>(out - 16, 8);
    if (last1 >> 8 == w1 >> 8) {
      const payload = <u64>payloadUnite(<u32>last1 & 0xff, <u32>w1 & 0xff);
      store<u64>(out - 16, (w1 & ~(<u64>0xff)) | payload, 8);
      return out;
    }
  }
  store<u64>(out, w0);
  store<u64>(out, w1, 8);
  return out + 16;
}
