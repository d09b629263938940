import { systemClock } from "../kernel/index.js";

/** The first part of a phase is slower: threads start, kernels run before they are compiled in full. */
const coldPart = 0.5;

/** Near the end some threads have nothing left to do, which in the whole comes once as well. */
const fullPart = 0.95;

/** Notes how the work of a phase advanced, and says how long more of the same would take. */
export class SamplePace {
  readonly #points: PacePoint[] = [];
  #done = 0;
  #endMs: number | null = null;

  note(amount: number): void {
    this.#done += amount;
    this.#points.push({ ms: systemClock.nowMs(), done: this.#done });
  }

  /** The phase is over; said again it means nothing. */
  end(): void {
    this.#endMs ??= systemClock.nowMs();
  }

  /**
   * Seconds for `times` the work that was noted, of which the phase took `seconds` in all: the start comes
   * once, and the pace is that of the later part. Of what followed the last note, so many seconds grow with
   * the work; the rest comes once as well.
   */
  secondsFor(times: number, seconds: number, growingEnd = 0): number {
    const first = this.#points[0];
    const last = this.#points.at(-1);
    if (first === undefined || last === undefined) return seconds * times;
    const end = Math.min(seconds, Math.max(0, ((this.#endMs ?? last.ms) - last.ms) / 1000));
    const growing = Math.min(end, growingEnd);
    const steady = Math.min(seconds - end, this.#steadyMs(first, last) / 1000);
    return seconds - steady - growing + (steady + growing) * times;
  }

  /** What all of the work takes at the pace of the part that is neither warming up nor running dry. */
  #steadyMs(first: PacePoint, last: PacePoint): number {
    const at = (part: number) => this.#points.find((point) => point.done >= part * this.#done) ?? last;
    const [from, to] = [at(coldPart), at(fullPart)];
    const span = to.ms - from.ms < spanMsMin ? { from: first, to: last } : { from, to };
    const done = span.to.done - span.from.done;
    // A single note says when the work was done, and not how long it took.
    if (done === 0) return Number.POSITIVE_INFINITY;
    return (this.#done / done) * (span.to.ms - span.from.ms);
  }
}

interface PacePoint {
  ms: number;
  /** All that was noted until then. */
  done: number;
}

/** A shorter span says nothing about a pace. */
const spanMsMin = 50;
