import { Kernel } from "../../src/kernel/index.js";
import { compileMapping, type Mapping } from "../../src/mapping/index.js";
import type { CompiledMapping } from "../../src/model/index.js";
import { RecordLoader } from "../../src/pipeline/record-loader.js";
import type {
  KeyBlockEntry,
  KeyFilterEntry,
  SealedState,
  StoreReader,
  TupleBlockEntry,
} from "../../src/ports/index.js";
import {
  firstTupleOf,
  KeyBuffer,
  keyBlockFilter,
  keyFilterForm,
  keyRulesOf,
  mergeKeys,
  runToEnd,
  streamOfBlocks,
  TupleBuffer,
} from "../../src/postings/index.js";

export interface MemoryRecord {
  entity: string;
  /** JSON text. */
  text: string;
}

/** Deliberate damage: each takes the parts of a finished store and changes them. */
export interface MemoryParts {
  records: { firstId: number; block: Uint8Array }[];
  columns: Map<number, { firstId: number; chunk: Uint8Array }[]>;
  tuples: Map<number, TupleBlockEntry[]>;
  keys: Map<number, KeyBlockEntry[]>;
  filters: Map<number, KeyFilterEntry[]>;
  sealed: SealedState;
}

export interface MemoryStoreOptions {
  /** Tuples in a block: few, so that short lists span several. */
  blockTuples?: number;
  /** Records loaded at once, which is what a block of records holds at most. */
  batchRecords?: number;
}

/** One kernel for all stores: it is empty between segments. */
interface Loading {
  kernel: Kernel;
  tuples: TupleBuffer;
  keys: KeyBuffer;
  loader: RecordLoader;
}

let shared: { text: string; loading: Loading } | null = null;

/** Loaders keep the programs of their mapping, so another mapping gets another one. */
function loadingFor(mapping: CompiledMapping): Loading {
  const text = JSON.stringify(mapping);
  if (shared?.text === text) return shared.loading;
  const kernel = new Kernel({ memoryBytes: 24 << 20 });
  const tuples = new TupleBuffer(kernel, 200_000);
  const keys = new KeyBuffer(kernel, 50_000, 1 << 22);
  const loading = { kernel, tuples, keys, loader: new RecordLoader({ kernel, tuples, keys, ...sizes }) };
  shared = { text, loading };
  return loading;
}

const sizes = { inputBytes: 1 << 20, outputBytes: 1 << 20, recordBytesMax: 1 << 20 };

/** Builds a sealed store in memory out of what the real loader and block kernels make of records. */
export class MemoryStoreBuilder {
  readonly mapping: CompiledMapping;
  readonly parts: MemoryParts;
  /** Ids of records that lost their key to another. */
  readonly dead = new Set<number>();
  readonly #options: Required<MemoryStoreOptions>;
  readonly #loading: Loading;

  constructor(mapping: Mapping, options: MemoryStoreOptions = {}) {
    this.mapping = compileMapping(mapping);
    this.#options = { blockTuples: 40, batchRecords: 25, ...options };
    this.#loading = loadingFor(this.mapping);
    const liveRecords = this.mapping.entities.map(() => 0);
    const sealed = { segments: [], nextId: 0, liveRecords, deadRecords: 0, lastImport: null };
    this.parts = {
      records: [],
      columns: new Map(),
      tuples: new Map(),
      keys: new Map(),
      filters: new Map(),
      sealed,
    };
  }

  /** Seals one more segment, its keys settled by the mapping's rules. Returns the id of each record. */
  addSegment(records: MemoryRecord[]): number[] {
    const firstId = this.parts.sealed.nextId;
    const ids: number[] = [];
    for (let at = 0; at < records.length; ) {
      let end = at + 1;
      while (
        end < records.length &&
        end - at < this.#options.batchRecords &&
        records[end]!.entity === records[at]!.entity
      )
        end++;
      this.#load(records.slice(at, end), ids);
      at = end;
    }
    for (const { entity } of records) this.parts.sealed.liveRecords[this.#entityNumber(entity)]!++;
    this.#seal(firstId);
    return ids;
  }

  /** Leaves a hole, as rejected records do. */
  skipIds(count: number): void {
    this.parts.sealed.nextId += count;
  }

  reader(): StoreReader {
    return new MemoryReader(this.mapping, this.parts);
  }

  #load(records: MemoryRecord[], ids: number[]): void {
    const entity = this.mapping.entities[this.#entityNumber(records[0]!.entity)]!;
    const firstId = this.parts.sealed.nextId;
    const bytes = Buffer.from(records.map((record) => record.text).join("\n"));
    const result = this.#loading.loader.load(
      { entity, format: "jsonl", header: null, bytes, firstId },
      {
        block: (first, _count, block) =>
          void this.parts.records.push({ firstId: first, block: block.slice() }),
        column: (index, first, chunk) => {
          const chunks = this.parts.columns.get(index) ?? [];
          this.parts.columns.set(index, chunks);
          chunks.push({ firstId: first, chunk: chunk.slice() });
        },
        reject: (reject) => {
          throw new Error(`the loader rejected a test record: ${reject.code} ${reject.reason}`);
        },
        spill: () => {
          throw new Error("the buffers of a memory store hold a whole segment");
        },
      },
    );
    if (result.records !== records.length) throw new Error("every test record is loaded");
    for (let at = 0; at < records.length; at++) ids.push(firstId + at);
    this.parts.sealed.nextId += records.length;
  }

