import { resolve } from "node:path";

/** A reader that closes, or gives way for a while, when it is asked to. */
interface Guest {
  onWanted: () => void;
}

const gates = new Map<string, EnvironmentGate>();

/**
 * Within one process LMDB has one environment a store, however often it is opened: a second opening shares
 * the map of the first and its way of reading or writing. So a writer begins alone, and gives mapped pages
 * back alone: readers that can be asked are asked to leave, and wait outside for that moment.
 */
export class EnvironmentGate {
  readonly #key: string;
  readonly #guests = new Set<Guest>();
  #turn: Promise<unknown> | null = null;
  #onEmpty: () => void = () => {};

  private constructor(key: string) {
    this.#key = key;
  }

  static of(dir: string): EnvironmentGate {
    const key = resolve(dir);
    let gate = gates.get(key);
    if (gate === undefined) {
      gate = new EnvironmentGate(key);
      gates.set(key, gate);
    }
    return gate;
  }

  /** Waits until nobody is alone, or wants to be; the answer lets go. */
  async enter(onWanted: () => void): Promise<() => void> {
    while (this.#turn !== null) await this.#turn;
    const guest: Guest = { onWanted };
    gates.set(this.#key, this);
    this.#guests.add(guest);
    return () => {
      this.#guests.delete(guest);
      if (this.#guests.size === 0) this.#onEmpty();
      this.#forgetUnused();
    };
  }

  /** Does the work when all guests have left. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    while (this.#turn !== null) await this.#turn;
    gates.set(this.#key, this);
    const done = this.#emptied().then(work);
    // Whoever waits for the turn has no use for its outcome.
    const turn = done.then(
      () => {},
      () => {},
    );
    this.#turn = turn;
    try {
      return await done;
    } finally {
      this.#turn = null;
      this.#forgetUnused();
    }
  }

  async #emptied(): Promise<void> {
    if (this.#guests.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const guest of [...this.#guests]) guest.onWanted();
    if (this.#guests.size > 0) await empty;
  }

  #forgetUnused(): void {
    if (this.#guests.size === 0 && this.#turn === null) gates.delete(this.#key);
  }
}
