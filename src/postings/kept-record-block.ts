import { type Kernel, recordBlockBytes } from "../kernel/index.js";
import {
  damagedRecords,
  directoryEntryBytes,
  type RecordBlock,
  readRecordBlockHead,
  unpackRecordBlock,
} from "./record-block.js";

/** A smaller block would leave the most of the room empty. */
const rawBytesMin = recordBlockBytes / 2;

/**
 * A block of records that stays, unpacked whole in a room that is taken over from one that stays no longer:
 * rooms that are made and left by the dozen for each query would be swept up in the midst of another.
 */
export class KeptRecordBlock implements RecordBlock {
  readonly isLent = true;
  readonly bytes = recordBlockBytes;
  readonly firstId: number;
  readonly entity: number;
  readonly count: number;
  readonly #room: Uint8Array;
  /** The directory in its place: an offset of the id, and where the record ends. */
  readonly #directory: Uint32Array;

  /** Whether a stored block is worth a room, and has its place in one. */
  static fits(block: Uint8Array): boolean {
    const rawBytes = new DataView(block.buffer, block.byteOffset).getUint32(4, true);
    return rawBytes >= rawBytesMin && rawBytes <= recordBlockBytes;
  }

  /** A stored block that fits, in the room of `former`; nobody may read that one any more. */
  constructor(kernel: Kernel, block: Uint8Array, firstId: number, former: KeptRecordBlock | undefined) {
    const head = readRecordBlockHead(block);
    this.#room = former === undefined ? new Uint8Array(recordBlockBytes) : former.#room;
    this.#directory = former === undefined ? new Uint32Array(this.#room.buffer) : former.#directory;
    this.firstId = firstId;
    this.entity = head.entity;
    this.count = head.count;
    const mark = kernel.mark();
    try {
      const source = kernel.alloc(block.length);
      const out = kernel.alloc(head.rawBytes);
      unpackRecordBlock(kernel, block, head, { source, out });
      this.#room.set(kernel.u8.subarray(out, out + head.rawBytes));
    } finally {
      kernel.release(mark);
    }
    this.#sumLengths(head.rawBytes);
  }

  idAt(i: number): number {
    return this.firstId + this.#directory[i * 2]!;
  }

  bytesAt(i: number): Uint8Array {
    const start = i === 0 ? this.count * directoryEntryBytes : this.#directory[i * 2 - 1]!;
    return this.#room.subarray(start, this.#directory[i * 2 + 1]!);
  }

  /**
   * Lengths become ends. The checksum does not cover the head: by the sum its numbers are known to be right.
   */
  #sumLengths(rawBytes: number): void {
    let end = this.count * directoryEntryBytes;
    if (end > rawBytes) throw damagedRecords("its directory is cut off");
    for (let i = 0; i < this.count; i++) {
      end += this.#directory[i * 2 + 1]!;
      this.#directory[i * 2 + 1] = end;
    }
    if (end !== rawBytes) throw damagedRecords("its lengths do not add up");
  }
}
