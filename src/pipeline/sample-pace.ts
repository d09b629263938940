import { systemClock } from "../kernel/index.js";

/** The first part of a phase is slower: threads start, kernels run before they are compiled in full. */
const coldPart = 0.6;

/** Notes how the work of a phase advanced, and says how long more of the same would take. */
export class SamplePace {
  readonly #points: { ms: number; done: number }[] = [];
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
    const last = this.#points.at(-1);
    const from = this.#points.find((point) => point.done >= coldPart * this.#done);
    if (last === undefined || from === undefined || last.ms - from.ms < spanMsMin) return seconds * times;
    const end = Math.min(seconds, Math.max(0, ((this.#endMs ?? last.ms) - last.ms) / 1000));
    const noted = seconds - end;
    const rate = (last.done - from.done) / (last.ms - from.ms);
    const steady = Math.min(noted, this.#done / rate / 1000);
    const growing = Math.min(end, growingEnd);
    return seconds - steady - growing + (steady + growing) * times;
  }
}

/** A shorter span says nothing about a pace. */
const spanMsMin = 50;
