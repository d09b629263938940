/** Why an import was told to stop at its next checkpoint. */
export type StopReason = { kind: "cancelled" } | { kind: "stopping" } | { kind: "broken"; text: string };

/** Stops one import, whoever is first. */
export class ImportStop {
  readonly #controller = new AbortController();
  #reason: StopReason | null = null;

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Null as long as nobody has stopped it. */
  get reason(): StopReason | null {
    return this.#reason;
  }

  now(reason: StopReason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#controller.abort();
  }

  onStop(listener: () => void): void {
    if (this.#reason !== null) listener();
    else this.signal.addEventListener("abort", listener, { once: true });
  }
}
