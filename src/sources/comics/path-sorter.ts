import { rmSync } from "node:fs";
import { join } from "node:path";
import { librarySortBytes, librarySortRunsMax } from "../../kernel/index.js";
import { EntryReader, EntryWriter } from "./entry-file.js";
import { byPath, encodeEntry, type LibraryEntry } from "./library-entry.js";

const nothing = new Uint8Array(0);
/** What an entry's object takes beside the characters of its path. */
const entryObjectBytes = 120;

/**
 * Sorts entries by path within bounded memory: what goes beyond it is sorted in runs on the disk, and merged
 * as it is read. Few files never touch the disk.
 */
export class PathSorter implements Disposable {
  readonly #folder: string;
  readonly #bytesMax: number;
  #entries: LibraryEntry[] = [];
  #bytes = 0;
  #runs: string[] = [];
  #runsNamed = 0;
  count = 0;

  constructor(folder: string, bytesMax = librarySortBytes) {
    this.#folder = folder;
    this.#bytesMax = bytesMax;
  }

  add(entry: LibraryEntry): void {
    this.#entries.push(entry);
    this.count += 1;
    this.#bytes += entryObjectBytes + 2 * entry.path.length;
    if (this.#bytes >= this.#bytesMax) this.#spill();
  }

  /** All entries in order, from the beginning each time. */
  *sorted(): Generator<LibraryEntry> {
    this.#entries.sort(byPath);
    if (this.#runs.length === 0) yield* this.#entries;
    else yield* mergeEntries(this.#runs, this.#entries);
  }

  [Symbol.dispose](): void {
    for (const run of this.#runs) rmSync(run, { force: true });
  }

  #spill(): void {
    this.#entries.sort(byPath);
    this.#write(this.#entries);
    this.#entries = [];
    this.#bytes = 0;
    if (this.#runs.length < librarySortRunsMax) return;
    const former = this.#runs;
    this.#runs = [];
    this.#write(mergeEntries(former, []));
    for (const run of former) rmSync(run);
  }

  #write(entries: Iterable<LibraryEntry>): void {
    const path = join(this.#folder, `paths-${this.#runsNamed++}`);
    using writer = new EntryWriter(path);
    for (const entry of entries) writer.write(encodeEntry(entry, 0, nothing));
    writer.flush();
    this.#runs.push(path);
  }
}

/** Merges sorted runs with what is in memory; there are never more than a few dozen. */
function* mergeEntries(runs: readonly string[], entries: readonly LibraryEntry[]): Generator<LibraryEntry> {
  const readers = runs.map((run) => new EntryReader(run, 0, Number.MAX_SAFE_INTEGER));
  try {
    const rest = entries[Symbol.iterator]();
    const pulls = [
      ...readers.map((reader) => () => reader.next()),
      () => rest.next().value as LibraryEntry | undefined,
    ];
    const heads = pulls.map((pull) => pull() ?? null);
    for (;;) {
      let least = -1;
      for (const [at, head] of heads.entries()) {
        if (head !== null && (least === -1 || head.path < heads[least]!.path)) least = at;
      }
      if (least === -1) return;
      yield heads[least]!;
      heads[least] = pulls[least]!() ?? null;
    }
  } finally {
    for (const reader of readers) reader[Symbol.dispose]();
  }
}
