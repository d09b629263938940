import { type Kernel, tupleBlockBytesMax } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { KeyBlockEntry, StoreReader } from "../ports/index.js";
import {
  keyFlag,
  keyFlagsAt,
  keyIdAt,
  keyRulesOf,
  keySpan,
  mergeKeys,
  runToEnd,
  streamOfBlocks,
} from "../postings/index.js";
import type { KeyFilter } from "./key-filter.js";
import { keyBlocksFrom, keyEntry, type LiveRun } from "./live-run.js";

/**
 * DEAD_... of kernels/key-group.ts: why a record is dead; one that is for several reasons has the highest.
 */
export const deadReason = { deleted: 1, rejected: 2, replaced: 3, superseded: 4, duplicate: 5 };

export interface Judgement {
  /** New and former records that are dead now, with the reason. */
  dead: Map<number, number>;
  /** New ones that are no records, but deletions. */
  deletions: ReadonlySet<number>;
  /** Records among the new ones that live in the place of a former one. */
  replacing: number;
  /** Keys of the new records that later ones are held against. */
  keys: KeyBlockEntry[];
}

const headerBytes = 24;
const tupleBytes = 16;

/** Where former keys are looked up: what is sealed, and the live runs above it. */
export interface FormerKeys {
  reader: StoreReader;
  runs: readonly LiveRun[];
  filter: KeyFilter;
}

/**
 * Holds new keys against all that were there before, by the very merge that an import settles keys with: of
 * former ones only those are looked up that a new record defines or deletes.
 */
export function judgeKeys(
  kernel: Kernel,
  mapping: CompiledMapping,
  former: FormerKeys,
  streams: readonly Uint8Array[][],
  firstNewId: number,
): Judgement {
  const dead = new Map<number, number>();
  const keys: KeyBlockEntry[] = [];
  const hashes = hashesOf(streams, former.filter);
  let replacing = 0;
  const inputOf = (blocks: Uint8Array[], emit: boolean) => ({ stream: streamOfBlocks(blocks), emit });
  const counts = runToEnd(
    mergeKeys({
      kernel,
      inputs: [
        ...metBlocks(former, hashes, firstNewId).map((blocks) => inputOf(blocks, false)),
        ...streams.map((blocks) => inputOf(blocks, true)),
      ],
      rules: keyRulesOf(mapping),
      firstNewId,
      output: (block) => keys.push(keyEntry(block, keys.length)),
      dead: (tuples, count) => {
        replacing += noteDead(dead, tuples, count);
      },
    }),
  );
  for (const { replacing: ofEntity } of counts) replacing += ofEntity;
  return { dead, deletions: hashes.deletions, replacing, keys };
}

/** Former entries that the new ones meet, as sorted streams of blocks; the filter learns the new ones. */
function metBlocks(
  { reader, runs, filter }: FormerKeys,
  { sought, maybeKnown, learn }: Hashes,
  firstNewId: number,
): Uint8Array[][] {
  const { segments } = reader.sealed;
  const found = segments.map(({ number, firstId, endId }) => {
    const within = (hash: bigint) =>
      filter.mayBeWithin(firstId, endId, Number(hash & 0xffff_ffffn), Number(hash >> 32n));
    const hashes = firstId >= filter.coveredFromId ? maybeKnown.filter(within) : sought;
    return blocksOf((hash) => reader.keyBlocks(number, hash), hashes);
  });
  learn(firstNewId);
  for (const { keys } of runs) found.push(blocksOf((hash) => keyBlocksFrom(keys, hash), maybeKnown));
  return found.filter((blocks) => blocks.length > 0);
}

/** Takes the dead; the answer is how many others are told of, which took a place. */
function noteDead(dead: Map<number, number>, tuples: Uint8Array, count: number): number {
  let replacing = 0;
  const view = new DataView(tuples.buffer, tuples.byteOffset, tuples.byteLength);
  for (let at = 0; at < count * tupleBytes; at += tupleBytes) {
    const index = view.getUint16(at + 6, true);
    if (index !== 0) {
      replacing++;
      continue;
    }
    const word = view.getBigUint64(at + 8, true);
    const id = Number((word >> 8n) & 0xff_ffff_ffffn);
    const reason = Number(word & 0xffn) >> 4;
    dead.set(id, Math.max(dead.get(id) ?? 0, reason));
  }
  return replacing;
}

