import { assert, leafWindowBytes } from "../../kernel/index.js";
import type { CompareKeys } from "./key-order.js";
import type { PageFile } from "./page-file.js";
import { nodeFlags, nodeHeadBytes, type TreeHead } from "./page-layout.js";

interface Level {
  page: number;
  bytes: Buffer;
  index: number;
  count: number;
}

/**
 * Walks over one tree in the order of its keys. The fields say where the entry is that it stands at; they and
 * the buffers hold until it is moved. Leaves that follow one another in the file are read at once.
 */
export class TreeCursor {
  /** The leaf, and where in it key and data are. */
  leaf: Buffer;
  keyStart = 0;
  keyEnd = 0;
  dataStart = 0;
  /** Of the data, wherever it is. */
  dataBytes = 0;
  nodeFlags = 0;

  readonly file: PageFile;
  readonly #headBytes: number;
  readonly #nodeBase: number;
  readonly #pageBytes: number;
  #tree: TreeHead = { flags: 0, depth: 0, pages: 0, entries: 0, root: -1 };
  #levels: Level[] = [];
  #depth = 0;
  readonly #window: Buffer;
  #windowPage = -1;
  #windowPages = 0;
  #leafAt = 0;
  #index = 0;
  #count = 0;
  /** Of a leaf of values of one width; 0 on others. */
  #width = 0;

  constructor(file: PageFile, tree: TreeHead, windowBytes: number = leafWindowBytes) {
    this.file = file;
    this.#headBytes = file.layout.headBytes;
    this.#nodeBase = file.layout.nodeBase;
    this.#pageBytes = file.pageBytes;
    this.#window = Buffer.allocUnsafeSlow(Math.max(windowBytes, file.pageBytes));
    this.leaf = this.#window;
    this.setTree(tree);
  }

  get leafPage(): number {
    return this.#windowPage + this.#leafAt / this.#pageBytes;
  }

