import { Kernel, queryKernelBytes, recordBlockBytes, recordBlocksSeenMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import {
  decodeRecordBlock,
  type IdCursor,
  KeptRecordBlock,
  OpenRecordBlock,
  type RecordBlock,
  recordBlockKernelBytes,
} from "../postings/index.js";
import { BlockCache } from "./block-cache.js";
import type { DeadRecords } from "./dead-records.js";
import { endOfIds } from "./ids.js";
import { LiveRecord } from "./live-record.js";

/** To be kept, a block is unpacked whole, into memory of its own: that takes as much as to open it twice. */
const timesKept = 3;

/**
 * Reads records by id through a cache of unpacked blocks. A block comes into the cache when it is asked for a
 * third time: most are met once, for a single record, and are unpacked as far as that record.
 */
export class RecordBlocks {
  readonly #reader: StoreReader;
  readonly #kernel: Kernel;
  readonly #dead: DeadRecords;
  readonly cache: BlockCache<RecordBlock>;
  /** The block that was read last. Before another takes its room it is forgotten. */
  #last: RecordBlock | null = null;
  /** A block that left the cache, for its room. */
  #gone: KeptRecordBlock | undefined;
  readonly #open: OpenRecordBlock;
  /** How often the blocks that were opened lately were, by their first ids. */
  readonly #seen = new Map<number, number>();
  /** Blocks unpacked and records handed out so far: for the explanation. */
  blocksRead = 0;
  recordsRead = 0;

  constructor(reader: StoreReader, kernel: Kernel, dead: DeadRecords, cacheBytesMax: number) {
    this.#reader = reader;
    this.#kernel = kernel;
    this.#dead = dead;
    this.cache = new BlockCache(cacheBytesMax, (block) => {
      if (block instanceof KeptRecordBlock) this.#gone = block;
    });
    this.#open = new OpenRecordBlock(kernel);
  }

  /** The record with this id, when there is one and it is alive. */
  live(id: number): LiveRecord | undefined {
    return id >= this.#reader.sealed.nextId || this.#dead.has(id) ? undefined : this.any(id);
  }

  /** The record with this id, dead or alive. */
  any(id: number): LiveRecord | undefined {
    const block = this.#blockOf(id);
    if (block === undefined) return undefined;
    const at = rowOf(block, id);
    if (at === block.count || block.idAt(at) !== id) return undefined;
    return this.inBlock(block, at);
  }

  inBlock(block: RecordBlock, at: number): LiveRecord {
    this.recordsRead++;
    const bytes = block.bytesAt(at);
    // A view would keep all of its block in memory for as long as somebody holds the record. Small buffers
    // share an allocation, which a thousand records a query would be felt without.
    const isOwn = block.count === 1 && !block.isLent;
    return new LiveRecord(block.idAt(at), block.entity, isOwn ? bytes : Buffer.from(bytes));
  }

  /** The entity of a record, by the head of its block. */
  entityOf(id: number): number | undefined {
    return this.#reader.recordBlock(id)?.block[1];
  }

  /** All ids of an entity, dead ones included, by walking its blocks. */
  entityIds(entity: number, from: number): IdCursor {
    return new EntityIds(this.#reader, this, entity, from);
  }

  /** Unpacks a block and does not keep it: for walks that come by once. */
  decode(firstId: number, stored: Uint8Array): RecordBlock {
    this.blocksRead++;
    return decodeRecordBlock(this.#kernelFor(recordBlockKernelBytes(stored)), stored, firstId);
  }

  /**
   * A block that a walk has come to: its records are asked for next. Whatever is read then may take its room.
   */
  walked(firstId: number, stored: Uint8Array): RecordBlock {
    const block = this.cache.get(firstId) ?? this.#kept(firstId, stored);
    this.#last = block;
    return block;
  }

  /** A kernel with so much free memory: one of its own for the rare block that holds a huge record. */
  #kernelFor(freeBytes: number): Kernel {
    if (freeBytes <= this.#kernel.freeBytes) return this.#kernel;
    return new Kernel({ memoryBytes: freeBytes + queryKernelBytes });
  }

  #blockOf(id: number): RecordBlock | undefined {
    const last = this.#last;
    if (last !== null && last.firstId <= id && id <= last.idAt(last.count - 1)) return last;
    const block = this.cache.get(id) ?? this.#read(id);
    if (block !== undefined) this.#last = block;
    return block;
  }

  #read(id: number): RecordBlock | undefined {
    const entry = this.#reader.recordBlock(id);
    if (entry === undefined) return undefined;
    const { firstId, block } = entry;
    const times = (this.#seen.get(firstId) ?? 0) + 1;
    this.#seen.delete(firstId);
    if (times === timesKept) return this.#kept(firstId, block);
    this.#seen.set(firstId, times);
    if (this.#seen.size > this.#seenMax) this.#seen.delete(this.#seen.keys().next().value!);
    if (!OpenRecordBlock.holds(block)) return this.decode(firstId, block);
    this.#last = null;
    this.blocksRead++;
    return this.#open.open(firstId, block);
  }

  /** What comes again later than the cache lasts would be gone before it came a third time. */
  get #seenMax(): number {
    return Math.min(recordBlocksSeenMax, Math.ceil(this.cache.bytesMax / recordBlockBytes));
  }

  #kept(firstId: number, stored: Uint8Array): RecordBlock {
    const block = KeptRecordBlock.fits(stored)
      ? this.#unpacked(firstId, stored)
      : this.decode(firstId, stored);
    this.cache.add(block);
    return block;
  }

  #unpacked(firstId: number, stored: Uint8Array): KeptRecordBlock {
    const gone = this.#gone;
    this.#gone = undefined;
    if (this.#last === gone) this.#last = null;
    this.blocksRead++;
    return new KeptRecordBlock(this.#kernelFor(recordBlockKernelBytes(stored)), stored, firstId, gone);
  }
}

/** First row whose id is at or above `id`. */
function rowOf(block: RecordBlock, id: number): number {
  let low = 0;
  let high = block.count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (block.idAt(middle) < id) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Ids by record blocks; a seek beyond the present block looks the right one up. */
class EntityIds implements IdCursor {
  readonly payload = 0;
  /** A walk over every record: whatever else there is should lead. */
  readonly cost = endOfIds;
  readonly #reader: StoreReader;
  readonly #records: RecordBlocks;
  readonly #entity: number;
  #blocks: Iterator<{ firstId: number; block: Uint8Array }>;
  /** Ids of the present block, which does not stay as long as the walk does; empty without one. */
  readonly #ids: number[] = [];
  #at = 0;
  id = 0;

  constructor(reader: StoreReader, records: RecordBlocks, entity: number, from: number) {
    this.#reader = reader;
    this.#records = records;
    this.#entity = entity;
    this.#blocks = reader.recordBlocks(from)[Symbol.iterator]();
    this.#settle(from);
  }

  next(): void {
    this.#at++;
    this.#settle(this.id + 1);
  }

  seek(target: number): void {
    if (target <= this.id) return;
    if (!(target <= this.#ids.at(-1)!)) {
      this.#blocks.return?.();
      this.#blocks = this.#reader.recordBlocks(target)[Symbol.iterator]();
      this.#ids.length = 0;
    }
    this.#settle(target);
  }

  #settle(from: number): void {
    for (;;) {
      const ids = this.#ids;
      while (this.#at < ids.length && ids[this.#at]! < from) this.#at++;
      if (this.#at < ids.length) {
        this.id = ids[this.#at]!;
        return;
      }
      const next = this.#blocks.next();
      if (next.done === true) {
        this.id = endOfIds;
        return;
      }
      this.#at = 0;
      ids.length = 0;
      if (next.value.block[1] !== this.#entity) continue;
      const block = this.#records.walked(next.value.firstId, next.value.block);
      for (let i = 0; i < block.count; i++) ids.push(block.idAt(i));
    }
  }
}
