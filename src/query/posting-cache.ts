import type { BlockPlace, PlacedBlock, PostingDecoder, Postings } from "../postings/index.js";
import { ByteCache } from "./byte-cache.js";

/** What a kept list takes beside its ids and payloads: the entry, its key and the heads of two arrays. */
const entryBytes = 512;

const noPostings: Postings = { ids: new Float64Array(0), payloads: new Uint8Array(0), mayContinue: false };

/** Stands for a list that fills more than a block, or ends with one. */
const isLong: Postings = { ids: new Float64Array(0), payloads: new Uint8Array(0), mayContinue: true };

/**
 * Decodes blocks of posting lists, and keeps what it has decoded: lists are opened again and again. A list
 * that lies within one block is kept under its own name, so that the block need not even be looked up.
 */
export class PostingCache {
  readonly #decoder: PostingDecoder;
  readonly #lists: ByteCache<string, Postings>;

  constructor(decoder: PostingDecoder, bytesMax: number) {
    this.#decoder = decoder;
    this.#lists = new ByteCache(bytesMax);
  }

  get bytes(): number {
    return this.#lists.bytes;
  }

  get hits(): number {
    return this.#lists.hits;
  }

  set bytesMax(bytes: number) {
    this.#lists.bytesMax = bytes;
  }

  /** The list of a term in one segment when it lies within one block; null when it does not. */
  short(segment: number, index: number, term: bigint, blocks: () => Iterable<PlacedBlock>): Postings | null {
    const key = `${segment} ${index} ${term}`;
    let postings = this.#lists.get(key);
    if (postings === undefined) {
      postings = this.#readShort(index, term, blocks());
      this.#lists.set(key, postings, postings.ids.byteLength + postings.payloads.byteLength + entryBytes);
    }
    return postings === isLong ? null : postings;
  }

  #readShort(index: number, term: bigint, blocks: Iterable<PlacedBlock>): Postings {
    for (const placed of blocks) {
      const postings = this.#decoder.decode(placed.block, index, term);
      if (postings.mayContinue && postings.ids.length > 0) return isLong;
      if (!postings.mayContinue) return postings;
    }
    return noPostings;
  }

  decode(block: Uint8Array, index: number, term: bigint, place: BlockPlace): Postings {
    if (this.#lists.bytesMax === 0) return this.#decoder.decode(block, index, term);
    const key = `${place.segment} ${place.index} ${place.term} ${place.id} ${index} ${term}`;
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const postings = this.#decoder.decode(block, index, term);
    const bytes = postings.ids.byteLength + postings.payloads.byteLength + entryBytes;
    this.#lists.set(key, postings, bytes);
    return postings;
  }
}
