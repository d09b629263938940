import { type Catalogue, comicStatus } from "./catalogue.js";
import { type DecodedEntry, isSameFile, type LibraryEntry } from "./library-entry.js";
import { MovedComics } from "./moved-comics.js";

/**
 * What became of one path since the last import. What the catalogue held of it is valid until the next change
 * is asked for.
 */
export type Change =
  /** New, or another content than before: to be read. `status` is what the target has of it. */
  | { kind: "read"; entry: LibraryEntry; status: number }
  | { kind: "moved"; entry: LibraryEntry; from: DecodedEntry }
  | { kind: "kept"; path: string; former: DecodedEntry }
  | { kind: "gone"; path: string; status: number };

/** The paths of a library, sorted, as often as they are asked for. */
export interface LibraryPaths {
  sorted(): Iterable<LibraryEntry>;
}

/** Tells what changed between the catalogue (null: nothing was imported yet) and the library as it is now. */
export class LibraryChanges {
  readonly #paths: LibraryPaths;
  readonly #catalogue: Catalogue | null;
  readonly #isFresh: boolean;
  readonly #moved = new MovedComics();

  constructor(paths: LibraryPaths, catalogue: Catalogue | null, isFresh: boolean) {
    this.#paths = paths;
    this.#catalogue = catalogue;
    this.#isFresh = isFresh;
    if (catalogue !== null) this.#findMoved();
  }

  /** All changes behind a path, in the order of paths. */
  *behind(after: string | null): Generator<Change> {
    for (const { entry, former } of joined(this.#paths, this.#catalogue, false)) {
      const path = entry?.path ?? former!.entry.path;
      if (after !== null && path <= after) continue;
      yield this.#changeOf(path, entry, former?.entry ?? null);
    }
  }

  #changeOf(path: string, entry: LibraryEntry | null, former: DecodedEntry | null): Change {
    if (entry === null) return { kind: "gone", path, status: former!.status };
    if (this.#isFresh) return { kind: "read", entry, status: former?.status ?? 0 };
    if (former !== null) {
      if (isSameFile(entry, former)) return { kind: "kept", path, former };
      return { kind: "read", entry, status: former.status };
    }
    const from = this.#moved.size === 0 ? null : this.#moved.find(entry, this.#catalogue!);
    return from === null ? { kind: "read", entry, status: 0 } : { kind: "moved", entry, from };
  }

  /** Reads both lists once, which checks the catalogue as well. */
  #findMoved(): void {
    let isNew = false;
    for (const { entry, former } of joined(this.#paths, this.#catalogue, true)) {
      if (former === null) isNew = true;
      // One that failed has nothing that could be kept.
      else if (entry === null && former.entry.status === comicStatus.stored) {
        this.#moved.add(former.entry.inode, former.offset);
      }
    }
    if (isNew) this.#moved.settle();
  }
}

interface Joined {
  entry: LibraryEntry | null;
  former: { entry: DecodedEntry; offset: number } | null;
}

/** Merges the two sorted lists by path. */
function* joined(paths: LibraryPaths, catalogue: Catalogue | null, isChecked: boolean): Generator<Joined> {
  const formers = catalogue?.entries(isChecked) ?? [][Symbol.iterator]();
  const nextFormer = () => (formers.next().value ?? null) as Joined["former"];
  let last: string | null = null;
  let former = nextFormer();
  try {
    for (const entry of paths.sorted()) {
      // Names that are no UTF-8 may have become one.
      if (entry.path === last) continue;
      last = entry.path;
      while (former !== null && former.entry.path < entry.path) {
        yield { entry: null, former };
        former = nextFormer();
      }
      const isBoth = former !== null && former.entry.path === entry.path;
      yield { entry, former: isBoth ? former : null };
      if (isBoth) former = nextFormer();
    }
    while (former !== null) {
      yield { entry: null, former };
      former = nextFormer();
    }
  } finally {
    formers.return?.(undefined as never);
  }
}
