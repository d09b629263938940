import { ByteCache } from "./byte-cache.js";

/** What spans rising ids: a block of records, a chunk of a column. */
export interface IdBlock {
  firstId: number;
  count: number;
  /** Memory that the block owns. */
  bytes: number;
  idAt(i: number): number;
}

/** Decoded blocks, found by any id between their first and their last. */
export class BlockCache<Block extends IdBlock> {
  readonly #blocks: ByteCache<number, Block>;
  /** First ids of what is kept, ascending. */
  readonly #firstIds: number[] = [];

  /** Who made the blocks is told of each that goes: nobody gets it from here any more. */
  constructor(bytesMax: number, onEvicted: (block: Block) => void = () => {}) {
    this.#blocks = new ByteCache(bytesMax, (firstId, block) => {
      this.#firstIds.splice(this.#placeOf(firstId), 1);
      onEvicted(block);
    });
  }

  get bytes(): number {
    return this.#blocks.bytes;
  }

  get bytesMax(): number {
    return this.#blocks.bytesMax;
  }

  set bytesMax(bytes: number) {
    this.#blocks.bytesMax = bytes;
  }

  get(id: number): Block | undefined {
    const place = this.#placeOf(id);
    const firstId = this.#firstIds[place] === id ? id : this.#firstIds[place - 1];
    const block = firstId === undefined ? undefined : this.#blocks.get(firstId);
    return block !== undefined && id <= block.idAt(block.count - 1) ? block : undefined;
  }

  add(block: Block): void {
    const place = this.#placeOf(block.firstId);
    if (this.#firstIds[place] !== block.firstId) this.#firstIds.splice(place, 0, block.firstId);
    this.#blocks.set(block.firstId, block, block.bytes);
  }

  /** How many first ids are below `id`. */
  #placeOf(id: number): number {
    let low = 0;
    let high = this.#firstIds.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#firstIds[middle]! < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
