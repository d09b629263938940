import { assert, type Kernel, tupleBlockBytesMax } from "../kernel/index.js";
import {
  type PostingDecoder,
  type Postings,
  RunReader,
  RunWriter,
  type RunWriterOptions,
  TupleBuffer,
} from "../postings/index.js";

const nothing: Postings = { ids: new Float64Array(0), payloads: new Uint8Array(0), mayContinue: true };

/** The ids of one index (of term 0) in a run of tuples, from the lowest on: one block at a time. */
export class RunIds implements Disposable {
  /** Infinity at the end. */
  id = Number.POSITIVE_INFINITY;
  payload = 0;
  readonly #reader: RunReader;
  readonly #decoder: PostingDecoder;
  readonly #index: number;
  readonly #block = new Uint8Array(tupleBlockBytesMax);
  #postings = nothing;
  #at = -1;

  /** `offset` is that of a block at or before the first tuple of the index. */
  constructor(path: string, decoder: PostingDecoder, { index, offset }: { index: number; offset: number }) {
    this.#reader = new RunReader(path, { startOffset: offset });
    this.#decoder = decoder;
    this.#index = index;
    this.next();
  }

  next(): void {
    this.#at += 1;
    while (this.#at >= this.#postings.ids.length) {
      if (!this.#readBlock()) {
        this.id = Number.POSITIVE_INFINITY;
        return;
      }
    }
    this.id = this.#postings.ids[this.#at]!;
    this.payload = this.#postings.payloads[this.#at]!;
  }

  [Symbol.dispose](): void {
    this.#reader.close();
  }

  #readBlock(): boolean {
    // A list that has begun ends where its index does.
    if (!this.#postings.mayContinue && this.#postings.ids.length > 0) return false;
    const bytes = this.#reader.next(this.#block);
    if (bytes === 0) return false;
    this.#postings = this.#decoder.decode(this.#block.subarray(0, bytes), this.#index, 0n);
    this.#at = 0;
    return true;
  }
}

const bufferTuples = 4096;
const tupleBytes = 16;

/** Writes a run of dead records, of which the ids rise. */
export class DeadRunWriter implements Disposable {
  readonly #writer: RunWriter;
  readonly #buffer: TupleBuffer;
  readonly #tuple = new Uint8Array(tupleBytes);
  readonly #words = new DataView(this.#tuple.buffer);
  #lastId = -1;

  constructor(kernel: Kernel, path: string, options: RunWriterOptions) {
    this.#buffer = new TupleBuffer(kernel, bufferTuples);
    this.#writer = new RunWriter(path, options);
  }

  /** Index and term are 0, so the first word is: see kernels/tuple.ts. */
  add(id: number, payload: number): void {
    assert(id > this.#lastId, "dead records are written by rising ids");
    this.#lastId = id;
    if (this.#buffer.count === this.#buffer.capacity) this.#spill();
    this.#words.setUint32(8, ((id & 0xff_ffff) << 8) | payload, true);
    this.#words.setUint32(12, Math.floor(id / 2 ** 24), true);
    this.#buffer.append(this.#tuple, 1);
  }

  /** Makes the run durable; returns its bytes. */
  finish(): number {
    if (this.#buffer.count > 0) this.#spill();
    return this.#writer.finish();
  }

  [Symbol.dispose](): void {
    this.#writer.abandon();
  }

  #spill(): void {
    this.#buffer.encode((block) => this.#writer.write(block));
    this.#buffer.clear();
  }
}
