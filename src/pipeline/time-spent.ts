/**
 * What the main path of an import does or waits for. While it reads, appending goes on beside the rest, so
 * the sum may be more than the time that passed.
 */
export type Activity =
  | "source"
  | "door"
  | "relief"
  | "append"
  | "checkpoint"
  | "prepare"
  | "merge"
  | "apply"
  | "after";

/** Adds up where the time went. */
export class TimeSpent {
  readonly #ms = new Map<Activity, number>();
  readonly #counts = new Map<Activity, number>();

  async of<T>(activity: Activity, work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      return await work();
    } finally {
      this.add(activity, (performance.now() - startMs) / 1000);
    }
  }

  add(activity: Activity, seconds: number): void {
    this.#ms.set(activity, (this.#ms.get(activity) ?? 0) + seconds * 1000);
    this.#counts.set(activity, this.countOf(activity) + 1);
  }

  secondsOf(activity: Activity): number {
    return Math.round(this.#ms.get(activity) ?? 0) / 1000;
  }

  countOf(activity: Activity): number {
    return this.#counts.get(activity) ?? 0;
  }

  seconds(): Record<Activity, number> {
    const names: Activity[] = ["source", "door", "relief", "append", "checkpoint", "prepare", "merge"];
    return Object.fromEntries(names.map((name) => [name, this.secondsOf(name)])) as Record<Activity, number>;
  }
}
