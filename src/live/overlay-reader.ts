import type { CompiledMapping } from "../model/index.js";
import type {
  ColumnEntry,
  KeyBlockEntry,
  KeyFilterEntry,
  PlaceEntry,
  RecordBlockEntry,
  SealedState,
  SegmentState,
  StoreBytes,
  StoreReader,
  TupleBlockEntry,
} from "../ports/index.js";
import { keyBlocksFrom, type LiveRun, lastWhere, segmentCounts } from "./live-run.js";

/** Live records as they stood at one moment; the arrays may have grown since, and are read up to a count. */
export interface LiveSnapshot {
  firstId: number;
  nextId: number;
  blocks: RecordBlockEntry[];
  blockCount: number;
  columns: ReadonlyMap<number, ColumnEntry[]>;
  runs: readonly LiveRun[];
  /** By entity number, beside those that are sealed; fewer where live records took some out. */
  liveRecords: readonly number[];
  deadRecords: number;
}

/** Segments of this number and above are of the live layer: a store counts its own from 1. */
const firstSegment = 2 ** 31;

/**
 * What is sealed and the live records above it, as one store: live records lie in segments of their own,
 * behind the others, and have the ids above.
 */
export class OverlayReader implements StoreReader {
  readonly mapping: CompiledMapping;
  readonly sealed: SealedState;
  readonly #sealedReader: StoreReader;
  readonly #live: LiveSnapshot;

  constructor(sealedReader: StoreReader, live: LiveSnapshot) {
    const { sealed } = sealedReader;
    this.#sealedReader = sealedReader;
    this.#live = live;
    this.mapping = sealedReader.mapping;
    this.sealed = {
      ...sealed,
      segments: [...sealed.segments, ...live.runs.map((run, at) => segmentOf(run, at, live))],
      nextId: live.nextId,
      liveRecords: this.mapping.entities.map(
        (_, entity) => (sealed.liveRecords[entity] ?? 0) + (live.liveRecords[entity] ?? 0),
      ),
      deadRecords: sealed.deadRecords + live.deadRecords,
    };
  }

  recordBlock(id: number): RecordBlockEntry | undefined {
    if (id < this.#live.firstId) return this.#sealedReader.recordBlock(id);
    if (id >= this.#live.nextId) return undefined;
    return this.#live.blocks[this.#blockAt(id)];
  }

  *recordBlocks(fromId: number): Iterable<RecordBlockEntry> {
    if (fromId < this.#live.firstId) yield* this.#sealedReader.recordBlocks(fromId);
    const { blocks, blockCount } = this.#live;
    for (let at = Math.max(0, this.#blockAt(fromId)); at < blockCount; at++) yield blocks[at]!;
  }

  *tupleBlocks(segment: number, index: number, term: bigint, id: number): Iterable<TupleBlockEntry> {
    if (segment < firstSegment) {
      yield* this.#sealedReader.tupleBlocks(segment, index, term, id);
      return;
    }
    const { tuples } = this.#runOf(segment);
    const at = lastWhere(tuples.length, (place) => !isTupleAbove(tuples[place]!, index, term, id));
    for (let place = Math.max(0, at); place < tuples.length; place++) yield tuples[place]!;
  }

  *tupleBlocksReverse(segment: number, index: number, term: bigint, id: number): Iterable<TupleBlockEntry> {
    if (segment < firstSegment) {
      yield* this.#sealedReader.tupleBlocksReverse(segment, index, term, id);
      return;
    }
    const { tuples } = this.#runOf(segment);
    const at = lastWhere(tuples.length, (place) => !isTupleAbove(tuples[place]!, index, term, id));
    for (let place = at; place >= 0; place--) yield tuples[place]!;
  }

  columnChunk(index: number, id: number): ColumnEntry | undefined {
    if (id < this.#live.firstId) return this.#sealedReader.columnChunk(index, id);
    if (id >= this.#live.nextId) return undefined;
    const chunks = this.#chunksOf(index);
    return chunks[lastWhere(chunks.length, (at) => chunks[at]!.firstId <= id)];
  }

  *columnChunks(index: number, fromId: number): Iterable<ColumnEntry> {
    if (fromId < this.#live.firstId) yield* this.#sealedReader.columnChunks(index, fromId);
    const chunks = this.#chunksOf(index);
    const first = lastWhere(chunks.length, (at) => chunks[at]!.firstId <= fromId);
    for (let at = Math.max(0, first); at < chunks.length; at++) {
      if (chunks[at]!.firstId >= this.#live.nextId) return;
      yield chunks[at]!;
    }
  }

  *keyBlocks(segment: number, hash: bigint, ordinal = 0): Iterable<KeyBlockEntry> {
    if (segment < firstSegment) {
      yield* this.#sealedReader.keyBlocks(segment, hash, ordinal);
      return;
    }
    yield* keyBlocksFrom(this.#runOf(segment).keys, hash, ordinal);
  }

  keyFilter(segment: number, hash: bigint): KeyFilterEntry | undefined {
    return segment < firstSegment ? this.#sealedReader.keyFilter(segment, hash) : undefined;
  }

  keyFilters(segment: number, hash?: bigint, ordinal?: number): Iterable<KeyFilterEntry> {
    return segment < firstSegment ? this.#sealedReader.keyFilters(segment, hash, ordinal) : [];
  }

  keyFilterAt(segment: number, hash: bigint, ordinal: number): KeyFilterEntry | undefined {
    return segment < firstSegment ? this.#sealedReader.keyFilterAt(segment, hash, ordinal) : undefined;
  }

  /** Live records were read nowhere that could be named. */
  place(id: number): PlaceEntry | undefined {
    return id < this.#live.firstId ? this.#sealedReader.place(id) : undefined;
  }

  bytes(): StoreBytes {
    return this.#sealedReader.bytes();
  }

  releaseMapped(): Promise<void> {
    return this.#sealedReader.releaseMapped();
  }

  close(): void {
    this.#sealedReader.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #blockAt(id: number): number {
    const { blocks, blockCount } = this.#live;
    return lastWhere(blockCount, (at) => blocks[at]!.firstId <= id);
  }

  #chunksOf(index: number): ColumnEntry[] {
    return this.#live.columns.get(index) ?? [];
  }

  #runOf(segment: number): LiveRun {
    return this.#live.runs[segment - firstSegment]!;
  }
}

/** The dead that a run names may lie anywhere, so it stands for all ids there are. */
function segmentOf(run: LiveRun, at: number, { firstId, nextId }: LiveSnapshot): SegmentState {
  return { number: firstSegment + at, firstId, endId: nextId, ...segmentCounts(run) };
}

function isTupleAbove(entry: TupleBlockEntry, index: number, term: bigint, id: number): boolean {
  if (entry.index !== index) return entry.index > index;
  return entry.term === term ? entry.id > id : entry.term > term;
}
