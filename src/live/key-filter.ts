import {
  liveKeyFilterBytes,
  livePartFilterBytes,
  livePartFilterKeys,
  livePartFiltersMax,
} from "../kernel/index.js";
import { BloomFilter } from "./bloom-filter.js";

/** Keys of records with rising ids, from `firstId` up to that of the next part. */
interface FilterPart {
  firstId: number;
  keys: number;
  filter: BloomFilter;
}

/**
 * Tells of most keys that nobody has written them since this process began: then only what was sealed before
 * is looked through. Of keys that are known, parts by ids tell which segments to look into: there are many of
 * them while writes press. All of it has a fixed size, and may say yes of a key that is new, never no of one
 * that is known.
 */
export class KeyFilter {
  readonly #all = new BloomFilter(liveKeyFilterBytes);
  #parts: FilterPart[] = [];
  /** The filter knows the keys of all records from this id on. */
  coveredFromId = 0;

  /** Begins anew: others have sealed records whose keys it has not seen. */
  restart(coveredFromId: number): void {
    this.#all.clear();
    this.#parts = [];
    this.coveredFromId = coveredFromId;
  }

  /** A key of a record with this id or one behind it, ids never falling. */
  add(id: number, low: number, high: number): void {
    this.#all.add(low, high);
    const part = this.#partOf(id);
    part.filter.add(low, high);
    part.keys++;
  }

  has(low: number, high: number): boolean {
    return this.#all.has(low, high);
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

  #partOf(id: number): FilterPart {
    const last = this.#parts.at(-1);
    // Keys of one record stand together: a part ends between two ids.
    if (last !== undefined && (last.keys < livePartFilterKeys || last.firstId === id)) return last;
    const oldest = this.#parts.length >= livePartFiltersMax ? this.#parts.shift()! : null;
    const filter = oldest?.filter ?? new BloomFilter(livePartFilterBytes);
    filter.clear();
    const part = {
      firstId: last === undefined ? this.coveredFromId : id,
      keys: 0,
      filter,
    };
    this.#parts.push(part);
    return part;
  }
}
