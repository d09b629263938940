import { assert } from "./assert.js";

/** What an owner can close; the first of these that a child has is used. */
export type Child = AsyncDisposable | Disposable | (() => unknown);

/**
 * Owns children and closes them all, the last one registered first, because a later child may lean on an
 * earlier one. A child that fails to close does not keep the others open: every failure reaches the caller in
 * one AggregateError.
 */
export class Owner implements AsyncDisposable {
  #children: Child[] = [];
  #closing: Promise<void> | undefined;

  /** Registers a child and hands it back, so that it can be owned where it is made. */
  own<T extends Child>(child: T): T {
    assert(this.#closing === undefined, "a closed owner takes no more children");
    this.#children.push(child);
    return child;
  }

  /** Lets a child go without closing it. */
  disown(child: Child): void {
    this.#children = this.#children.filter((other) => other !== child);
  }

  get closed(): boolean {
    return this.#closing !== undefined;
  }

  /** Idempotent: a second call waits for the first one and sees the same outcome. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const child of this.#children.splice(0).reverse()) {
      try {
        await closeChild(child);
      } catch (failure) {
        failures.push(failure);
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, `${failures.length} parts failed to close`);
  }
}

async function closeChild(child: Child): Promise<void> {
  if (typeof child === "function") await child();
  else if (Symbol.asyncDispose in child) await child[Symbol.asyncDispose]();
  else child[Symbol.dispose]();
}
