import { comicsMovedMax } from "../../kernel/index.js";
import type { Catalogue } from "./catalogue.js";
import { type DecodedEntry, isSameFile, type LibraryEntry } from "./library-entry.js";

/**
 * Where the catalogue tells of files that are gone, by inode: a new path with the same inode, size and time
 * is one of them under another name. Its size is bounded; what is beyond is read anew, as any new file is.
 */
export class MovedComics {
  #inodes = new Float64Array(1024);
  #offsets = new Float64Array(1024);
  #count = 0;

  get size(): number {
    return this.#count;
  }

  add(inode: number, offset: number): void {
    if (this.#count >= comicsMovedMax) return;
    if (this.#count === this.#inodes.length) {
      this.#inodes = grown(this.#inodes);
      this.#offsets = grown(this.#offsets);
    }
    this.#inodes[this.#count] = inode;
    this.#offsets[this.#count] = offset;
    this.#count += 1;
  }

  /** Brings what was added into the order of inodes. */
  settle(): void {
    const inodes = this.#inodes;
    const order = Uint32Array.from({ length: this.#count }, (_, at) => at);
    order.sort((left, right) => inodes[left]! - inodes[right]!);
    this.#inodes = Float64Array.from(order, (at) => inodes[at]!);
    const offsets = this.#offsets;
    this.#offsets = Float64Array.from(order, (at) => offsets[at]!);
  }

  /** What the catalogue holds of the file that now lies at `entry`; null when it is new. */
  find(entry: LibraryEntry, catalogue: Catalogue): DecodedEntry | null {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#inodes[middle]! < entry.inode) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < this.#count && this.#inodes[at] === entry.inode; at++) {
      const former = catalogue.entryAt(this.#offsets[at]!);
      if (former !== null && isSameFile(former, entry)) return former;
    }
    return null;
  }
}

function grown(values: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(values.length * 2);
  larger.set(values);
  return larger;
}
