import type { BlockPlace, PostingDecoder, Postings } from "../postings/index.js";
import { ByteCache } from "./byte-cache.js";

/** What a kept list takes beside its ids and payloads: the entry, its key and the heads of two arrays. */
const entryBytes = 512;

/** Decodes blocks of posting lists, and keeps what it has decoded: lists are opened again and again. */
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
