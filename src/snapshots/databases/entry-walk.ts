import { KiB, lmdbValueBytesMax, PlimsollError, valueWindowBytes } from "../../kernel/index.js";
import type { CompareKeys } from "./key-order.js";
import type { PageFile } from "./page-file.js";
import {
  nodeFlags,
  nodeHeadBytes,
  pageKinds,
  readTreeHead,
  type TreeHead,
  treeHeadBytes,
} from "./page-layout.js";
import { TreeCursor } from "./tree-cursor.js";

/**
 * The entries of a database one by one: a key that has several values comes once for each. Views of key and
 * value hold until the next entry.
 */
export class EntryWalk {
  /** Bytes of the value, which may not have been read yet. */
  valueBytes = 0;

  readonly #file: PageFile;
  readonly #cursor: TreeCursor;
  /** Where the value is, as far as it has been read. */
  #value: Buffer;
  #valueStart = 0;
  #valueLoaded = 0;
  #big: Buffer = Buffer.alloc(0);
  /** Values of one key: on a page within the leaf, or in a tree of their own. */
  #page: ValuePage | null = null;
  #values: TreeCursor | null = null;
  #isInValues = false;
  #isBegun = false;

  constructor(file: PageFile, tree: TreeHead) {
    this.#file = file;
    this.#cursor = new TreeCursor(file, tree);
    this.#value = this.#cursor.leaf;
  }

  setTree(tree: TreeHead): void {
    this.#cursor.setTree(tree);
    this.#isBegun = false;
    this.#page = null;
    this.#isInValues = false;
  }

  get key(): Uint8Array {
    return this.#cursor.leaf.subarray(this.#cursor.keyStart, this.#cursor.keyEnd);
  }

  /** The page that it stands on. */
  get leafPage(): number {
    return this.#cursor.leafPage;
  }

  get keyBytes(): number {
    return this.#cursor.keyEnd - this.#cursor.keyStart;
  }

  /** Where the value is, as far as it was loaded. */
  get valueBuffer(): Buffer {
    return this.#value;
  }

  get valueStart(): number {
    return this.#valueStart;
  }

  get value(): Uint8Array {
    this.load(this.valueBytes);
    return this.#value.subarray(this.#valueStart, this.#valueStart + this.valueBytes);
  }

  /** Whether the value is a tree: a named database, in the main tree. */
  get isTree(): boolean {
    return this.#cursor.nodeFlags === nodeFlags.subData;
  }

  compareKey(key: Uint8Array, order: CompareKeys): number {
    const { leaf, keyStart, keyEnd } = this.#cursor;
    return order(leaf, keyStart, keyEnd, key, 0, key.length);
  }

  next(): boolean {
    if (this.#page?.next()) {
      this.#placeValue(this.#cursor.leaf, this.#page.start, this.#page.bytes);
      return true;
    }
    if (this.#isInValues && this.#values!.next()) {
      this.#placeInTree();
      return true;
    }
    const isThere = this.#isBegun ? this.#cursor.next() : this.#cursor.first();
    this.#isBegun = true;
    if (isThere) this.#settle();
    return isThere;
  }

  /** Goes to the first key that is not below the given one. */
  seek(key: Uint8Array, order: CompareKeys): boolean {
    this.#isBegun = true;
    const isThere = this.#cursor.seek(key, order);
    if (isThere) this.#settle();
    return isThere;
  }

  /** The same from where it stands, which is not behind that key. */
  advance(key: Uint8Array, order: CompareKeys): boolean {
    const isThere = this.#cursor.advance(key, order);
    if (isThere) this.#settle();
    return isThere;
  }

