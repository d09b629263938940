import { type Kernel, PlimsollError } from "../kernel/index.js";
import { type TuplePlace, tuplePlaceAt } from "./merge-tuples.js";

/** The postings of one (index, term) in one block. */
export interface Postings {
  /** Ascending record ids, and a payload byte for each. */
  ids: Float64Array;
  payloads: Uint8Array;
  /** False when the block goes on beyond the term: the list ends here. */
  mayContinue: boolean;
}

/** Decodes tuple blocks for readers: one block and its postings lie in kernel memory at a time. */
export class PostingDecoder {
  readonly #kernel: Kernel;
  readonly #block: number;
  readonly #ids: number;
  readonly #payloads: number;
  readonly #idsThere: Float64Array;

  /** Takes `bytesFor` of the kernel's memory for good. */
  constructor(kernel: Kernel) {
    const { BLOCK_BUFFER_BYTES, BLOCK_TUPLES_MAX } = kernel.exports;
    this.#kernel = kernel;
    this.#block = kernel.alloc(BLOCK_BUFFER_BYTES.value);
    this.#ids = kernel.alloc(BLOCK_TUPLES_MAX.value * 8);
    this.#payloads = kernel.alloc(BLOCK_TUPLES_MAX.value);
    this.#idsThere = new Float64Array(kernel.u8.buffer, this.#ids, BLOCK_TUPLES_MAX.value);
  }

  /** Bytes of kernel memory that a decoder takes. */
  static bytesFor(kernel: Kernel): number {
    return kernel.exports.BLOCK_BUFFER_BYTES.value + kernel.exports.BLOCK_TUPLES_MAX.value * 9 + 48;
  }

  /** Takes the postings of (index, term) out of a block; the arrays are the caller's to keep. */
  decode(block: Uint8Array, index: number, term: bigint): Postings {
    const { exports, u8 } = this.#kernel;
    if (block.length > exports.BLOCK_BYTES_MAX.value) throw damagedPostings();
    u8.set(block, this.#block);
    const [ids, payloads] = [this.#ids, this.#payloads];
    const high = Number(term >> 32n);
    const low = Number(term & 0xffff_ffffn);
    const count = exports.postingDecode(this.#block, block.length, index, high, low, ids, payloads);
    if (count < 0) throw damagedPostings();
    return {
      ids: this.#idsThere.slice(0, count),
      payloads: u8.slice(payloads, payloads + count),
      mayContinue: exports.postingListContinues() === 1,
    };
  }
}

/** The first tuple of a block, by its header. */
export function firstTupleOf(block: Uint8Array): TuplePlace {
  if (block.length < 24) throw damagedPostings();
  return tuplePlaceAt(new DataView(block.buffer, block.byteOffset, block.byteLength), 8);
}

function damagedPostings(): PlimsollError {
  return new PlimsollError("BLOCK_DAMAGED", { what: "postings", reason: "its entries do not add up" });
}