  #seal(firstId: number): void {
    const { tuples, keys } = this.#loading;
    const { sealed } = this.parts;
    const number = sealed.segments.length + 1;
    const keyBlocks = this.#settleKeys(firstId);
    tuples.sort();
    const tupleBlocks = this.#encodeTuples();
    this.parts.keys.set(number, keyBlocks);
    this.parts.filters.set(
      number,
      keyBlocks.map(({ hash, ordinal, block }) => ({ hash, ordinal, filter: keyBlockFilter(block) })),
    );
    this.parts.tuples.set(number, tupleBlocks);
    sealed.segments.push({
      number,
      firstId,
      endId: sealed.nextId,
      tuples: tuples.count,
      postingBytes: tupleBlocks.reduce((sum, entry) => sum + entry.block.length, 0),
      keys: keyBlocks.reduce((sum, entry) => sum + new DataView(entry.block.buffer).getUint32(0, true), 0),
      keyBytes: keyBlocks.reduce((sum, entry) => sum + entry.block.length, 0),
      keyFilters: keyFilterForm,
    });
    tuples.clear();
    keys.clear();
  }

  /** Merges the new keys with those of all former segments, as a seal does; the losers' records are dead. */
  #settleKeys(firstId: number): KeyBlockEntry[] {
    const { kernel, tuples, keys } = this.#loading;
    const blocks: KeyBlockEntry[] = [];
    const added: Uint8Array[] = [];
    keys.sort();
    keys.encode((block) => added.push(block.slice()));
    const former = [...this.parts.keys.values()].map((entries) => entries.map(({ block }) => block));
    const merge = mergeKeys({
      kernel,
      inputs: [
        ...former.map((list) => ({ stream: streamOfBlocks(list), emit: false })),
        { stream: streamOfBlocks(added), emit: true },
      ],
      rules: keyRulesOf(this.mapping),
      firstNewId: firstId,
      output: (block, { hash }) => blocks.push({ hash, ordinal: blocks.length, block: block.slice() }),
      dead: (dead, count) => {
        const view = new DataView(dead.buffer, dead.byteOffset, dead.byteLength);
        for (let at = 0; at < count; at++) {
          const id = Number((view.getBigUint64(at * 16 + 8, true) >> 8n) & 0xff_ffff_ffffn);
          // An event may die in several groups; and beside the dead, under index 1, are those that replaced.
          if (view.getBigUint64(at * 16, true) !== 0n || this.dead.has(id)) continue;
          tuples.append(dead.subarray(at * 16, at * 16 + 16), 1);
          this.dead.add(id);
          this.parts.sealed.deadRecords++;
          this.parts.sealed.liveRecords[this.#entityOfId(id)]!--;
        }
      },
    });
    runToEnd(merge);
    return blocks;
  }

  #encodeTuples(): TupleBlockEntry[] {
    const { kernel, tuples } = this.#loading;
    const { exports, u8, view } = kernel;
    const blocks: TupleBlockEntry[] = [];
    const start = view.getUint32(tuples.ptr + 8, true);
    const mark = kernel.mark();
    const block = kernel.alloc(exports.BLOCK_BUFFER_BYTES.value);
    for (let done = 0; done < tuples.count; ) {
      const wanted = Math.min(tuples.count - done, this.#options.blockTuples);
      done += exports.tupleBlockEncode(start + done * 16, wanted, block);
      const bytes = u8.slice(block, block + 24 + view.getUint32(block + 4, true));
      blocks.push({ ...firstTupleOf(bytes), block: bytes });
    }
    kernel.release(mark);
    return blocks;
  }

  #entityNumber(name: string): number {
    return this.mapping.entities.findIndex((entity) => entity.name === name);
  }

  #entityOfId(id: number): number {
    return this.parts.records.findLast((entry) => entry.firstId <= id)!.block[1]!;
  }
}

