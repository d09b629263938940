import { setImmediate } from "node:timers/promises";
import { assert, liveMergeTurnMs, systemClock } from "../kernel/index.js";
import { refuseUnfinishedImport } from "../pipeline/index.js";
import type { SealedState, StoreReader, TargetSession } from "../ports/index.js";
import { writePart } from "./fold-part.js";
import type { LiveLoader } from "./live-loader.js";
import type { LiveOptions } from "./live-options.js";
import type { LiveState } from "./live-state.js";
import { mergeSegments, stateWithMerged } from "./merge-segments.js";
import { segmentsToMerge } from "./segment-tiers.js";

/** The layer that is folded. */
export interface FoldHost {
  options: LiveOptions;
  loader: LiveLoader;
  /** Whether a part waits for its fold. */
  isPartWaiting(): boolean;
  /** Whether what is worth nothing by half is to end. */
  isClosed(): boolean;
  /** Lends what is sealed now and the state above it, when no commit is under way. */
  withState<T>(work: (reader: StoreReader, state: LiveState) => T): Promise<T>;
  /** Carries out a publication while no commit is under way: of the first part, or of a merge. */
  publish(publication: () => Promise<SealedState>, what: "fold" | "merge"): Promise<void>;
}

/** The layer is closed: what was merged so far is dropped by the next session. */
class MergeStopped extends Error {}

/**
 * Writes the full parts of a layer into the store, and merges the segments that they became. A merge takes a
 * turn of a millisecond at a time, and parts that are full meanwhile are folded between two of them.
 */
export class Folding {
  readonly #host: FoldHost;
  #turnAtMs = 0;

  constructor(host: FoldHost) {
    this.#host = host;
  }

  /** All parts that wait, and then the segments that are to be one. */
  async run(): Promise<void> {
    const { options } = this.#host;
    const choose = options.segmentsToMerge ?? segmentsToMerge;
    await using session = await options.openSession();
    await refuseUnfinishedImport(session, options.storeName);
    // What a fold or a merge that was killed has left.
    await session.rollback(session.sealed?.nextId ?? 0);
    await session.dropSegments(null);
    await this.#foldWaiting(session, null);
    for (;;) {
      const numbers = choose(session.sealed?.segments ?? []);
      if (numbers === null || this.#host.isClosed()) return;
      try {
        await this.#merge(session, numbers);
      } catch (error) {
        if (error instanceof MergeStopped) return;
        throw error;
      }
    }
  }

  /** Beside a segment that is written: its number is taken. */
  async #foldWaiting(session: TargetSession, taken: number | null): Promise<void> {
    while (this.#host.isPartWaiting()) await this.#foldFirst(session, taken);
  }

  async #foldFirst(session: TargetSession, taken: number | null): Promise<void> {
    const { loader } = this.#host;
    const { before, mapping, part } = await this.#host.withState((reader, state) => ({
      before: reader.sealed,
      mapping: reader.mapping,
      part: state.parts[0]!,
    }));
    const breathe = () => this.#giveWay();
    const number = nextNumber(before, taken);
    const sealed = await writePart({ session, before, number, mapping, loader, part, breathe });
    await this.#publish(session, () => sealed, "fold");
  }

  async #merge(session: TargetSession, numbers: readonly number[]): Promise<void> {
    const { loader } = this.#host;
    const merged = session.sealed!.segments.filter((segment) => numbers.includes(segment.number));
    const number = nextNumber(session.sealed!, null);
    const counts = await mergeSegments({
      session,
      loader,
      merged,
      number,
      breathe: async (leave) => {
        await this.#giveWay();
        if (this.#host.isClosed()) throw new MergeStopped();
        if (!this.#host.isPartWaiting()) return;
        leave();
        await this.#foldWaiting(session, number);
      },
    });
    await session.flush();
    await this.#publish(session, () => stateWithMerged(session.sealed!, merged, number, counts), "merge");
    await session.dropSegments(null);
  }

  async #publish(session: TargetSession, stateOf: () => SealedState, what: "fold" | "merge"): Promise<void> {
    await this.#host.publish(async () => {
      const sealed = stateOf();
      await session.publish(sealed, "live", null);
      return sealed;
    }, what);
  }

  async #giveWay(): Promise<void> {
    if (systemClock.nowMs() - this.#turnAtMs < liveMergeTurnMs) return;
    await setImmediate();
    this.#turnAtMs = systemClock.nowMs();
  }
}

function nextNumber({ segments }: SealedState, taken: number | null): number {
  const number = 1 + Math.max(0, taken ?? 0, ...segments.map((segment) => segment.number));
  assert(number !== taken, "a segment that is written has its number for itself");
  return number;
}
