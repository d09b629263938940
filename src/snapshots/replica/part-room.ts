import { formatBytes, MiB, PlimsollError, replicaPartHeldBytes } from "../../kernel/index.js";
import type { TransferRoom } from "../../ports/index.js";

/** A memory line, and what of it a push or a pull takes whatever the store is like. */
export interface TransferLine {
  lineBytes: number;
  usedBytes: number;
}

/** What is left of the line for what grows with a store: lists of its parts, and its largest values. */
export class PartRoom implements TransferRoom {
  readonly #line: TransferLine;
  #heldBytes = 0;

  /** Without a line nothing is refused. */
  constructor(line: TransferLine = { lineBytes: Number.POSITIVE_INFINITY, usedBytes: 0 }) {
    this.#line = line;
  }

  has(bytes: number): boolean {
    const { lineBytes, usedBytes } = this.#line;
    return usedBytes + this.#heldBytes + bytes <= lineBytes;
  }

  hasParts(count: number): boolean {
    return this.has(count * replicaPartHeldBytes);
  }

  hold(bytes: number): Disposable {
    if (!this.has(bytes)) throw this.#refusal(bytes);
    this.#heldBytes += bytes;
    let isReleased = false;
    return {
      [Symbol.dispose]: () => {
        if (!isReleased) this.#heldBytes -= bytes;
        isReleased = true;
      },
    };
  }

  holdParts(count: number): void {
    this.hold(count * replicaPartHeldBytes);
  }

  #refusal(bytes: number): PlimsollError {
    const { lineBytes, usedBytes } = this.#line;
    const neededBytes = this.#heldBytes + bytes;
    const needed = `what this store needs beside that ${formatBytes(neededBytes)}`;
    return new PlimsollError("LINE_TOO_SMALL", {
      line: formatBytes(lineBytes),
      why: `a copy takes ${formatBytes(usedBytes)} of it, and ${needed}`,
      minimum: `${Math.ceil((usedBytes + neededBytes) / MiB)}MiB`,
    });
  }
}
