import { comicGroupBytesMax, comicGroupCountMax } from "../../kernel/index.js";
import {
  comicStatus,
  type Failure,
  packFailure,
  packRecord,
  unpackFailure,
  unpackRecord,
} from "./catalogue.js";
import type { Outcome } from "./comic-reads.js";
import { type ComicEntity, comicEntities, comicRecord } from "./comic-records.js";
import { encodeEntry, type LibraryEntry } from "./library-entry.js";

/**
 * What becomes of one path: a record or a reject of its comic, or neither, and its entry in the catalogue.
 */
export interface GroupItem {
  path: string;
  line: string | null;
  reject: Failure | null;
  /** Null for what is gone. */
  catalogueEntry: Buffer | null;
  isChanged: boolean;
}

/**
 * Some hundred comics in the order of their paths, and before them the things that they name, each once: so
 * parents come first, in runs of one entity, without a list of all the things there are.
 */
export class ComicGroup {
  readonly items: GroupItem[] = [];
  readonly #parents = new Map<ComicEntity, Map<string, string>>();
  #bytes = 0;
  #count = 0;

  get isFull(): boolean {
    return this.#count >= comicGroupCountMax || this.#bytes >= comicGroupBytesMax;
  }

  /** Nothing in it has to be handed out. */
  get isQuiet(): boolean {
    return this.#count === 0 && this.#parents.size === 0;
  }

  /** Lines of each entity, parents first; comics are items. */
  *parents(): Generator<{ entity: ComicEntity; lines: string[] }> {
    for (const entity of comicEntities) {
      const lines = this.#parents.get(entity);
      if (lines !== undefined) yield { entity, lines: [...lines.values()] };
    }
  }

  add(outcome: Outcome): GroupItem {
    const item = this.#itemOf(outcome);
    this.items.push(item);
    if (item.line !== null || item.reject !== null) this.#count += 1;
    this.#bytes += (item.line?.length ?? 0) + (item.catalogueEntry?.length ?? 0);
    return item;
  }

  #itemOf(outcome: Outcome): GroupItem {
    switch (outcome.kind) {
      case "kept":
        return this.#kept(outcome.path, outcome.former);
      case "gone":
        return this.#gone(outcome.path, outcome.status);
      case "moved": {
        const { entry, from } = outcome;
        return this.#stored(entry, JSON.stringify(movedRecord(unpackRecord(from.payload), entry)), 0);
      }
      case "read":
        return this.#read(outcome);
    }
  }

  #kept(path: string, former: { status: number; payload: Buffer; bytes: Buffer }): GroupItem {
    const isFailed = (former.status & comicStatus.failed) !== 0;
    const reject = isFailed ? unpackFailure(former.payload) : null;
    return { path, line: null, reject, catalogueEntry: former.bytes, isChanged: false };
  }

  /** Tombstones of what the target has of a path. */
  #gone(path: string, status: number): GroupItem {
    this.#clearFailure(path, status);
    const wasStored = (status & comicStatus.stored) !== 0;
    const line = wasStored ? JSON.stringify({ path, deleted: true }) : null;
    return { path, line, reject: null, catalogueEntry: null, isChanged: true };
  }

  #read({ entry, status, reading }: Extract<Outcome, { kind: "read" }>): GroupItem {
    if (reading.kind === "comic") {
      const add = (entity: ComicEntity, key: string, record: Record<string, unknown>) =>
        this.#addParent(entity, key, record);
      return this.#stored(entry, JSON.stringify(comicRecord(reading.file, reading.metadata, add)), status);
    }
    const { path, sizeBytes } = entry;
    const { code, message: reason } = reading.fault;
    const modified = new Date(entry.modifiedMs).toISOString();
    this.#addParent("FailedImport", path, { path, code, reason, size: sizeBytes, modified });
    // What could not be read at all is tried again; anything else waits until the file is another.
    const seen = code === "COMIC_UNREADABLE" ? { ...entry, modifiedMs: -1 } : entry;
    const now = comicStatus.failed | (status & comicStatus.stored);
    return {
      path,
      line: null,
      reject: { code, reason },
      catalogueEntry: encodeEntry(seen, now, packFailure({ code, reason })),
      isChanged: true,
    };
  }

  #stored(entry: LibraryEntry, line: string, formerStatus: number): GroupItem {
    this.#clearFailure(entry.path, formerStatus);
    const catalogueEntry = encodeEntry(entry, comicStatus.stored, packRecord(line));
    return { path: entry.path, line, reject: null, catalogueEntry, isChanged: true };
  }

  #clearFailure(path: string, status: number): void {
    if ((status & comicStatus.failed) !== 0) this.#addParent("FailedImport", path, { path, deleted: true });
  }

  #addParent(entity: ComicEntity, key: string, record: Record<string, unknown>): void {
    let lines = this.#parents.get(entity);
    if (lines === undefined) {
      lines = new Map();
      this.#parents.set(entity, lines);
    }
    if (lines.has(key)) return;
    const line = JSON.stringify(record);
    lines.set(key, line);
    this.#bytes += line.length + key.length;
  }
}

/** The same comic under another path. */
function movedRecord(record: Record<string, unknown>, { path }: LibraryEntry): Record<string, unknown> {
  return { ...record, path, folder: path.slice(0, Math.max(0, path.lastIndexOf("/"))) };
}
