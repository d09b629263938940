import { type Kernel, recordBlockBytes } from "../kernel/index.js";
import {
  damagedRecords,
  directoryEntryBytes,
  type RecordBlock,
  type RecordBlockHead,
  readRecordBlockHead,
  recordBlockHeaderBytes,
  recordCodecRaw,
} from "./record-block.js";

/**
 * The one block of records that is being read, in kernel memory, unpacked no further than it was asked for:
 * most blocks are met for a single record, which lies in the middle on average, so that half of the work is
 * left out, and nothing is copied but the record.
 */
export class OpenRecordBlock implements RecordBlock {
  readonly isLent = true;
  readonly bytes = 0;
  firstId = 0;
  entity = 0;
  count = 0;
  readonly #kernel: Kernel;
  readonly #source: number;
  readonly #out: number;
  /** The directory in its place: an offset of the id and a length for each record. */
  readonly #directory: Uint32Array;
  #rawBytes = 0;
  /** Where the input goes on and ends, and up to where the output is there. */
  #at = 0;
  #end = 0;
  #reached = 0;
  /** The row that was asked for last, and where it starts. */
  #row = 0;
  #start = 0;

  /** Takes `bytesFor` of the kernel's memory for good. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#source = kernel.alloc(recordBlockBytes);
    this.#out = kernel.alloc(recordBlockBytes);
    this.#directory = new Uint32Array(kernel.u8.buffer, this.#out, recordBlockBytes / 4);
  }

  /** Whether a stored block has room: all have but those of one long record. */
  static holds(block: Uint8Array): boolean {
    if (block.length < recordBlockHeaderBytes || block.length > recordBlockBytes) return false;
    return new DataView(block.buffer, block.byteOffset).getUint32(4, true) <= recordBlockBytes;
  }

  /** Takes a stored block that it holds in the place of the one before. */
  open(firstId: number, block: Uint8Array): this {
    this.count = 0;
    const head = readRecordBlockHead(block);
    this.firstId = firstId;
    this.entity = head.entity;
    this.#rawBytes = head.rawBytes;
    this.#take(block.subarray(recordBlockHeaderBytes), head);
    const directoryBytes = head.count * directoryEntryBytes;
    if (directoryBytes > head.rawBytes) throw damagedRecords("its directory is cut off");
    this.#unpackTo(directoryBytes);
    this.#checkLengths(head.count);
    this.#row = 0;
    this.#start = directoryBytes;
    this.count = head.count;
    return this;
  }

  /** The checksum does not cover the head: by the lengths alone its numbers are known to be right. */
  #checkLengths(count: number): void {
    let bytes = count * directoryEntryBytes;
    for (let i = 0; i < count; i++) bytes += this.#directory[i * 2 + 1]!;
    if (bytes !== this.#rawBytes) throw damagedRecords("its lengths do not add up");
  }

  idAt(i: number): number {
    return this.firstId + this.#directory[i * 2]!;
  }

  bytesAt(i: number): Uint8Array {
    if (i < this.#row) {
      this.#row = 0;
      this.#start = this.count * directoryEntryBytes;
    }
    while (this.#row < i) this.#start += this.#directory[this.#row++ * 2 + 1]!;
    const end = this.#start + this.#directory[i * 2 + 1]!;
    this.#unpackTo(end);
    return this.#kernel.u8.subarray(this.#out + this.#start, this.#out + end);
  }

  #take(payload: Uint8Array, head: RecordBlockHead): void {
    const isRaw = head.codec === recordCodecRaw;
    this.#kernel.u8.set(payload, isRaw ? this.#out : this.#source);
    this.#at = this.#source;
    this.#end = this.#source + payload.length;
    this.#reached = isRaw ? this.#out + payload.length : this.#out;
  }

  #unpackTo(bytes: number): void {
    const wanted = this.#out + bytes;
    if (this.#reached >= wanted) return;
    const { exports } = this.#kernel;
    const outEnd = this.#out + this.#rawBytes;
    const [at, end] = [this.#at, this.#end];
    const reached = exports.lz4DecompressPart(at, end, this.#out, this.#reached, outEnd, wanted);
    if (reached < wanted) throw damagedRecords("it does not decompress");
    this.#reached = reached;
    this.#at = exports.lz4PausedAt();
  }
}