  /** Goes over to another tree, or to another state of the same one. */
  setTree(tree: TreeHead): void {
    this.#tree = tree;
    this.#windowPage = -1;
    this.#count = 0;
    for (const level of this.#levels) level.page = -1;
  }

  first(): boolean {
    if (this.#tree.root < 0) return false;
    return this.#descend(0, this.#tree.root, null, null);
  }

  /** Goes to the first key that is not below the given one; false where there is none. */
  seek(key: Uint8Array, order: CompareKeys): boolean {
    if (this.#tree.root < 0) return false;
    return this.#descend(0, this.#tree.root, key, order);
  }

  next(): boolean {
    this.#index += 1;
    if (this.#index < this.#count) {
      this.#settle();
      return true;
    }
    return this.#nextLeaf();
  }

  /** Goes on to the first key that is not below the given one, which is not below where it stands. */
  advance(key: Uint8Array, order: CompareKeys): boolean {
    let leaves = 0;
    while (order(this.leaf, this.keyStart, this.keyEnd, key, 0, key.length) < 0) {
      if (this.#index + 1 >= this.#count) leaves += 1;
      // Two leaves on, the way through the branches is shorter.
      if (leaves > 2) return this.seek(key, order);
      if (!this.next()) return false;
    }
    return true;
  }

  #descend(depth: number, page: number, key: Uint8Array | null, order: CompareKeys | null): boolean {
    let level = depth;
    let at = page;
    for (;;) {
      if (level >= this.#tree.depth) throw this.file.damaged(at, "its tree is deeper than it says");
      const bytes = this.#levelBytes(level, at);
      if (bytes === null) break;
      const here = this.#levels[level]!;
      here.index = key === null ? 0 : this.#childIndex(here, key, order!);
      at = this.#child(here, here.index);
      level += 1;
    }
    this.#depth = level;
    this.#index = key === null ? 0 : this.#leafIndex(key, order!);
    if (this.#index >= this.#count) return this.#nextLeaf();
    this.#settle();
    return true;
  }

  /** Reads a page; null where it is a leaf, which is the window's then. All leaves are equally deep. */
  #levelBytes(depth: number, page: number): Buffer | null {
    if (depth === this.#tree.depth - 1) {
      const isThere =
        this.#windowPage >= 0 && page >= this.#windowPage && page < this.#windowPage + this.#windowPages;
      if (!isThere) this.#fillWindow(page, depth === 0 ? 1 : this.#followers(this.#levels[depth - 1]!));
      this.#enterLeaf(page);
      return null;
    }
    let level = this.#levels[depth];
    if (level?.page === page) return level.bytes;
    if (level === undefined) {
      level = { page: -1, bytes: Buffer.allocUnsafeSlow(this.#pageBytes), index: 0, count: 0 };
      this.#levels[depth] = level;
    }
    level.page = -1;
    this.file.readPages(page, 1, level.bytes);
    if (!this.file.isKind(level.bytes, 0, "branch")) throw this.file.damaged(page, "it is no branch");
    level.count = this.#countOf(level.bytes, 0, page);
    level.page = page;
    return level.bytes;
  }

  /** How many children of a branch stand in the file behind one another, from the one that it is at. */
  #followers({ bytes, index, count }: Level): number {
    const most = Math.floor(this.#window.length / this.#pageBytes);
    const first = this.#childOf(bytes, index);
    let run = 1;
    while (run < most && index + run < count && this.#childOf(bytes, index + run) === first + run) run += 1;
    return run;
  }

  #fillWindow(page: number, pages: number): void {
    this.#windowPage = -1;
    this.file.readPages(page, pages, this.#window);
    this.#windowPage = page;
    this.#windowPages = pages;
  }

  #enterLeaf(page: number): void {
    const at = (page - this.#windowPage) * this.#pageBytes;
    if (!this.file.isKind(this.#window, at, "leaf")) throw this.file.damaged(page, "it is no leaf");
    this.#leafAt = at;
    this.#width = this.file.isKind(this.#window, at, "leaf2")
      ? this.#window.readUInt16LE(at + this.#headBytes - 8)
      : 0;
    this.#count = this.#countOf(this.#window, at, page);
    if (this.#headBytes + this.#count * this.#width > this.#pageBytes)
      throw this.file.damaged(page, "an entry reaches beyond it");
  }

  #nextLeaf(): boolean {
    let depth = this.#depth - 1;
    while (depth >= 0 && this.#levels[depth]!.index + 1 >= this.#levels[depth]!.count) depth -= 1;
    if (depth < 0) {
      this.#count = 0;
      return false;
    }
    const level = this.#levels[depth]!;
    level.index += 1;
    return this.#descend(depth + 1, this.#child(level, level.index), null, null);
  }

  #countOf(bytes: Buffer, at: number, page: number): number {
    const lower = bytes.readUInt16LE(at + this.#headBytes - 4);
    const count = (lower - (this.#headBytes - this.#nodeBase)) >> 1;
    if (count < 0 || lower + this.#nodeBase > this.#pageBytes) {
      throw this.file.damaged(page, "its head is not that of a tree's page");
    }
    return count;
  }

  #child(level: Level, index: number): number {
    return this.#childOf(level.bytes, index);
  }

  #childOf(bytes: Buffer, index: number): number {
    const node = this.#nodeOf(bytes, index);
    return (
      bytes.readUInt16LE(node) +
      bytes.readUInt16LE(node + 2) * 0x1_0000 +
      bytes.readUInt16LE(node + 4) * 0x1_0000_0000
    );
  }

  #nodeOf(bytes: Buffer, index: number): number {
    const node = bytes.readUInt16LE(this.#headBytes + index * 2) + this.#nodeBase;
    if (node + nodeHeadBytes <= this.#pageBytes) return node;
    throw this.file.damaged(bytes.readUInt32LE(0), "an entry reaches beyond it");
  }

  /** The last child whose keys may begin at or below the key. The first one's own key is empty. */
  #childIndex({ bytes, count }: Level, key: Uint8Array, order: CompareKeys): number {
    let low = 1;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const node = this.#nodeOf(bytes, middle);
      const start = node + nodeHeadBytes;
      const end = start + bytes.readUInt16LE(node + 6);
      if (end > this.#pageBytes) throw this.file.damaged(bytes.readUInt32LE(0), "an entry reaches beyond it");
      if (order(bytes, start, end, key, 0, key.length) <= 0) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  #leafIndex(key: Uint8Array, order: CompareKeys): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      this.#index = middle;
      this.#settle();
      if (order(this.leaf, this.keyStart, this.keyEnd, key, 0, key.length) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #settle(): void {
    const bytes = this.#window;
    const at = this.#leafAt;
    if (this.#width > 0) {
      this.keyStart = at + this.#headBytes + this.#index * this.#width;
      this.keyEnd = this.keyStart + this.#width;
      this.dataBytes = 0;
      this.nodeFlags = 0;
      return;
    }
    const place = at + this.#headBytes + this.#index * 2;
    const node = at + this.#nodeBase + (bytes[place]! | (bytes[place + 1]! << 8));
    this.dataBytes =
      (bytes[node]! | (bytes[node + 1]! << 8) | (bytes[node + 2]! << 16) | (bytes[node + 3]! << 24)) >>> 0;
    this.nodeFlags = bytes[node + 4]! | (bytes[node + 5]! << 8);
    this.keyStart = node + nodeHeadBytes;
    this.keyEnd = this.keyStart + (bytes[node + 6]! | (bytes[node + 7]! << 8));
    this.dataStart = this.keyEnd;
    const end =
      (this.nodeFlags & nodeFlags.bigData) !== 0 ? this.dataStart + 8 : this.dataStart + this.dataBytes;
    if (!(end <= at + this.#pageBytes)) {
      throw this.file.damaged(this.#windowPage + at / this.#pageBytes, "an entry reaches beyond it");
    }
  }

  /** Reads data that has pages of its own, all of it or its front. */
  readBigData(into: Buffer, bytes: number): void {
    assert((this.nodeFlags & nodeFlags.bigData) !== 0, "only big data has pages of its own");
    const page =
      this.leaf.readUInt32LE(this.dataStart) + this.leaf.readUInt32LE(this.dataStart + 4) * 0x1_0000_0000;
    const head = Buffer.allocUnsafe(this.#headBytes);
    this.file.readBytes(page, 0, head.length, head);
    const isRight = head.readUIntLE(0, 6) === page && this.file.isKind(head, 0, "overflow");
    if (!isRight) throw this.file.damaged(page, "it is not where a value begins");
    this.file.readBytes(page, this.#headBytes, bytes, into);
  }
}
