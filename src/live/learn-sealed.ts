import { setImmediate } from "node:timers/promises";
import { filterCopiesEarlyFraction, liveLearnedKeysMax, liveLearnMs, systemClock } from "../kernel/index.js";
import type { SegmentState, StoreReader } from "../ports/index.js";
import { settlingEntries } from "../postings/index.js";
import type { FilterCopies, FilterCopying } from "./filter-copies.js";
import type { KeyFilter, SegmentLearner } from "./key-filter.js";

/**
 * Copies the filters beside the keys that were sealed before a filter began, for as far as there is room; and
 * has the filter know the keys of small segments, from the last one backwards: a key that nobody has written
 * is then looked up nowhere. A little at a time, while records are written.
 */
export class SealedLearner {
  readonly #filter: KeyFilter;
  readonly #copies: FilterCopies;
  readonly #withReader: WithReader;
  #isStopped = false;
  #learning: Promise<void> | null = null;

  constructor(filter: KeyFilter, copies: FilterCopies, withReader: WithReader) {
    this.#filter = filter;
    this.#copies = copies;
    this.#withReader = withReader;
  }

  /** To be called when the filter has begun anew, or segments have come. */
  begin(onFailure: (error: unknown) => void): void {
    if (this.#isStopped) return;
    this.#learning ??= this.#learnAll()
      .catch(onFailure)
      .finally(() => {
        this.#learning = null;
      });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#learning;
  }

  async #learnAll(): Promise<void> {
    let isMore = true;
    while (isMore && !this.#isStopped) isMore = (await this.#copySegment()) || (await this.#learnSegment());
  }

  /** The filters of one segment; false where none is left, or no room. */
  async #copySegment(): Promise<boolean> {
    const segment = await this.#withReader(({ sealed }) => {
      const { coveredFromId, youngFromId } = this.#filter;
      // Those that the filter will forget next are ready when it does.
      const older = sealed.segments.filter(({ firstId }) => firstId < youngFromId);
      this.#copies.keepOnly(older);
      const uncovered = older.filter(({ firstId }) => firstId < coveredFromId);
      return this.#copies.nextToCopy(uncovered) ?? this.#copies.nextToCopy(older, filterCopiesEarlyFraction);
    });
    if (segment === undefined) return false;
    const walk = new FilterWalk(segment.number, this.#copies.beginCopy(segment));
    for (;;) {
      const step = await this.#withReader((reader) => walk.step(reader));
      if (step !== "more" || this.#isStopped) return true;
      await setImmediate();
    }
  }

  /** The last segment that is not known; false where none is left, or no room. */
  async #learnSegment(): Promise<boolean> {
    const { generation } = this.#filter;
    const segment = await this.#withReader((reader) => nextSegment(reader, this.#filter));
    if (segment !== undefined && segment.keys > liveLearnedKeysMax && this.#copies.isHeld(segment))
      return false;
    if (this.#filter.generation !== generation) return true;
    const learner = segment === undefined ? null : this.#filter.learner(segment.keys);
    if (segment === undefined || learner === null) return false;
    const walk = new SegmentWalk(segment.number);
    for (;;) {
      const step = await this.#withReader((reader) => walk.step(reader, learner));
      if (this.#isStopped || this.#filter.generation !== generation || step === "gone") return true;
      if (step === "end") {
        learner.finish(segment.firstId);
        return true;
      }
      await setImmediate();
    }
  }
}

/** Lends what is sealed now for a moment. */
type WithReader = <T>(work: (reader: StoreReader) => T) => Promise<T>;

/** The last one that has keys which the filter does not know. */
function nextSegment({ sealed }: StoreReader, filter: KeyFilter): SegmentState | undefined {
  return sealed.segments.findLast(({ firstId }) => firstId < filter.coveredFromId);
}

class FilterWalk {
  readonly #segment: number;
  readonly #copying: FilterCopying;
  /** Of the block to go on with. */
  #hash = 0n;
  #ordinal = 0;

  constructor(segment: number, copying: FilterCopying) {
    this.#segment = segment;
    this.#copying = copying;
  }

  /** Some of the filters; `gone` where the segment has become part of another one. */
  step(reader: StoreReader): "more" | "end" | "gone" {
    if (!hasSegment(reader, this.#segment)) return "gone";
    const untilMs = systemClock.nowMs() + liveLearnMs;
    for (const entry of reader.keyFilters(this.#segment, this.#hash, this.#ordinal)) {
      if (systemClock.nowMs() >= untilMs) {
        this.#hash = entry.hash;
        this.#ordinal = entry.ordinal;
        return "more";
      }
      this.#copying.add(entry);
    }
    this.#copying.finish();
    return "end";
  }
}

function hasSegment({ sealed }: StoreReader, segment: number): boolean {
  return sealed.segments.some(({ number }) => number === segment);
}

class SegmentWalk {
  readonly #segment: number;
  /** The block to go on with. */
  #hash = 0n;
  #ordinal = 0;

  constructor(segment: number) {
    this.#segment = segment;
  }

  /** Some of the keys; `gone` where the segment has become part of another one. */
  step(reader: StoreReader, learner: SegmentLearner): "more" | "end" | "gone" {
    if (!hasSegment(reader, this.#segment)) return "gone";
    const untilMs = systemClock.nowMs() + liveLearnMs;
    for (const { hash, ordinal, block } of reader.keyBlocks(this.#segment, this.#hash, this.#ordinal)) {
      if (systemClock.nowMs() >= untilMs) {
        this.#hash = hash;
        this.#ordinal = ordinal;
        return "more";
      }
      const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
      for (const at of settlingEntries(block)) {
        learner.add(view.getUint32(at, true), view.getUint32(at + 4, true));
      }
    }
    return "end";
  }
}
