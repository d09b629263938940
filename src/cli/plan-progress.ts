import type { ImportProgress } from "../pipeline/index.js";
import type { PlanPosition } from "./progress-bar.js";

/** Reading takes about this part of an import; what follows has no bytes that it could be measured by. */
const readPart = 0.8;

/** How far a plan has come, by the bytes of its sources. */
export class PlanProgress {
  readonly #names: readonly string[];
  readonly #sizes: readonly number[];
  readonly #nowMs: () => number;
  readonly #startMs: number;
  #at = 0;
  #doneBytes = 0;
  /** Of actions that had nothing to do: they say nothing of how fast the others are. */
  #passedBytes = 0;

  constructor(actions: readonly { name: string; sizeBytes: number }[], nowMs: () => number) {
    this.#names = actions.map(({ name }) => name);
    this.#sizes = actions.map(({ sizeBytes }) => sizeBytes);
    this.#nowMs = nowMs;
    this.#startMs = nowMs();
  }

  /** Where the action that runs now stands. */
  position(progress: ImportProgress): PlanPosition {
    const part = partOf(progress);
    const totalBytes = this.#sizes.reduce((sum, bytes) => sum + bytes, 0);
    const ownBytes = (this.#sizes[this.#at] ?? 0) * (part ?? 0);
    const doneBytes = this.#doneBytes + ownBytes;
    const isKnown = part !== null && totalBytes > 0;
    const fraction = isKnown ? doneBytes / totalBytes : null;
    const loadedBytes = doneBytes - this.#passedBytes;
    const seconds = (this.#nowMs() - this.#startMs) / 1000;
    const etaSeconds =
      isKnown && loadedBytes > 0 ? Math.round((seconds / loadedBytes) * (totalBytes - doneBytes)) : null;
    const name = this.#names[this.#at] ?? "";
    return { action: this.#at + 1, actions: this.#names.length, name, fraction, etaSeconds };
  }

  /** The action has ended; `isPassed`: without having had anything to do. */
  next(isPassed: boolean): void {
    const bytes = this.#sizes[this.#at] ?? 0;
    this.#doneBytes += bytes;
    if (isPassed) this.#passedBytes += bytes;
    this.#at++;
  }
}

function partOf({ phase, fraction }: ImportProgress): number | null {
  if (phase === "read") return fraction === null ? null : fraction * readPart;
  return phase === "merge" ? readPart + (fraction ?? 0) * (1 - readPart) : 1;
}
