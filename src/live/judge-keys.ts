import { type Kernel, tupleBlockBytesMax } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { KeyBlockEntry, SegmentState, StoreReader } from "../ports/index.js";
import {
  isPlainReference,
  keyFilterForm,
  keyFlag,
  keyFlagsAt,
  keyHeaderBytes,
  keyIdAt,
  keyRulesOf,
  keySpan,
  mergeKeys,
  runToEnd,
  streamOfBlocks,
} from "../postings/index.js";
import { type FilterCopies, isHeldByStore } from "./filter-copies.js";
import type { KeyFilter } from "./key-filter.js";
import { KeyPass } from "./key-pass.js";
import type { KnownKeys } from "./known-keys.js";
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

const tupleBytes = 16;

/** Where former keys are looked up: what is sealed, and the live runs above it. */
export interface FormerKeys {
  reader: StoreReader;
  runs: readonly LiveRun[];
  filter: KeyFilter;
  copies: FilterCopies;
  known: KnownKeys;
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
  former: FormerKeys,
  { sought, maybeKnown, learn }: Hashes,
  firstNewId: number,
): Uint8Array[][] {
  const { reader, runs, filter, known } = former;
  const { segments, nextId } = reader.sealed;
  const found: Uint8Array[][] = [];
  if (known.size > 0) {
    found.push(blocksOf(sought.sorted(), (hash, take) => known.entriesOf(hash).forEach(take)));
  }
  const met = new Map<bigint, Uint8Array[]>(maybeKnown.map((hash) => [hash, []]));
  for (const segment of segments) {
    const { firstId, endId } = segment;
    const isCovered = firstId >= filter.coveredFromId;
    const isOpen = (hash: bigint) =>
      (known.size === 0 || known.endIdOf(hash) < endId) &&
      (!isCovered || filter.mayBeWithin(firstId, endId, Number(hash & 0xffff_ffffn), Number(hash >> 32n)));
    const { hashes, pass } = isCovered
      ? { hashes: maybeKnown, pass: passThrough(reader, segment) }
      : lookUp(former, segment, sought);
    const find = (hash: bigint, take: Take) =>
      pass.find(hash, (entry) => {
        take(entry);
        const before = met.get(hash);
        if (before === undefined) met.set(hash, [entry]);
        else before.push(entry);
      });
    found.push(blocksOf(hashes.filter(isOpen), find));
    pass.close();
  }
  for (const [hash, entries] of met) known.keep(hash, nextId, entries);
  forgetOlder(former, firstNewId);
  learn(firstNewId);
  for (const { keys } of runs) {
    const pass = new KeyPass((hash) => keyBlocksFrom(keys, hash));
    found.push(blocksOf(maybeKnown, (hash, take) => pass.find(hash, take)));
  }
  return found.filter((blocks) => blocks.length > 0);
}

/** The filter has room for new keys, if all that it is to forget is sealed with filters of its own. */
function forgetOlder({ reader, filter }: FormerKeys, firstNewId: number): void {
  const { segments, nextId } = reader.sealed;
  const fromId = filter.outgrownId;
  if (fromId === null || fromId > nextId) return;
  const isTold = ({ firstId, keyFilters }: SegmentState) => firstId >= fromId || keyFilters === keyFilterForm;
  if (segments.every(isTold)) filter.forgetOlder(firstNewId);
}

/** Which of all keys are to be looked up in a segment of whose keys not all are known. */
function lookUp({ reader, copies }: FormerKeys, segment: SegmentState, sought: HashList) {
  const mayHold = copies.toldOf(reader, segment);
  if (mayHold === null) return { hashes: sought.sorted(), pass: passThrough(reader, segment) };
  const pass = new KeyPass((hash) => reader.keyBlocks(segment.number, hash));
  return { hashes: sought.sortedWhere(mayHold), pass };
}

