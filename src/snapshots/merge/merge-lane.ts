import { PlimsollError } from "../../kernel/index.js";
import type { DatabaseStream, DbiHead, SnapshotEntry } from "../snapshot-entry.js";
import { WireEntry } from "../wire/wire-entry.js";
import type { Contender } from "./tournament.js";

const empty = new Uint8Array(0);

/** One snapshot among many, or the databases they are merged into, as a stream like theirs. */
export interface MergeSource extends DatabaseStream {
  /** For messages. */
  readonly name: string;
  readonly formatVersion: number;
}

/** One source of a merge: the database it stands before, and the entry that waits to be taken. */
export class MergeLane implements Contender {
  readonly source: MergeSource;
  /** The database that is next or in work; null behind the last. */
  head: DbiHead | null = null;
  entry: SnapshotEntry | null = null;
  bytes: Uint8Array = empty;
  keyStart = 0;
  keyEnd = 0;
  isThere = false;
  readonly #mustBeSorted: boolean;
  #nameBytes: Uint8Array = empty;
  #mustMove = true;

  constructor(source: MergeSource, { mustBeSorted }: { mustBeSorted: boolean }) {
    this.source = source;
    this.#mustBeSorted = mustBeSorted;
  }

  /** Goes on to the next database if the one before it was in work. */
  async toDatabase(): Promise<void> {
    if (!this.#mustMove) return;
    this.#mustMove = false;
    this.head = await this.source.nextDbi();
    if (!this.head) return;
    const before = this.#nameBytes;
    this.#nameBytes = Buffer.from(this.head.name);
    if (!this.#mustBeSorted || Buffer.compare(before, this.#nameBytes) < 0) return;
    const details = { name: this.source.name, database: this.head.name };
    throw new PlimsollError("SNAPSHOT_DATABASE_ORDER", details);
  }

  isBefore(other: MergeLane): boolean {
    if (!this.head || !other.head) return this.head !== null;
    return Buffer.compare(this.#nameBytes, other.#nameBytes) < 0;
  }

  /** Its database is in work from now on. */
  beginDatabase(): void {
    this.#mustMove = true;
    this.entry = null;
    this.isThere = false;
  }

  /** Takes the next entry; false where it has to be waited for, or where there is none. */
  take(): boolean {
    const entry = this.source.next();
    if (!entry) return false;
    this.entry = entry;
    this.isThere = true;
    if (entry instanceof WireEntry) {
      this.bytes = entry.bytes;
      this.keyStart = entry.keyStart;
      this.keyEnd = entry.keyEnd;
    } else {
      this.bytes = entry.key;
      this.keyStart = 0;
      this.keyEnd = entry.key.length;
    }
    return true;
  }
}
