import { shortListBlocksMax } from "../kernel/index.js";
import type { BlockPlace, PlacedBlock, PostingDecoder, Postings } from "../postings/index.js";
import { ByteCache } from "./byte-cache.js";

/** What a kept list takes beside its ids and payloads: the entry, its key and the heads of two arrays. */
const entryBytes = 512;

const noPostings: Postings = { ids: new Float64Array(0), payloads: new Uint8Array(0), mayContinue: false };

/** Stands for a list of more blocks than are kept as one, or one that ends with the last of these. */
const isLong: Postings = { ids: new Float64Array(0), payloads: new Uint8Array(0), mayContinue: true };

/**
 * Decodes blocks of posting lists, and keeps what it has decoded: lists are opened again and again. A list
 * that lies within two blocks is kept under its own name, so that these need not even be looked up.
 */
export class PostingCache {
  readonly #decoder: PostingDecoder;
  readonly #lists: ByteCache<string, Postings | Uint32Array>;

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

  get bytesMax(): number {
    return this.#lists.bytesMax;
  }

  set bytesMax(bytes: number) {
    this.#lists.bytesMax = bytes;
  }

  /** A list as bits, when it is kept so. */
  bits(index: number, term: bigint): Uint32Array | undefined {
    return this.#lists.get(bitsKey(index, term)) as Uint32Array | undefined;
  }

  keepBits(index: number, term: bigint, bits: Uint32Array): void {
    this.#lists.set(bitsKey(index, term), bits, bits.byteLength + entryBytes);
  }

  /** The list of a term in one segment when it lies within two blocks; null when it does not. */
  short(segment: number, index: number, term: bigint, blocks: () => Iterable<PlacedBlock>): Postings | null {
    const key = `${segment} ${index} ${term}`;
    let postings = this.#lists.get(key) as Postings | undefined;
    if (postings === undefined) {
      postings = this.#readShort(index, term, blocks());
      this.#lists.set(key, postings, postings.ids.byteLength + postings.payloads.byteLength + entryBytes);
    }
    return postings === isLong ? null : postings;
  }

  #readShort(index: number, term: bigint, blocks: Iterable<PlacedBlock>): Postings {
    const parts: Postings[] = [];
    for (const { block } of blocks) {
      const postings = this.#decoder.decode(block, index, term);
      if (postings.ids.length > 0) parts.push(postings);
      if (!postings.mayContinue) break;
      if (parts.length === shortListBlocksMax) return isLong;
    }
    return joined(parts);
  }

  decode(block: Uint8Array, index: number, term: bigint, place: BlockPlace): Postings {
    if (this.#lists.bytesMax === 0) return this.#decoder.decode(block, index, term);
    const key = `${place.segment} ${place.index} ${place.term} ${place.id} ${index} ${term}`;
    const known = this.#lists.get(key) as Postings | undefined;
    if (known !== undefined) return known;
    const postings = this.#decoder.decode(block, index, term);
    const bytes = postings.ids.byteLength + postings.payloads.byteLength + entryBytes;
    this.#lists.set(key, postings, bytes);
    return postings;
  }
}

/** No key of postings begins with a word. */
function bitsKey(index: number, term: bigint): string {
  return `bits ${index} ${term}`;
}

function joined(parts: Postings[]): Postings {
  const [first, second] = parts;
  if (first === undefined) return noPostings;
  if (second === undefined) return { ...first, mayContinue: false };
  const ids = new Float64Array(first.ids.length + second.ids.length);
  ids.set(first.ids);
  ids.set(second.ids, first.ids.length);
  const payloads = new Uint8Array(ids.length);
  payloads.set(first.payloads);
  payloads.set(second.payloads, first.ids.length);
  return { ids, payloads, mayContinue: false };
}