/** Filters in the store are asked first; where there is none the block is looked into. */
function passThrough(reader: StoreReader, { number, keyFilters }: SegmentState): KeyPass {
  const mayHold = (hash: bigint) => isHeldByStore(reader, number, hash);
  return new KeyPass(
    (hash) => reader.keyBlocks(number, hash),
    keyFilters === keyFilterForm ? mayHold : undefined,
  );
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

type Hashes = ReturnType<typeof hashesOf>;

/**
 * Hashes that new records define or delete, rising, with their lowest bit off: a definition has it 0, what
 * refers to it 1. A reference by itself kills nothing. Those that the filter knows are told apart.
 */
function hashesOf(streams: readonly Uint8Array[][], filter: KeyFilter) {
  const blocks = streams.flat();
  const sought = new HashList(blocks.reduce((sum, block) => sum + countOf(block), 0));
  const known = new HashList(sought.capacity);
  const deletions = new Set<number>();
  for (const block of blocks) {
    const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
    for (let at = keyHeaderBytes; at < block.length; at = keySpan(block, at).entryEnd) {
      const flags = keyFlagsAt(block, at);
      if (isPlainReference(flags)) continue;
      const [low, high] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
      if ((flags & keyFlag.deletion) !== 0 && (flags & keyFlag.reference) === 0) {
        deletions.add(keyIdAt(block, at));
      }
      sought.add(low, high);
      if (filter.has(low, high)) known.add(low, high);
    }
  }
  const learn = (id: number) => sought.addTo(filter, id);
  return { sought, maybeKnown: known.sorted(), deletions, learn };
}

/** A list of 64-bit hashes of which most are never looked at as numbers: they would be objects each. */
class HashList {
  readonly capacity: number;
  readonly #words: Uint32Array;
  #count = 0;
  /** Each of them once, rising: lower half, upper half. */
  #rising: Uint32Array | null = null;
  #sorted: bigint[] | null = null;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.#words = new Uint32Array(2 * capacity);
  }

  add(low: number, high: number): void {
    const at = 2 * this.#count++;
    this.#words[at] = low & ~1;
    this.#words[at + 1] = high;
  }

  addTo(filter: KeyFilter, id: number): void {
    for (let at = 0; at < 2 * this.#count; at += 2) filter.add(id, this.#words[at]!, this.#words[at + 1]!);
  }

  /** Each of them once, rising. */
  sorted(): readonly bigint[] {
    this.#sorted ??= this.sortedWhere(() => true);
    return this.#sorted;
  }

  /** Those that a condition on their lower and upper half holds for, each of them once, rising. */
  sortedWhere(holds: (low: number, high: number) => boolean): bigint[] {
    this.#rising ??= risingWords(this.#words.slice(0, 2 * this.#count));
    const words = this.#rising;
    const hashes: bigint[] = [];
    for (let at = 0; at < words.length; at += 2) {
      const [low, high] = [words[at]!, words[at + 1]!];
      if (holds(low, high)) hashes.push((BigInt(high) << 32n) | BigInt(low));
    }
    return hashes;
  }
}

/** Sorts pairs of words as the 64-bit numbers that they are, and drops those that come again. */
function risingWords(words: Uint32Array): Uint32Array {
  new BigUint64Array(words.buffer).sort();
  let end = 0;
  for (let at = 0; at < words.length; at += 2) {
    if (end > 0 && words[at] === words[end - 2] && words[at + 1] === words[end - 1]) continue;
    words[end] = words[at]!;
    words[end + 1] = words[at + 1]!;
    end += 2;
  }
  return words.subarray(0, end);
}

function countOf(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset).getUint32(0, true);
}

type Take = (entry: Uint8Array) => void;

/** What is found for these hashes, in blocks as a segment has them. */
function blocksOf(hashes: readonly bigint[], find: (hash: bigint, take: Take) => void): Uint8Array[] {
  const packer = new BlockPacker();
  for (const hash of hashes) find(hash, (entry) => packer.add(entry));
  return packer.finish();
}

class BlockPacker {
  readonly #blocks: Uint8Array[] = [];
  #entries: Uint8Array[] = [];
  #bytes = keyHeaderBytes;

  add(entry: Uint8Array): void {
    if (this.#bytes + entry.length > tupleBlockBytesMax) this.#close();
    this.#entries.push(entry);
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
    view.setUint32(4, this.#bytes - keyHeaderBytes, true);
    block.set(this.#entries[0]!.subarray(0, 8), 8);
    let at = keyHeaderBytes;
    for (const entry of this.#entries) {
      block.set(entry, at);
      at += entry.length;
    }
    this.#blocks.push(block);
    this.#entries = [];
    this.#bytes = keyHeaderBytes;
  }
}
