import { assert } from "../../kernel/index.js";
import { DupSortEncoder, decodeDupSortKey } from "../wire/dupsort-key.js";
import { EntryWalk } from "./entry-walk.js";
import { type CompareKeys, compareBytes, keyOrderOf } from "./key-order.js";
import type { PageFile } from "./page-file.js";
import { dbiFlags, type TreeHead } from "./page-layout.js";

const noBytes = new Uint8Array(0);

/**
 * An application's own database beside its shadow: entries in the order of the shadow, by the shadow's keys.
 */
export interface MainWalk {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly valueBytes: number;
  setTree(tree: TreeHead): void;
  next(): boolean;
  /** Whether the key is there; then it stands at it. Keys rise from one call to the next. */
  find(key: Uint8Array): boolean;
  /** Goes to the first entry behind a key. */
  findBehind(key: Uint8Array): boolean;
}

/** The order of a shadow, which takes over no flag but MDB_INTEGERKEY, and not that for pairs. */
export function shadowFlagsOf(mainFlags: number): number {
  return (mainFlags & dbiFlags.dupSort) !== 0 ? 0 : mainFlags & dbiFlags.integerKey;
}

export function walkMain(pages: PageFile, tree: TreeHead, database: string): MainWalk {
  const isDupSort = (tree.flags & dbiFlags.dupSort) !== 0;
  return isDupSort ? new PairWalk(pages, tree, database) : new PlainWalk(pages, tree);
}

class PlainWalk implements MainWalk {
  readonly #walk: EntryWalk;
  readonly #order: CompareKeys;
  #isPlaced = false;
  #isAtEnd = false;

  constructor(pages: PageFile, tree: TreeHead) {
    assert((tree.flags & dbiFlags.reverseKey) === 0, "a shadow is not ordered by the ends of keys");
    this.#walk = new EntryWalk(pages, tree);
    this.#order = keyOrderOf(tree.flags);
  }

  get key(): Uint8Array {
    return this.#walk.key;
  }

  get value(): Uint8Array {
    return this.#walk.value;
  }

  get valueBytes(): number {
    return this.#walk.valueBytes;
  }

  setTree(tree: TreeHead): void {
    this.#walk.setTree(tree);
    this.#isPlaced = false;
    this.#isAtEnd = false;
  }

  next(): boolean {
    return this.#walk.next();
  }

  find(key: Uint8Array): boolean {
    if (!this.#isAtEnd) {
      const isThere = this.#isPlaced
        ? this.#walk.advance(key, this.#order)
        : this.#walk.seek(key, this.#order);
      this.#isAtEnd = !isThere;
      this.#isPlaced = true;
    }
    return !this.#isAtEnd && this.#walk.compareKey(key, this.#order) === 0;
  }

  findBehind(key: Uint8Array): boolean {
    const isFound = this.#walk.seek(key, this.#order);
    return isFound && (this.#walk.compareKey(key, this.#order) !== 0 || this.#walk.next());
  }
}

/** Of a database with several values for a key: each pair is an entry, by the key that is made of both. */
class PairWalk implements MainWalk {
  readonly #walk: EntryWalk;
  readonly #order: CompareKeys;
  readonly #database: string;
  #encoder: DupSortEncoder;
  #pair: Uint8Array = noBytes;
  #isPlaced = false;
  #isAtEnd = false;

  constructor(pages: PageFile, tree: TreeHead, database: string) {
    this.#walk = new EntryWalk(pages, tree);
    this.#order = keyOrderOf(tree.flags);
    this.#database = database;
    this.#encoder = new DupSortEncoder(database);
  }

  get key(): Uint8Array {
    return this.#pair;
  }

  get value(): Uint8Array {
    return this.#walk.value;
  }

  get valueBytes(): number {
    return this.#walk.valueBytes;
  }

  setTree(tree: TreeHead): void {
    this.#walk.setTree(tree);
    this.#encoder = new DupSortEncoder(this.#database);
    this.#isPlaced = false;
    this.#isAtEnd = false;
  }

  next(): boolean {
    if (!this.#walk.next()) return false;
    this.#take();
    return true;
  }

  find(key: Uint8Array): boolean {
    if (this.#isAtEnd) return false;
    if (!this.#isPlaced) {
      this.#isPlaced = true;
      this.#isAtEnd = !this.#walk.seek(decodeDupSortKey(key, this.#database), this.#order);
      if (!this.#isAtEnd) this.#take();
    }
    while (!this.#isAtEnd) {
      const difference = compareBytes(this.#pair, 0, this.#pair.length, key, 0, key.length);
      if (difference >= 0) return difference === 0;
      this.#isAtEnd = !this.next();
    }
    return false;
  }

  findBehind(key: Uint8Array): boolean {
    if (!this.find(key)) return !this.#isAtEnd;
    return this.next();
  }

  #take(): void {
    this.#pair = this.#encoder.encode(this.#walk.key, this.#walk.value);
  }
}
