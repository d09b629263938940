import { compareEntries } from "../merge/entry-rule.js";
import type { SnapshotEntry } from "../snapshot-entry.js";
import { compareForwards } from "../wire/key-order.js";
import { headerBytesAt, isDeletedAt, nativeHeaderBytes, uint32At, uint64At } from "../wire/native-header.js";
import { WireEntry } from "../wire/wire-entry.js";
import { EntryWalk } from "./entry-walk.js";
import type { CompareKeys } from "./key-order.js";
import type { PageFile } from "./page-file.js";
import type { TreeHead } from "./page-layout.js";

const noBytes = new Uint8Array(0);

/**
 * A database whose values have headers, walked along beside sorted keys. It reads as the entry that it stands
 * at: where there is none at the key that was asked for, `isThere` is false.
 */
export class HeaderWalk implements SnapshotEntry {
  isThere = false;
  isDeleted = false;

  #headerBytes = 0;
  readonly database: string;
  readonly #order: CompareKeys;
  readonly #walk: EntryWalk;
  /** The key that was asked for last. */
  #last: Buffer = Buffer.alloc(512);
  #lastBytes = 0;
  #isPlaced = false;
  #isAtEnd = false;

  constructor(pages: PageFile, database: string, tree: TreeHead, order: CompareKeys) {
    this.database = database;
    this.#order = order;
    this.#walk = new EntryWalk(pages, tree);
  }

  get key(): Uint8Array {
    return this.#walk.key;
  }

  /** The application's value. */
  get value(): Uint8Array {
    return this.isDeleted ? noBytes : this.#walk.value.subarray(this.#headerBytes);
  }

  get keyBytes(): number {
    return this.#walk.keyBytes;
  }

  get valueBytes(): number {
    return this.isDeleted ? 0 : this.#walk.valueBytes - this.#headerBytes;
  }

  get timestampNano(): bigint {
    return uint64At(this.#walk.valueBuffer, this.#walk.valueStart);
  }

  get leafPage(): number {
    return this.#walk.leafPage;
  }

  /**
   * The order of `compareEntries` between what is here and an entry of a snapshot, where all lies in buffers:
   * without views and 64-bit numbers, which a merge would make for each entry that is there already.
   */
  compareWith(entry: SnapshotEntry): number {
    if (!(entry instanceof WireEntry)) return compareEntries(this, entry);
    const walk = this.#walk;
    const high = uint32At(walk.valueBuffer, walk.valueStart);
    const low = uint32At(walk.valueBuffer, walk.valueStart + 4);
    const time = high - entry.timestampHigh || low - entry.timestampLow;
    if (time !== 0) return time;
    walk.load(walk.valueBytes);
    const start = walk.valueStart + this.#headerBytes;
    const end = start + this.valueBytes;
    const { bytes, valueStart, valueEnd } = entry;
    const value = compareForwards(bytes, valueStart, valueEnd, walk.valueBuffer, start, end);
    return value || Number(this.isDeleted) - Number(entry.isDeleted);
  }

  setTree(tree: TreeHead): void {
    this.#walk.setTree(tree);
    this.#isPlaced = false;
    this.#isAtEnd = false;
  }

  next(): boolean {
    this.isThere = this.#walk.next();
    if (this.isThere) this.#read();
    return this.isThere;
  }

  /** Goes to a key. Keys that rise are a walk; one that does not is looked up. */
  find(key: Uint8Array): void {
    const isRising = this.#isPlaced && this.#order(this.#last, 0, this.#lastBytes, key, 0, key.length) <= 0;
    if (!isRising) this.#isAtEnd = !this.#walk.seek(key, this.#order);
    else if (!this.#isAtEnd) this.#isAtEnd = !this.#walk.advance(key, this.#order);
    this.#keep(key);
    this.isThere = !this.#isAtEnd && this.#walk.compareKey(key, this.#order) === 0;
    if (this.isThere) this.#read();
  }

  /** Goes to the first entry behind a key. */
  findBehind(key: Uint8Array): boolean {
    const isFound = this.#walk.seek(key, this.#order);
    this.isThere = isFound && (this.#walk.compareKey(key, this.#order) !== 0 || this.#walk.next());
    if (this.isThere) this.#read();
    return this.isThere;
  }

  #keep(key: Uint8Array): void {
    if (this.#last.length < key.length) this.#last = Buffer.alloc(key.length * 2);
    this.#last.set(key);
    this.#lastBytes = key.length;
    this.#isPlaced = true;
  }

  #read(): void {
    const walk = this.#walk;
    walk.load(Math.min(nativeHeaderBytes, walk.valueBytes));
    this.#headerBytes = headerBytesAt(walk.valueBuffer, walk.valueStart, walk.valueBytes, this);
    this.isDeleted = isDeletedAt(walk.valueBuffer, walk.valueStart);
  }
}
