import type { ColumnEntry, LiveImport, RecordBlockEntry } from "../ports/index.js";
import type { Loaded } from "./live-loader.js";
import { heldBytes, type LiveRun } from "./live-run.js";

/** In the head of a record block: see record-block.ts of postings. */
const recordCountAt = 2;
const entityAt = 1;

/** Blocks of records, and the values of just those in columns. */
export type StoredLoad = Pick<Loaded, "blocks" | "columns">;

/** The live records of one log: what they became, and what they took out of what was there before. */
export class LivePart {
  readonly number: number;
  readonly firstId: number;
  nextId: number;
  readonly runs: LiveRun[] = [];
  /** Records that these took out, or that were dead when they came, with the reason. */
  readonly dead = new Map<number, number>();
  /** By entity number: those that came, less those that were taken out. */
  readonly liveRecords: number[] = [];
  /** What was loaded together, in the order of ids: as it will lie in the store, unless it is little. */
  readonly stored: StoredLoad[] = [];
  /** What it has of an import that writes live. */
  imported: LiveImport | null = null;
  #storedBytes = 0;

  constructor(number: number, firstId: number) {
    this.number = number;
    this.firstId = firstId;
    this.nextId = firstId;
  }

  get records(): number {
    return this.nextId - this.firstId;
  }

  /** What it takes in memory. */
  get bytes(): number {
    const runBytes = this.runs.reduce((sum, run) => sum + run.bytes, 0);
    return this.#storedBytes + runBytes + this.dead.size * deadEntryBytes;
  }

  take({ blocks, columns }: Loaded): void {
    for (const { block } of blocks) this.countLive(block[entityAt]!, recordCountOf(block));
    if (blocks.length > 0 || columns.length > 0) this.stored.push({ blocks, columns });
    const chunks = columns.map(({ chunk }) => ({ block: chunk }));
    this.#storedBytes += heldBytes(blocks) + heldBytes(chunks);
  }

  countLive(entity: number, count: number): void {
    this.liveRecords[entity] = (this.liveRecords[entity] ?? 0) + count;
  }
}

/** A number in a map, in each direction of growth. */
const deadEntryBytes = 64;

function recordCountOf(block: Uint8Array): number {
  return new DataView(block.buffer, block.byteOffset).getUint16(recordCountAt, true);
}

/** The blocks of all parts in the order of their ids; those of a part that goes are the first. */
export class StoredBlocks {
  blocks: RecordBlockEntry[] = [];
  columns = new Map<number, ColumnEntry[]>();

  take({ blocks, columns }: Loaded): void {
    this.blocks.push(...blocks);
    for (const { index, firstId, chunk } of columns) {
      const chunks = this.columns.get(index) ?? [];
      this.columns.set(index, chunks);
      chunks.push({ firstId, chunk });
    }
  }

  /** Into arrays of their own: whoever reads the former ones goes on with those. */
  dropBelow(id: number): void {
    const isKept = ({ firstId }: { firstId: number }) => firstId >= id;
    this.blocks = this.blocks.filter(isKept);
    this.columns = new Map([...this.columns].map(([index, chunks]) => [index, chunks.filter(isKept)]));
  }

  blockOf(id: number): RecordBlockEntry | undefined {
    return this.blocks.findLast(({ firstId }) => firstId <= id);
  }
}