/**
 * Hashes that new records define or delete, rising, with their lowest bit off: a definition has it 0, what
 * refers to it 1. A reference by itself kills nothing. Those that the filter knows are told apart.
 */
type Hashes = ReturnType<typeof hashesOf>;

function hashesOf(streams: readonly Uint8Array[][], filter: KeyFilter) {
  const hashes = new Set<bigint>();
  const known = new Set<bigint>();
  const deletions = new Set<number>();
  const added: [low: number, high: number][] = [];
  for (const block of streams.flat()) {
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    for (let at = headerBytes; at < block.length; at = keySpan(block, at).entryEnd) {
      const [low, high] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      added.push([low, high]);
      const flags = keyFlagsAt(block, at);
      const isPlainReference = (flags & keyFlag.reference) !== 0 && (flags & keyFlag.deletion) === 0;
      if (isPlainReference) continue;
      if ((flags & keyFlag.deletion) !== 0 && (flags & keyFlag.reference) === 0) {
        deletions.add(keyIdAt(block, at));
      }
      const hash = view.getBigUint64(at, true) & ~1n;
      hashes.add(hash);
      if (filter.has(low, high)) known.add(hash);
    }
  }
  const learn = (id: number) => {
    for (const [low, high] of added) filter.add(id, low, high);
  };
  return { sought: sorted(hashes), maybeKnown: sorted(known), deletions, learn };
}

function sorted(hashes: ReadonlySet<bigint>): bigint[] {
  return [...hashes].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0));
}

/** Entries with these hashes, in blocks as a segment has them. */
function blocksOf(
  keyBlocks: (hash: bigint) => Iterable<KeyBlockEntry>,
  hashes: readonly bigint[],
): Uint8Array[] {
  const packer = new BlockPacker();
  for (const hash of hashes) {
    for (const { hash: first, block } of keyBlocks(hash)) {
      if (first > (hash | 1n)) break;
      if (!takeEntries(packer, block, hash)) break;
    }
  }
  return packer.finish();
}

/** Whether the hash may go on in the next block. */
function takeEntries(packer: BlockPacker, block: Uint8Array, hash: bigint): boolean {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const [low, high] = [Number(hash & 0xffff_ffffn), Number(hash >> 32n)];
  for (let at = headerBytes; at < block.length; ) {
    const entryHigh = view.getUint32(at + 4, true);
    const entryLow = (view.getUint32(at, true) & ~1) >>> 0;
    if (entryHigh > high || (entryHigh === high && entryLow > low)) return false;
    const end = keySpan(block, at).entryEnd;
    if (entryHigh === high && entryLow === low) packer.add(block.subarray(at, end));
    at = end;
  }
  return true;
}

class BlockPacker {
  readonly #blocks: Uint8Array[] = [];
  #entries: Uint8Array[] = [];
  #bytes = headerBytes;

  add(entry: Uint8Array): void {
    if (this.#bytes + entry.length > tupleBlockBytesMax) this.#close();
    this.#entries.push(entry.slice());
    this.#bytes += entry.length;
  }

  finish(): Uint8Array[] {
    this.#close();
    return this.#blocks;
  }

  #close(): void {
    if (this.#entries.length === 0) return;
    const block = new Uint8Array(this.#bytes);
    const view = new DataView(block.buffer);
    view.setUint32(0, this.#entries.length, true);
    view.setUint32(4, this.#bytes - headerBytes, true);
    block.set(this.#entries[0]!.subarray(0, 8), 8);
    let at = headerBytes;
    for (const entry of this.#entries) {
      block.set(entry, at);
      at += entry.length;
    }
    this.#blocks.push(block);
    this.#entries = [];
    this.#bytes = headerBytes;
  }
}
