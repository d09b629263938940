import { close, fdatasync, openSync } from "node:fs";

/**
 * Brings the write-ahead log to the disk beside the work of the connection, which syncs it before its pages
 * go into the database file: by then there is little left to wait for. It promises nothing, so what goes
 * wrong here is left to the connection's own sync.
 *
 * The log is not locked through its file, so that closing it takes no lock from the connection, as closing
 * the database file would.
 */
export class LogSync {
  readonly #path: string;
  #file: number | null = null;
  #isSyncing = false;
  #isClosed = false;

  constructor(database: string) {
    this.#path = `${database}-wal`;
  }

  /** Behind a commit: what is written while a sync is under way is for the next one. */
  begin(): void {
    if (this.#isSyncing || this.#isClosed) return;
    try {
      this.#file ??= openSync(this.#path, "r");
    } catch {
      return;
    }
    this.#isSyncing = true;
    fdatasync(this.#file, () => {
      this.#isSyncing = false;
      if (this.#isClosed) this.#closeFile();
    });
  }

  /** Idempotent. A sync that is under way ends first. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isSyncing) this.#closeFile();
  }

  #closeFile(): void {
    if (this.#file !== null) close(this.#file);
    this.#file = null;
  }
}
