import { eventsEntity } from "../model/index.js";
import type { StoreReader } from "../ports/index.js";
import { columnParts } from "./columns.js";
import type { Lists } from "./lists.js";

const allTerms = { low: 0n, high: 2n ** 64n - 1n };

/**
 * Tells of an index with a column whether any record has several values in it. It has not when there are as
 * many postings as values in the column; then the column says all there is to say, and no record need be read
 * for it. Counted by the heads of blocks, once a reader: but for the times of Nostr events, whose rules let
 * in nothing but one whole number. Every server is asked for these, and counting reads the whole column.
 */
export class SingleValues {
  readonly #reader: StoreReader;
  readonly #lists: Lists;
  /** By index: as many as the mapping has. */
  readonly #known = new Map<number, boolean>();

  constructor(reader: StoreReader, lists: Lists) {
    this.#reader = reader;
    this.#lists = lists;
  }

  has(index: number): boolean {
    let isSingle = this.#known.get(index);
    if (isSingle === undefined) {
      if (this.#isEventTime(index)) return true;
      const { postings } = this.#lists.spanLength({ index, ...allTerms }, Number.POSITIVE_INFINITY);
      isSingle = postings === this.#columnValues(index);
      this.#known.set(index, isSingle);
    }
    return isSingle;
  }

  /** Whether every record of the index's entity has a value, as far as that is known without counting. */
  isInAll(index: number): boolean {
    return this.#isEventTime(index);
  }

  #isEventTime(index: number): boolean {
    const entity = eventsEntity(this.#reader.mapping);
    const field = entity?.events === undefined ? undefined : entity.fields[entity.events.createdAt];
    return field?.indexes.some(({ number }) => number === index) ?? false;
  }

  #columnValues(index: number): number {
    let values = 0;
    for (const { firstId, chunk } of this.#reader.columnChunks(index, 0)) {
      if (firstId >= this.#reader.sealed.nextId) break;
      for (const bits of columnParts(chunk).presence) values += bitCount(bits);
    }
    return values;
  }
}

function bitCount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return count;
}