  #settle(): void {
    const { leaf, dataStart, dataBytes, nodeFlags: flags } = this.#cursor;
    this.#page = null;
    this.#isInValues = false;
    if ((flags & nodeFlags.dupData) !== 0) {
      this.#enterValues((flags & nodeFlags.subData) !== 0);
      return;
    }
    this.valueBytes = dataBytes;
    if ((flags & nodeFlags.bigData) !== 0) this.#valueLoaded = 0;
    else this.#placeValue(leaf, dataStart, dataBytes);
  }

  #enterValues(isTree: boolean): void {
    const { leaf, dataStart, dataBytes } = this.#cursor;
    if (isTree && dataBytes !== treeHeadBytes)
      throw this.#file.damaged(this.leafPage, "a tree of values has no head");
    if (!isTree) {
      this.#page = new ValuePage(this.#file, leaf, dataStart, dataBytes);
      if (!this.#page.next()) throw this.#file.damaged(-1, "a key has a list of no values");
      this.#placeValue(leaf, this.#page.start, this.#page.bytes);
      return;
    }
    const tree = readTreeHead(leaf, dataStart);
    this.#values ??= new TreeCursor(this.#file, tree, valueWindowBytes);
    this.#values.setTree(tree);
    this.#isInValues = this.#values.first();
    if (!this.#isInValues) throw this.#file.damaged(tree.root, "a key has a list of no values");
    this.#placeInTree();
  }

  #placeInTree(): void {
    const { leaf, keyStart, keyEnd } = this.#values!;
    this.#placeValue(leaf, keyStart, keyEnd - keyStart);
  }

  #placeValue(buffer: Buffer, start: number, bytes: number): void {
    this.#value = buffer;
    this.#valueStart = start;
    this.valueBytes = bytes;
    this.#valueLoaded = bytes;
  }

  /** Sees that so many bytes of the value are there; large ones have pages of their own. */
  load(bytes: number): void {
    if (bytes <= this.#valueLoaded) return;
    if (bytes > lmdbValueBytesMax) {
      const key = Buffer.from(this.key).toString("hex");
      throw new PlimsollError("LMDB_VALUE_TOO_LARGE", { key, bytes, most: lmdbValueBytesMax });
    }
    if (this.#big.length < bytes) this.#big = Buffer.allocUnsafeSlow(Math.ceil(bytes / KiB) * KiB);
    this.#cursor.readBigData(this.#big, bytes);
    this.#value = this.#big;
    this.#valueStart = 0;
    this.#valueLoaded = bytes;
  }
}

/** A page within a leaf that holds the values of one key. */
class ValuePage {
  start = 0;
  bytes = 0;
  readonly #leaf: Buffer;
  readonly #at: number;
  readonly #places: number;
  readonly #base: number;
  readonly #width: number;
  readonly #count: number;
  readonly #end: number;
  readonly #file: PageFile;
  #index = -1;

  constructor(file: PageFile, leaf: Buffer, at: number, bytes: number) {
    const { headBytes, nodeBase } = file.layout;
    this.#leaf = leaf;
    this.#at = at;
    this.#places = at + headBytes;
    this.#end = at + bytes;
    this.#file = file;
    if (bytes < headBytes) throw file.damaged(-1, "a list of values is cut off");
    this.#base = nodeBase;
    const isOfOneWidth = (leaf.readUInt16LE(at + headBytes - 6) & pageKinds.leaf2) !== 0;
    this.#width = isOfOneWidth ? leaf.readUInt16LE(at + headBytes - 8) : 0;
    this.#count = (leaf.readUInt16LE(at + headBytes - 4) - (headBytes - nodeBase)) >> 1;
    const least = this.#count * Math.max(this.#width, 2);
    if (this.#count < 0 || headBytes + least > bytes) throw file.damaged(-1, "a list of values is cut off");
  }

  next(): boolean {
    this.#index += 1;
    if (this.#index >= this.#count) return false;
    if (this.#width > 0) {
      this.start = this.#places + this.#index * this.#width;
      this.bytes = this.#width;
      return true;
    }
    const node = this.#at + this.#base + this.#leaf.readUInt16LE(this.#places + this.#index * 2);
    this.start = node + nodeHeadBytes;
    if (this.start > this.#end) throw this.#file.damaged(-1, "a list of values is cut off");
    this.bytes = this.#leaf.readUInt16LE(node + 6);
    if (this.start + this.bytes > this.#end) throw this.#file.damaged(-1, "a list of values is cut off");
    return true;
  }
}
