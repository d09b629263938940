import { liveKeyFilterBytes, livePartFilterBytes, livePartFilterKeys } from "../kernel/index.js";
import { BloomFilter } from "./bloom-filter.js";

/** Keys of records with rising ids, from `firstId` up to that of the next part. */
interface FilterPart {
  firstId: number;
  keys: number;
  keysMax: number;
  filter: BloomFilter;
}

/**
 * Tells of most keys that nobody has written them: then nothing is looked through for them. Of keys that are
 * known, parts by ids tell which segments to look into: there are many of them while writes press. What was
 * sealed before this process began is learned segment by segment. All of it has a fixed size, and may say yes
 * of a key that is new, never no of one that is known. It has two halves: where the younger one is full, the
 * older one is given up, or it would say yes of most keys after some millions.
 */
export class KeyFilter {
  #young: BloomFilter;
  #old: BloomFilter;
  #youngKeys = 0;
  #oldKeys = 0;
  /** The younger half has the keys of all records from this id on. */
  #youngFromId = 0;
  readonly #halfKeysMax: number;
  readonly #partsBytesMax: number;
  #parts: FilterPart[] = [];
  #partsBytes = 0;
  /** The one that the last key came with. */
  #lastId = -1;
  /** The filter knows the keys of all records from this id on. */
  coveredFromId = 0;
  /** Rises whenever it begins anew, or gives a half up. */
  generation = 0;

  /** `scale`, a power of two, multiplies its size. */
  constructor(scale = 1) {
    const halfBytes = (liveKeyFilterBytes * scale) / 2;
    this.#young = new BloomFilter(halfBytes);
    this.#old = new BloomFilter(halfBytes);
    this.#halfKeysMax = halfBytes;
    this.#partsBytesMax = liveKeyFilterBytes * scale;
  }

  /** Begins anew: others have sealed records whose keys it has not seen. */
  restart(coveredFromId: number): void {
    this.#young.clear();
    this.#old.clear();
    this.#youngKeys = 0;
    this.#oldKeys = 0;
    this.#youngFromId = coveredFromId;
    this.#parts = [];
    this.#partsBytes = 0;
    this.#lastId = -1;
    this.coveredFromId = coveredFromId;
    this.generation++;
  }

  /** The id below which records are to be no longer known; null where there is room for more keys. */
  get outgrownId(): number | null {
    return this.#youngKeys < this.#halfKeysMax ? null : this.#youngFromId;
  }

  /** Below this id nothing is known when the older half is given up. */
  get youngFromId(): number {
    return this.#youngFromId;
  }

  /** Gives the older half up. What comes has this id or one behind it, and what is below it is complete. */
  forgetOlder(nextId: number): void {
    const emptied = this.#old;
    emptied.clear();
    this.#old = this.#young;
    this.#oldKeys = this.#youngKeys;
    this.#young = emptied;
    this.#youngKeys = 0;
    this.coveredFromId = this.#youngFromId;
    this.#youngFromId = nextId;
    this.generation++;
  }

  /** A key of a record with this id or one behind it, ids never falling. */
  add(id: number, low: number, high: number): void {
    this.#young.add(low, high);
    this.#youngKeys++;
    const part = this.#partOf(id);
    part.filter.add(low, high);
    part.keys++;
    this.#lastId = id;
  }

  has(low: number, high: number): boolean {
    return this.#young.has(low, high) || this.#old.has(low, high);
  }

  /** Whether a record with an id from `firstId` on, below `endId`, may have a key that the filter knows. */
  mayBeWithin(firstId: number, endId: number, low: number, high: number): boolean {
    const first = this.#parts[0];
    if (first === undefined || firstId < first.firstId) return true;
    for (let at = this.#parts.length - 1; at >= 0; at--) {
      const part = this.#parts[at]!;
      if (part.firstId < endId && part.filter.has(low, high)) return true;
      // What stands before this one ends where it begins.
      if (part.firstId <= firstId) return false;
    }
    return false;
  }

  /** Room for the keys of a segment that was sealed before; null where that would cost those that come. */
  learner(keys: number): SegmentLearner | null {
    const bytes = Math.max(livePartFilterBytes, 2 ** Math.ceil(Math.log2(Math.max(1, keys))));
    if (this.#partsBytes + bytes > this.#partsBytesMax / 2) return null;
    if (this.#oldKeys + keys > this.#halfKeysMax) return null;
    const filter = new BloomFilter(bytes);
    return {
      add: (low, high) => {
        this.#old.add(low, high);
        filter.add(low, high);
      },
      finish: (firstId) => {
        this.#parts.unshift({ firstId, keys, keysMax: keys, filter });
        this.#partsBytes += bytes;
        this.#oldKeys += keys;
        this.coveredFromId = firstId;
      },
    };
  }

  #partOf(id: number): FilterPart {
    const last = this.#parts.at(-1);
    // Keys of one commit stand together: a part that began amid them would hide those before it.
    if (last !== undefined && (last.keys < last.keysMax || this.#lastId === id)) return last;
    this.#makeRoom();
    const firstId = last === undefined ? this.coveredFromId : id;
    const filter = new BloomFilter(livePartFilterBytes);
    const part = { firstId, keys: 0, keysMax: livePartFilterKeys, filter };
    this.#parts.push(part);
    this.#partsBytes += filter.bytes;
    return part;
  }

  /** The oldest parts are given up: of their keys it is known that there are such, and no longer where. */
  #makeRoom(): void {
    while (this.#parts.length > 0 && this.#partsBytes + livePartFilterBytes > this.#partsBytesMax) {
      this.#partsBytes -= this.#parts.shift()!.filter.bytes;
    }
  }
}

/** Takes all keys of one segment, which is known when it is finished. */
export interface SegmentLearner {
  add(low: number, high: number): void;
  finish(firstId: number): void;
}
