import {
  changeBatchBytesMax,
  changeBatchBytesMin,
  changeBatchEntriesMax,
  changeBatchPagesMax,
} from "../../kernel/index.js";
import { type NativeHeader, nativeHeaderBytes, putNativeHeader } from "../wire/native-header.js";

/**
 * Changes that are to be written in one transaction, with all their bytes: each is a key, and a value with
 * its header in front. Views hold until the batch is cleared.
 */
export class ChangeBatch {
  count = 0;
  readonly #headerBlocks: number;
  #bytes: Buffer = Buffer.allocUnsafeSlow(changeBatchBytesMin);
  #used = 0;
  /** Of each change: where its key, its value and its end are. */
  readonly #places = new Uint32Array(changeBatchEntriesMax * 3);
  readonly #times = new BigUint64Array(changeBatchEntriesMax);
  #pages = 0;
  #lastPage = -1;

  constructor(headerBlocks: number) {
    this.#headerBlocks = headerBlocks;
  }

  get isFull(): boolean {
    return (
      this.count >= changeBatchEntriesMax ||
      this.#pages >= changeBatchPagesMax ||
      this.#used >= changeBatchBytesMax
    );
  }

  /** Whether a change of this size goes in; one larger than all of it goes in alone. */
  hasRoomFor(bytes: number): boolean {
    const all = bytes + nativeHeaderBytes + this.#headerBlocks * 8;
    return this.count === 0 || (!this.isFull && this.#used + all <= changeBatchBytesMax);
  }

  /** `leafPage` is the page that the change lies on, or that its place is on. */
  add(
    key: Uint8Array,
    value: Uint8Array,
    header: Pick<NativeHeader, "timestampNano" | "isDeleted">,
    leafPage: number,
  ): void {
    const bytes = key.length + value.length + nativeHeaderBytes + this.#headerBlocks * 8;
    if (this.#used + bytes > this.#bytes.length) this.#grow(bytes);
    const at = this.#used;
    this.#bytes.set(key, at);
    const valueAt = at + key.length;
    const { timestampNano, isDeleted } = header;
    // The transaction is known when it is written.
    const head = { timestampNano, isDeleted, txnId: 0n };
    const headerBytes = putNativeHeader(this.#bytes.subarray(valueAt), head, this.#headerBlocks);
    this.#bytes.set(value, valueAt + headerBytes);
    this.#used = at + bytes;
    this.#places.set([at, valueAt, this.#used], this.count * 3);
    this.#times[this.count] = header.timestampNano;
    this.count += 1;
    if (leafPage !== this.#lastPage) this.#pages += 1;
    this.#lastPage = leafPage;
  }

  key(index: number): Buffer {
    return this.#bytes.subarray(this.#places[index * 3]!, this.#places[index * 3 + 1]!);
  }

  /** The value as it is to be stored, header and all, with the transaction that stores it. */
  stored(index: number, txnId: number): Buffer {
    const at = this.#places[index * 3 + 1]!;
    this.#bytes.writeBigUInt64BE(BigInt(txnId), at + 8);
    return this.#bytes.subarray(at, this.#places[index * 3 + 2]!);
  }

  /** The application's value. */
  value(index: number): Buffer {
    const at = this.#places[index * 3 + 1]! + nativeHeaderBytes + this.#headerBlocks * 8;
    return this.#bytes.subarray(at, this.#places[index * 3 + 2]!);
  }

  timestampNano(index: number): bigint {
    return this.#times[index]!;
  }

  isDeleted(index: number): boolean {
    return this.#bytes[this.#places[index * 3 + 1]! + 17] === 1;
  }

  clear(): void {
    this.count = 0;
    this.#used = 0;
    this.#pages = 0;
    this.#lastPage = -1;
    if (this.#bytes.length > changeBatchBytesMax) this.#bytes = Buffer.allocUnsafeSlow(changeBatchBytesMin);
  }

  /** Twice as large each time up to its bound, and beyond that only for a change that goes alone. */
  #grow(bytes: number): void {
    const needed = this.#used + bytes;
    const grown = Math.max(needed, Math.min(changeBatchBytesMax, 2 * this.#bytes.length));
    const former = this.#bytes;
    this.#bytes = Buffer.allocUnsafeSlow(grown);
    former.copy(this.#bytes, 0, 0, this.#used);
  }
}
