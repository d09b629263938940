import { join } from "node:path";
import { comicsAheadMax, comicsReadMax } from "../../kernel/index.js";
import { ReadingRoom } from "./archives/index.js";
import type { Change } from "./library-changes.js";
import type { LibraryEntry } from "./library-entry.js";
import { type ComicReading, readComic } from "./read-comic.js";

/** A change with what its archive says, where it had to be opened. */
export type Outcome =
  | { kind: "read"; entry: LibraryEntry; status: number; reading: ComicReading }
  | Exclude<Change, { kind: "read" }>;

type Slot = { outcome: Promise<Outcome> | Outcome };

/**
 * Reads the archives of changes side by side and hands out the outcomes in order. Nothing is read ahead
 * without need: changes that need no archive go by one at a time while none is open.
 */
export class ComicReads {
  readonly #root: string;
  readonly #changes: Iterator<Change>;
  readonly #room = new ReadingRoom();
  readonly #slots: Slot[] = [];
  #openCount = 0;
  #isAtEnd = false;
  waitedSeconds = 0;

  constructor(root: string, changes: Iterator<Change>) {
    this.#root = root;
    this.#changes = changes;
  }

  /** Null at the end. What an outcome refers to of the catalogue is valid until the next is asked for. */
  async next(): Promise<Outcome | null> {
    this.#fill();
    const slot = this.#slots.shift();
    if (slot === undefined) return null;
    if (!(slot.outcome instanceof Promise)) return slot.outcome;
    const start = performance.now();
    const outcome = await slot.outcome;
    this.waitedSeconds += (performance.now() - start) / 1000;
    return outcome;
  }

  /** Lets what is open come to its end. */
  async close(): Promise<void> {
    this.#isAtEnd = true;
    await Promise.allSettled(this.#slots.map(({ outcome }) => outcome));
    this.#changes.return?.();
  }

  #fill(): void {
    while (!this.#isAtEnd && this.#slots.length < comicsAheadMax && this.#openCount < comicsReadMax) {
      if (this.#slots.length > 0 && this.#openCount === 0) return;
      const step = this.#changes.next();
      if (step.done === true) {
        this.#isAtEnd = true;
        return;
      }
      this.#slots.push({ outcome: this.#begin(step.value) });
    }
  }

  #begin(change: Change): Promise<Outcome> | Outcome {
    if (change.kind !== "read") return this.#openCount === 0 ? change : keptAlive(change);
    this.#openCount += 1;
    const outcome = this.#read(change.entry, change.status);
    // A failure is met when its turn comes.
    outcome.catch(() => undefined);
    return outcome;
  }

  async #read(entry: LibraryEntry, status: number): Promise<Outcome> {
    try {
      const reading = await readComic(join(this.#root, entry.path), entry, this.#room);
      return { kind: "read", entry, status, reading };
    } finally {
      this.#openCount -= 1;
    }
  }
}

/** A change that waits needs its own copy of what the catalogue says. */
function keptAlive(change: Exclude<Change, { kind: "read" }>): Outcome {
  if (change.kind === "moved") return { ...change, from: copied(change.from) };
  return change.kind === "kept" ? { ...change, former: copied(change.former) } : change;
}

function copied<Entry extends { bytes: Buffer; payload: Buffer }>(entry: Entry): Entry {
  const bytes = Buffer.from(entry.bytes);
  return { ...entry, bytes, payload: bytes.subarray(bytes.length - entry.payload.length) };
}
