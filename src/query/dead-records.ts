import { gatheredIdsMax, recordIdMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { type IdCursor, type PostingDecoder, union } from "../postings/index.js";
import { GatheredIds } from "./gathered-ids.js";
import { ArrayIds, endOfIds } from "./ids.js";
import type { Lists } from "./lists.js";

/**
 * The list of dead records: later segments also name ids of former ones, so the segments are united, not
 * joined.
 */
export class DeadRecords {
  readonly #reader: StoreReader;
  readonly #lists: Lists;
  readonly #decoder: PostingDecoder;
  /** All of them, while they are few enough to be held. */
  #all: GatheredIds | null = null;
  readonly #windows = new Map<number, { from: number; to: number; ids: Float64Array }>();

  constructor(reader: StoreReader, lists: Lists, decoder: PostingDecoder) {
    this.#reader = reader;
    this.#lists = lists;
    this.#decoder = decoder;
  }

  open(from: number): IdCursor {
    const { segments } = this.#reader.sealed;
    return union(segments.map((segment) => this.#lists.openSegment(segment.number, 0, 0n, from)));
  }

  /** Whether one record is dead, by the block that would name it. */
  has(id: number): boolean {
    const { deadRecords, segments } = this.#reader.sealed;
    if (deadRecords === 0) return false;
    if (deadRecords <= gatheredIdsMax) {
      this.#all ??= new GatheredIds(this.#reader, this.#lists, [{ index: 0, low: 0n, high: 0n }]);
      if (this.#all.isHeld) return this.#all.has(id);
    }
    return segments.some(({ number }) => this.#segmentHas(number, id));
  }

  #segmentHas(segment: number, id: number): boolean {
    let window = this.#windows.get(segment);
    if (window === undefined || id < window.from || id > window.to) {
      window = this.#readWindow(segment, id);
      this.#windows.set(segment, window);
    }
    return new ArrayIds(window.ids, id).id === id;
  }

  /** The dead ids of the block around `id`, and the span of ids that it decides on. */
  #readWindow(segment: number, id: number) {
    let ids: Float64Array | undefined;
    let from = 0;
    for (const entry of this.#reader.tupleBlocks(segment, 0, 0n, id)) {
      const isDeadList = entry.index === 0 && entry.term === 0n;
      if (ids === undefined && entry.id <= id && isDeadList) {
        from = entry.id;
        ids = this.#decoder.decode(entry.block, 0, 0n).ids;
        continue;
      }
      const to = isDeadList && entry.id > id ? entry.id - 1 : recordIdMax;
      return { from, to, ids: ids ?? new Float64Array(0) };
    }
    return { from, to: endOfIds, ids: ids ?? new Float64Array(0) };
  }
}
