/** A wait for "something changed": `wake` ends the wait under way, or the next one when there is none. */
export class Change {
  #wake: (() => void) | null = null;
  #isDue = false;

  readonly wake = (): void => {
    if (this.#wake === null) this.#isDue = true;
    this.#wake?.();
    this.#wake = null;
  };

  async wait(): Promise<void> {
    if (this.#isDue) {
      this.#isDue = false;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }
}