/** Hands out every block in a buffer that it overwrites at the next step, as mapped pages may be. */
class MemoryReader implements StoreReader {
  readonly mapping: CompiledMapping;
  readonly sealed: SealedState;
  readonly #parts: MemoryParts;

  constructor(mapping: CompiledMapping, parts: MemoryParts) {
    this.mapping = mapping;
    this.sealed = parts.sealed;
    this.#parts = parts;
  }

  recordBlock(id: number) {
    return this.#parts.records.findLast((entry) => entry.firstId <= id);
  }

  *recordBlocks(fromId: number) {
    const start = Math.max(
      0,
      this.#parts.records.findLastIndex((entry) => entry.firstId <= fromId),
    );
    yield* fleeting(this.#parts.records.slice(start).filter((entry) => entry.firstId < this.sealed.nextId));
  }

  *tupleBlocks(segment: number, index: number, term: bigint, id: number) {
    const blocks = this.#parts.tuples.get(segment) ?? [];
    yield* fleeting(blocks.slice(Math.max(0, lastAtOrBefore(blocks, index, term, id))));
  }

  *tupleBlocksReverse(segment: number, index: number, term: bigint, id: number) {
    const blocks = this.#parts.tuples.get(segment) ?? [];
    yield* fleeting(blocks.slice(0, lastAtOrBefore(blocks, index, term, id) + 1).reverse());
  }

  columnChunk(index: number, id: number) {
    const entry = this.#parts.columns.get(index)?.findLast((chunk) => chunk.firstId <= id);
    if (entry === undefined) return undefined;
    const count = new DataView(entry.chunk.buffer).getUint32(0, true);
    return id < entry.firstId + count ? entry : undefined;
  }

  *columnChunks(index: number, fromId: number) {
    const chunks = this.#parts.columns.get(index) ?? [];
    yield* chunks.slice(
      Math.max(
        0,
        chunks.findLastIndex((chunk) => chunk.firstId <= fromId),
      ),
    );
  }

  *keyBlocks(segment: number, hash: bigint, ordinal = 0) {
    const blocks = this.#parts.keys.get(segment) ?? [];
    const start = blocks.findIndex((entry) => {
      const last = new DataView(entry.block.buffer).getBigUint64(16, true);
      return last >= hash && (ordinal === 0 || entry.hash !== hash || entry.ordinal >= ordinal);
    });
    if (start >= 0) yield* fleeting(blocks.slice(start));
  }

  keyFilter(segment: number, hash: bigint) {
    return this.#parts.filters.get(segment)?.findLast((entry) => entry.hash <= (hash | 1n));
  }

  keyFilters(segment: number, hash = 0n, ordinal = 0) {
    const filters = this.#parts.filters.get(segment) ?? [];
    return filters.filter((entry) => entry.hash > hash || (entry.hash === hash && entry.ordinal >= ordinal));
  }

  keyFilterAt(segment: number, hash: bigint, ordinal: number) {
    const filters = this.#parts.filters.get(segment) ?? [];
    return filters.find((entry) => entry.hash === hash && entry.ordinal === ordinal);
  }

  place(id: number) {
    return { firstId: id, source: "memory", offset: 0, line: 1, record: 1 };
  }

  bytes() {
    return { records: 0, columns: 0, postings: 0, keys: 0, places: 0, file: 0 };
  }

  async releaseMapped(): Promise<void> {}

  close(): void {}

  [Symbol.dispose](): void {}
}

function* fleeting<Entry extends { block: Uint8Array }>(entries: Entry[]): Generator<Entry> {
  for (const entry of entries) {
    const block = entry.block.slice();
    yield { ...entry, block };
    block.fill(0xa5);
  }
}

function lastAtOrBefore(blocks: TupleBlockEntry[], index: number, term: bigint, id: number): number {
  return blocks.findLastIndex((entry) => {
    if (entry.index !== index) return entry.index < index;
    return entry.term === term ? entry.id <= id : entry.term < term;
  });
}

/** One block of the given tuples, in order: to plant what no loader would write. */
export function tupleBlockOf(
  tuples: { index: number; term: bigint; id: number; payload: number }[],
): Uint8Array {
  const kernel = new Kernel({ memoryBytes: 1 << 20 });
  const buffer = new TupleBuffer(kernel, tuples.length);
  for (const { index, term, id, payload } of tuples) {
    kernel.exports.tupleAppend(buffer.ptr, index, term, BigInt(id), payload);
  }
  buffer.sort();
  const blocks: Uint8Array[] = [];
  buffer.encode((block) => blocks.push(block.slice()));
  return blocks[0]!;
}
