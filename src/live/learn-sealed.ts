import { setImmediate } from "node:timers/promises";
import { liveLearnMs, systemClock } from "../kernel/index.js";
import type { SegmentState, StoreReader } from "../ports/index.js";
import { settlingEntries } from "../postings/index.js";
import type { KeyFilter, SegmentLearner } from "./key-filter.js";

/**
 * Has a filter know what was sealed before it began, from the last segment backwards for as far as it has
 * room: a key that nobody has written is then looked up nowhere. A little at a time, while records are
 * written.
 */
export class SealedLearner {
  readonly #filter: KeyFilter;
  readonly #withReader: WithReader;
  #isStopped = false;
  #learning: Promise<void> | null = null;

  constructor(filter: KeyFilter, withReader: WithReader) {
    this.#filter = filter;
    this.#withReader = withReader;
  }

  /** To be called when the filter has begun anew. */
  begin(onFailure: (error: unknown) => void): void {
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
    let isRoomLeft = true;
    while (isRoomLeft && !this.#isStopped) isRoomLeft = await this.#learnSegment();
  }

  /** The last segment that is not known; false where none is left, or no room. */
  async #learnSegment(): Promise<boolean> {
    const { generation } = this.#filter;
    const segment = await this.#withReader((reader) => nextSegment(reader, this.#filter));
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
    if (reader.sealed.segments.every(({ number }) => number !== this.#segment)) return "gone";
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
