import { tupleBlockBytesMax } from "../kernel/index.js";
import {
  isPlainReference,
  keyEntryBytesMin,
  keyFlagsAt,
  keyHeaderBytes,
  keySpan,
  settlingEntries,
} from "./key-entry.js";

/** The form of filters that is written here: of one in another form nothing is known. */
export const keyFilterForm = 1;

/** Bits that a filter has for each key, and how many of them one sets: 12 of 1,000 new keys are mistaken. */
const bitsPerKey = 10;
const probes = 4;

/** In the header of a key block, the hash of its last entry: see kernels/key-block.ts. */
const lastHashAt = 16;
/** In front of the bits: the hash of the last entry. */
export const keyFilterHeadBytes = 8;
const headBytes = keyFilterHeadBytes;

/** Beside a key block: the hash of its first entry, and its filter. */
export interface KeyFilterOfBlock {
  hash: bigint;
  filter: Uint8Array;
}

/** Of keys in one block: made of one block at a time. */
const lowWords = new Uint32Array(Math.ceil(tupleBlockBytesMax / keyEntryBytesMin));

/**
 * What tells of most hashes between the first and the last of a key block that it neither defines nor deletes
 * a key of theirs. A Bloom filter that is made of the block and nothing else, so that it is as true as the
 * block, whatever else is there.
 */
export function keyBlockFilter(block: Uint8Array): Uint8Array {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  let count = 0;
  // Written out: an import does it for each of its keys.
  const lastAt = block.length - keyEntryBytesMin;
  for (let at = keyHeaderBytes; at <= lastAt; at = keySpan(block, at).entryEnd) {
    if (!isPlainReference(keyFlagsAt(block, at))) lowWords[count++] = view.getUint32(at, true);
  }
  const filter = new Uint8Array(headBytes + Math.ceil((count * bitsPerKey) / 8));
  filter.set(block.subarray(lastHashAt, lastHashAt + headBytes));
  const bitCount = (filter.length - headBytes) * 8;
  for (let key = 0; key < count; key++) {
    let word = wordOf(lowWords[key]!);
    const step = stepOf(word);
    for (let probe = 0; probe < probes; probe++) {
      const bit = bitOf(word, bitCount);
      filter[headBytes + (bit >>> 3)]! |= 1 << (bit & 7);
      word = (word + step) | 0;
    }
  }
  return filter;
}

/**
 * False where no entry of the segment defines or deletes a key with this hash. `beside` is the filter of the
 * last block that begins at or before it; of hashes behind that block it tells nothing.
 */
export function mayHoldKey(beside: KeyFilterOfBlock, hash: bigint): boolean {
  const { filter } = beside;
  const [sought, first] = [hash | 1n, beside.hash | 1n];
  if (filter.length < headBytes) return true;
  const view = new DataView(filter.buffer, filter.byteOffset, filter.byteLength);
  // Entries of one hash may begin in the block before, and go on in the next.
  if (sought <= first || sought >= (view.getBigUint64(0, true) | 1n)) return true;
  return hasKeyBits(filter, headBytes, (filter.length - headBytes) * 8, Number(hash & 0xffff_ffffn));
}

/** Whether so many bits, which begin with a byte, have those set that a hash with this lower half sets. */
export function hasKeyBits(bytes: Uint8Array, fromByte: number, bitCount: number, low: number): boolean {
  if (bitCount === 0) return false;
  let word = wordOf(low);
  const step = stepOf(word);
  for (let probe = 0; probe < probes; probe++) {
    const bit = bitOf(word, bitCount);
    if ((bytes[fromByte + (bit >>> 3)]! & (1 << (bit & 7))) === 0) return false;
    word = (word + step) | 0;
  }
  return true;
}

/**
 * Half as many bits, each for two that stood side by side: they say yes where the whole ones do, and of 92
 * more in 1,000 new keys. `bitCount` is even; the answer is how many bytes were written.
 */
export function halveKeyBits(
  from: { bytes: Uint8Array; at: number; bitCount: number },
  to: { bytes: Uint8Array; at: number },
): number {
  const byteCount = from.bitCount >>> 3;
  const halfBytes = (byteCount + 1) >>> 1;
  for (let half = 0; half < halfBytes; half++) {
    const low = from.bytes[from.at + 2 * half]!;
    const high = 2 * half + 1 < byteCount ? from.bytes[from.at + 2 * half + 1]! : 0;
    to.bytes[to.at + half] = pairsOf(low) | (pairsOf(high) << 4);
  }
  return halfBytes;
}

/** Four bits, each of which says whether one of two in a byte is set. */
function pairsOf(byte: number): number {
  let pairs = (byte | (byte >>> 1)) & 0x55;
  pairs = (pairs | (pairs >>> 1)) & 0x33;
  return (pairs | (pairs >>> 2)) & 0x0f;
}

/** Whether a filter that is found for a block would have one of its keys taken for new. */
export function forgetsKey(beside: KeyFilterOfBlock, block: Uint8Array): boolean {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  for (const at of settlingEntries(block)) {
    if (!mayHoldKey(beside, view.getBigUint64(at, true))) return true;
  }
  return false;
}

/** The upper bits of hashes in one block are alike, and the lowest tells a definition from a reference. */
function wordOf(low: number): number {
  return Math.imul(low >>> 1, 0x9e37_79b1);
}

function stepOf(word: number): number {
  return Math.imul(word ^ (word >>> 15), 0x85eb_ca77) | 1;
}

/** A block has fewer keys than would take half of 2^16 bits: the upper half of the word tells one of them. */
function bitOf(word: number, bitCount: number): number {
  return ((word >>> 16) * bitCount) >>> 16;
}
