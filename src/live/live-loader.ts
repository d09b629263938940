import {
  Kernel,
  liveCommitBytes,
  liveKernelBytes,
  liveKeyArenaBytes,
  liveKeysCapacity,
  liveRecordBytesMax,
  liveTuplesCapacity,
} from "../kernel/index.js";
import type { CompiledEntity, RecordCheck } from "../model/index.js";
import { RecordLoader } from "../pipeline/index.js";
import type { ColumnEntry, RecordBlockEntry, SourceFormat, TupleBlockEntry } from "../ports/index.js";
import { KeyBuffer, TupleBuffer } from "../postings/index.js";
import { tupleEntry } from "./live-run.js";

/** What records become: not yet held against others. */
export interface Loaded {
  blocks: RecordBlockEntry[];
  columns: (ColumnEntry & { index: number })[];
  /** Sorted streams, one for each time that the buffers were full. */
  tuples: TupleBlockEntry[][];
  keys: Uint8Array[][];
  /** Records that are none, by their id. */
  rejects: Map<number, { code: string; reason: string }>;
}

export interface LoadOptions {
  check?: RecordCheck | null;
  /** Each record deletes the one with its key. */
  isDeleting?: boolean;
  /** Records that delete are put out like others. */
  keepsDeletions?: boolean;
  /** What the lines are; JSON unless told. */
  format?: SourceFormat;
  /** Blocks and columns alone: postings and keys are there already. */
  isStoredOnly?: boolean;
}

const lineFeed = 10;

/** What becomes of a record that is larger than the frames are. */
export const tooLarge = {
  code: "RECORD_TOO_LARGE",
  reason: `it is longer than the ${liveRecordBytesMax} bytes that a live write takes: import it`,
};

/** Makes blocks, postings and keys of records with the kernels of the import. */
export class LiveLoader {
  readonly kernel = new Kernel({ memoryBytes: liveKernelBytes });
  readonly #tuples = new TupleBuffer(this.kernel, liveTuplesCapacity);
  readonly #keys = new KeyBuffer(this.kernel, liveKeysCapacity, liveKeyArenaBytes);
  readonly #loader = new RecordLoader({
    kernel: this.kernel,
    tuples: this.#tuples,
    keys: this.#keys,
    inputBytes: liveCommitBytes,
    outputBytes: liveCommitBytes,
    recordBytesMax: liveRecordBytesMax,
  });

  /** Records of one entity, which get the ids from `firstId` on, rejected ones too. */
  load(
    entity: CompiledEntity,
    records: readonly Uint8Array[],
    firstId: number,
    options: LoadOptions,
  ): Loaded {
    const loaded: Loaded = { blocks: [], columns: [], tuples: [], keys: [], rejects: new Map() };
    let from = 0;
    const isTooLarge = (at: number) => records[at]!.length > liveRecordBytesMax;
    while (from < records.length) {
      if (isTooLarge(from)) {
        loaded.rejects.set(firstId + from++, tooLarge);
        continue;
      }
      let to = from;
      let bytes = 0;
      while (to < records.length && !isTooLarge(to) && bytes + records[to]!.length + 1 <= liveCommitBytes) {
        bytes += records[to++]!.length + 1;
      }
      this.#loadFrame(entity, frameOf(records, from, to, bytes), firstId + from, options, loaded);
      from = to;
    }
    return loaded;
  }

  /** The dead as postings: ids in order, each with its reason; blocks as a segment has them. */
  deadBlocks(dead: readonly [id: number, reason: number][]): TupleBlockEntry[] {
    const { exports } = this.kernel;
    const blocks: TupleBlockEntry[] = [];
    for (let from = 0; from < dead.length; from += liveTuplesCapacity) {
      for (const [id, reason] of dead.slice(from, from + liveTuplesCapacity)) {
        exports.tupleAppend(this.#tuples.ptr, 0, 0n, BigInt(id), reason << 4);
      }
      this.#tuples.encode((block) => blocks.push(tupleEntry(block)));
      this.#tuples.clear();
    }
    return blocks;
  }

  #loadFrame(
    entity: CompiledEntity,
    bytes: Uint8Array,
    firstId: number,
    options: LoadOptions,
    loaded: Loaded,
  ): void {
    const { check = null, isStoredOnly = false, format = "jsonl" } = options;
    const { isDeleting = false, keepsDeletions = false } = options;
    const spill = () => {
      if (!isStoredOnly) this.#spill(loaded);
      this.#tuples.clear();
      this.#keys.clear();
    };
    this.#loader.load(
      { entity, format, header: null, isDeleting, keepsDeletions, bytes, firstId },
      {
        block: (id, _count, block) => loaded.blocks.push({ firstId: id, block: block.slice() }),
        column: (index, id, chunk) => loaded.columns.push({ index, firstId: id, chunk: chunk.slice() }),
        reject: ({ ordinal, code, reason }) => loaded.rejects.set(firstId + ordinal, { code, reason }),
        spill,
        ...(check === null ? {} : { check }),
      },
    );
    spill();
  }

  #spill(loaded: Loaded): void {
    if (this.#tuples.count > 0) {
      const blocks: TupleBlockEntry[] = [];
      this.#tuples.sort();
      this.#tuples.encode((block) => blocks.push(tupleEntry(block)));
      loaded.tuples.push(blocks);
    }
    if (this.#keys.count > 0) {
      const blocks: Uint8Array[] = [];
      this.#keys.sort();
      this.#keys.encode((block) => blocks.push(block.slice()));
      loaded.keys.push(blocks);
    }
  }
}

function frameOf(records: readonly Uint8Array[], from: number, to: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(bytes);
  let at = 0;
  for (let record = from; record < to; record++) {
    frame.set(records[record]!, at);
    at += records[record]!.length;
    frame[at++] = lineFeed;
  }
  return frame;
}
