import { decisionsMax } from "../kernel/index.js";

/** Something the import decided or had to wait for, in plain words: `t` in seconds since the start. */
export interface Decision {
  t: number;
  kind: string;
  text: string;
  /** Further numbers behind the words. */
  [number: string]: string | number;
}

/** The latest decisions in a ring, and how many there were of each kind. */
export class DecisionLog {
  readonly #kept: Decision[] = [];
  readonly #counts = new Map<string, number>();

  add(decision: Decision): void {
    this.#counts.set(decision.kind, this.countOf(decision.kind) + 1);
    this.#kept.push(decision);
    if (this.#kept.length > decisionsMax) this.#kept.shift();
  }

  countOf(kind: string): number {
    return this.#counts.get(kind) ?? 0;
  }

  get decisions(): readonly Decision[] {
    return this.#kept;
  }

  counts(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
