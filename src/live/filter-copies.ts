import { filterCopiesPlacesFraction } from "../kernel/index.js";
import type { SegmentState, StoreReader } from "../ports/index.js";
import { keyFilterForm, mayHoldKey } from "../postings/index.js";
import { type FilterPage, FilterPageBuilder } from "./filter-page.js";

/**
 * Copies in memory of the filters beside the key blocks, of segments whose keys are not all known: a look
 * into the store costs several microseconds, for each new key and each of these segments. Where they would
 * take more than their room they are halved, and then only the places of filters are kept. A segment that is
 * not copied, or not yet, is asked in the store.
 */
export class FilterCopies {
  readonly #bytesMax: () => number;
  readonly #copies = new Map<number, SegmentCopy>();
  #bytes = 0;

  /** `bytesMax` is asked before anything is copied; what is there stays where it is less than before. */
  constructor(bytesMax: () => number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  clear(): void {
    this.#copies.clear();
    this.#bytes = 0;
  }

  /** Drops what is there of others than these. */
  keepOnly(segments: readonly SegmentState[]): void {
    for (const copy of [...this.#copies.values()]) {
      if (!segments.some((segment) => copy.isOf(segment))) this.#drop(copy);
    }
  }

  /** Whether all filters of a segment are held here. */
  isHeld(segment: SegmentState): boolean {
    const copy = this.#copyOf(segment);
    return copy?.isEnded === true && !copy.isCut && copy.pages.every(({ hasFilters }) => hasFilters);
  }

  /** The last one that could be copied and is not; none where so great a part of the room is taken. */
  nextToCopy(segments: readonly SegmentState[], share = 1): SegmentState | undefined {
    if (this.#bytes >= this.#bytesMax() * share) return undefined;
    return segments.findLast(
      (segment) => segment.keyFilters === keyFilterForm && !this.#copyOf(segment)?.isEnded,
    );
  }

  /** Copies the filters of a segment, which come in order from its first. */
  beginCopy(segment: SegmentState): FilterCopying {
    const former = this.#copies.get(segment.number);
    if (former !== undefined) this.#drop(former);
    const copy = new SegmentCopy(segment);
    this.#copies.set(segment.number, copy);
    const builder = new FilterPageBuilder();
    const close = () => !builder.isEmpty && this.#take(copy, builder.finish());
    return {
      add: (entry) => {
        if (!builder.hasRoomFor(entry)) close();
        builder.add(entry);
      },
      finish: () => {
        close();
        copy.isEnded = true;
      },
    };
  }

  /** What tells of hashes that a segment does not settle them; null where it is not copied. */
  toldOf(reader: StoreReader, segment: SegmentState): ((low: number, high: number) => boolean) | null {
    const copy = this.#copyOf(segment);
    if (copy === undefined || copy.pages.length === 0) return null;
    return (low, high) => copy.mayHold(reader, low, high);
  }

  #copyOf(segment: SegmentState): SegmentCopy | undefined {
    const copy = this.#copies.get(segment.number);
    return copy?.isOf(segment) ? copy : undefined;
  }

  /** What was begun and is gone meanwhile takes no room. */
  #take(copy: SegmentCopy, page: FilterPage): void {
    if (this.#copies.get(copy.number) !== copy || copy.isCut) return;
    const bytesMax = this.#bytesMax();
    const filtersMax = bytesMax * (1 - filterCopiesPlacesFraction);
    while (this.#bytes + page.heldBytes > filtersMax && this.#halveOne(page));
    if (this.#bytes + page.heldBytes > filtersMax) page.dropFilters();
    copy.isCut = this.#bytes + page.heldBytes > bytesMax;
    if (copy.isCut) return;
    copy.pages.push(page);
    this.#bytes += page.heldBytes;
  }

  #halveOne(last: FilterPage): boolean {
    for (const copy of this.#copies.values()) {
      const page = copy.pages[copy.halved];
      if (page === undefined) continue;
      copy.halved++;
      if (!page.isHalvable) return true;
      this.#bytes -= page.heldBytes;
      page.halve();
      this.#bytes += page.heldBytes;
      return true;
    }
    if (!last.isHalvable) return false;
    last.halve();
    return true;
  }

  #drop(copy: SegmentCopy): void {
    this.#copies.delete(copy.number);
    for (const page of copy.pages) this.#bytes -= page.heldBytes;
  }
}

export interface FilterCopying {
  add(entry: { hash: bigint; ordinal: number; filter: Uint8Array }): void;
  finish(): void;
}

class SegmentCopy {
  readonly #segment: SegmentState;
  readonly pages: FilterPage[] = [];
  /** The pages that were looked at to be halved. */
  halved = 0;
  isEnded = false;
  /** There was no room for all of it. */
  isCut = false;

  constructor(segment: SegmentState) {
    this.#segment = segment;
  }

  get number(): number {
    return this.#segment.number;
  }

  /** A number may be dealt again to another segment. */
  isOf({ number, firstId, endId, keys, keyBytes }: SegmentState): boolean {
    const own = this.#segment;
    const isSame = own.number === number && own.firstId === firstId && own.endId === endId;
    return isSame && own.keys === keys && own.keyBytes === keyBytes;
  }

  mayHold(reader: StoreReader, low: number, high: number): boolean {
    const page = this.#pageOf(low, high);
    if (page === undefined) return true;
    const block = page.blockOf(low, high);
    const isLast = page === this.pages.at(-1) && block === page.count - 1;
    const told = page.tell(block, low, high);
    if (told === "absent") return false;
    const hash = () => (BigInt(high) << 32n) | BigInt(low);
    // Behind the last block there may be others that are not copied.
    if (isLast) return isHeldByStore(reader, this.number, hash());
    if (told === "maybe") return true;
    const place = page.placeOf(block);
    const beside = reader.keyFilterAt(this.number, place.hash, place.ordinal);
    return beside === undefined || mayHoldKey(beside, hash());
  }

  /** The last one that begins at or before a hash. */
  #pageOf(low: number, high: number): FilterPage | undefined {
    let [from, to] = [0, this.pages.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (this.pages[middle]!.beginsBy(low, high)) from = middle + 1;
      else to = middle;
    }
    return this.pages[from - 1];
  }
}

/** What the filters in the store tell; where there is none the block is looked into. */
export function isHeldByStore(reader: StoreReader, segment: number, hash: bigint): boolean {
  const beside = reader.keyFilter(segment, hash);
  return beside === undefined || mayHoldKey(beside, hash);
}
