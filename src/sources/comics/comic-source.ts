import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { comicsSessionBytes, PlimsollError, sourceChunkBytes } from "../../kernel/index.js";
import type { Source, SourceCursor, SourceFingerprint, SourceOpenOptions } from "../../ports/index.js";
import { unreadable } from "../bytes/file-bytes.js";
import { cursorState } from "../source-cursor.js";
import { Catalogue, cataloguePath, type LibraryRoot } from "./catalogue.js";
import { ComicReads } from "./comic-reads.js";
import { type ComicCursor, ComicSession } from "./comic-session.js";
import { LibraryChanges } from "./library-changes.js";
import { NextCatalogue, publishNext } from "./next-catalogue.js";
import { PathSorter } from "./path-sorter.js";
import { unmountedMarker, walkLibrary } from "./walk-library.js";

export interface ComicSourceOptions {
  /** As it was given. */
  name: string;
  /** The same, absolute. */
  path: string;
  /** Folder for what is known of the library after an import; null: every archive is read each time. */
  catalogue: string | null;
  /** Whether the target holds what the catalogue says; else it is one of a target that is gone. */
  isCatalogueOfTarget: boolean;
  /** Archives are read whether they have changed or not. */
  isFresh: boolean;
}

/** A folder of comics: its archives become records of several entities (docs/adr/0020-comics.md). */
export class ComicSource implements Source {
  readonly format = "comics";
  readonly entityTold = "Comic";
  readonly compression = "none";
  readonly sessionBytesMax = comicsSessionBytes;
  readonly #options: ComicSourceOptions;

  constructor(options: ComicSourceOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  /**
   * What a folder holds is known once it has been walked: like a stream it never counts as loaded already.
   */
  async fingerprint(): Promise<SourceFingerprint> {
    return { name: this.name, sizeBytes: null, modifiedMs: null, headCrc: null };
  }

  async open(options: SourceOpenOptions): Promise<ComicSession> {
    const { cursor, signal, recordBytesMax, skipRecords = 0 } = options;
    const { path, name, isFresh } = this.#options;
    // Records that are passed over would be in the catalogue without being in the target.
    const folder = cursor === null && skipRecords > 0 ? null : this.#options.catalogue;
    const root = this.#root();
    const catalogue = folder === null ? null : this.#catalogue(folder, root);
    const scratch = scratchFolder(folder);
    const paths = new PathSorter(scratch.path);
    const close = (): void => {
      paths[Symbol.dispose]();
      scratch.remove();
    };
    try {
      if (existsSync(join(path, unmountedMarker))) throw this.#unmounted(`it holds ${unmountedMarker}`);
      await walkLibrary(path, (entry) => paths.add(entry), signal);
      if (paths.count === 0 && (catalogue?.count ?? 0) > 0) {
        throw this.#unmounted("it holds no archive, and the last import found some");
      }
      const changes = new LibraryChanges(paths, catalogue, isFresh);
      const { next, position } = this.#next(folder, root, cursor);
      const session = new ComicSession({
        name,
        reads: new ComicReads(path, changes.behind(position?.state.after ?? null)),
        next,
        formerCount: catalogue?.count ?? null,
        cursor: position,
        recordBytesMax,
        signal,
        onClose: close,
      });
      await skip(session, skipRecords, recordBytesMax);
      return session;
    } catch (error) {
      close();
      throw error;
    }
  }

  async settle(): Promise<void> {
    if (this.#options.catalogue !== null) publishNext(this.#options.catalogue);
  }

  #root(): LibraryRoot {
    const { path, name } = this.#options;
    try {
      const { dev: device, ino: inode } = statSync(path);
      return { root: path, device, inode };
    } catch (error) {
      throw unreadable(name, error);
    }
  }

  #catalogue(folder: string, root: LibraryRoot): Catalogue | null {
    if (!this.#options.isCatalogueOfTarget) {
      rmSync(cataloguePath(folder), { force: true });
      return null;
    }
    const catalogue = Catalogue.open(folder);
    if (catalogue === null) return null;
    const { root: former, device, inode } = catalogue.root;
    const isSame = former === root.root || (device === root.device && inode === root.inode);
    if (isSame) return catalogue;
    throw new PlimsollError("COMICS_OTHER_ROOT", {
      former,
      source: this.name,
      catalogue: cataloguePath(folder),
    });
  }

  /** A folder on which nothing is mounted looks as if all comics were gone. */
  #unmounted(reason: string): PlimsollError {
    const catalogue = cataloguePath(this.#options.catalogue ?? "");
    return new PlimsollError("COMICS_UNMOUNTED", { source: this.name, reason, catalogue });
  }

  /**
   * The catalogue to be written and the position to go on at. When what was written of it is lost, everything
   * is handed out again: the target knows it by its keys.
   */
  #next(folder: string | null, root: LibraryRoot, cursor: SourceCursor | null) {
    const state = cursor === null ? null : (cursorState(cursor, this.name).state as ComicCursor | null);
    if (folder === null) {
      const position = cursor === null || state === null ? null : { ...cursor, state };
      return { next: null, position };
    }
    if (cursor !== null && state !== null && state.next !== null) {
      const next = NextCatalogue.resume(folder, state.next);
      if (next !== null) return { next, position: { ...cursor, state } };
    }
    const position = cursor === null ? null : { ...cursor, state: { after: null, next: null } };
    return { next: NextCatalogue.begin(folder, root), position };
  }
}

/** A folder for sorted paths, beside the catalogue or among the system's temporary files. */
function scratchFolder(folder: string | null): { path: string; remove(): void } {
  if (folder === null) {
    const path = mkdtempSync(join(tmpdir(), "plimsoll-comics-"));
    return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
  }
  const path = join(folder, "scratch");
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path, { recursive: true });
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

async function skip(session: ComicSession, records: number, recordBytesMax: number): Promise<void> {
  let left = records;
  let buffer = new Uint8Array(left > 0 ? Math.min(sourceChunkBytes, recordBytesMax) : 0);
  while (left > 0) {
    const read = await session.read(buffer, (bytes) => new Uint8Array(bytes), left);
    if (read === null) return;
    left -= read.frame.records;
    buffer = read.buffer as Uint8Array<ArrayBuffer>;
  }
}
