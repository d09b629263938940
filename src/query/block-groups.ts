import { PlimsollError, tupleBlockBytesMax } from "../kernel/index.js";

const headerBytes = 24;

/**
 * Reads a tuple block group by group: all ids of one (index, term) that stand in the block. The arrays are
 * reused from group to group; together they take 9 bytes a posting, 147 KB at most.
 */
export class BlockGroups {
  index = 0;
  /** The term as two halves: most groups are passed over, and not worth a BigInt. */
  high = 0;
  low = 0;
  count = 0;
  readonly ids = new Float64Array(tupleBlockBytesMax);
  readonly payloads = new Uint8Array(tupleBlockBytesMax);
  #block: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;
  #isFirst = true;

  open(block: Uint8Array): this {
    const bodyBytes = block.length < headerBytes ? -1 : readU32(block, 4);
    if (bodyBytes !== block.length - headerBytes || block.length > tupleBlockBytesMax) throw damaged();
    this.#block = block;
    this.#at = headerBytes;
    this.#end = block.length;
    this.#isFirst = true;
    this.index = 0;
    this.high = 0;
    this.low = 0;
    this.count = 0;
    return this;
  }

  get term(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  /** Whether the group just read is the block's last one: the list may go on in the next block. */
  get isLast(): boolean {
    return this.#at >= this.#end;
  }

  /** Goes to the next group and decodes it; false at the end of the block. */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    const indexDelta = this.#varint();
    if (indexDelta !== 0 || this.#isFirst) {
      this.high = 0;
      this.low = 0;
    }
    this.#addTerm();
    this.index += indexDelta;
    this.#isFirst = false;
    const counted = this.#varint();
    this.count = Math.floor(counted / 2);
    if (this.count === 0 || this.count > this.ids.length) throw damaged();
    this.#decodeIds(counted % 2 === 1);
    return true;
  }

  #decodeIds(hasPayload: boolean): void {
    let id = 0;
    for (let i = 0; i < this.count; i++) {
      const byte = this.#block[this.#at]!;
      if (byte < 0x80) {
        this.#at++;
        id += byte;
      } else {
        id += this.#varint();
      }
      this.ids[i] = id;
      this.payloads[i] = hasPayload ? this.#block[this.#at++]! : 0;
      if (this.#at > this.#end) throw damaged();
    }
  }

  #varint(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#block[this.#at++];
      if (byte === undefined || this.#at > this.#end) throw damaged();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
      if (scale > 2 ** 49) throw damaged();
    }
  }

  /** Seven bytes fit a double, the rest counts by 2^49. */
  #addTerm(): void {
    let least = 0;
    let rest = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#block[this.#at++];
      if (byte === undefined || this.#at > this.#end) throw damaged();
      least += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
      scale *= 128;
      if (scale === 2 ** 49) {
        rest = this.#varint();
        break;
      }
    }
    const low = this.low + (least >>> 0);
    const carried = low >= 2 ** 32 ? 1 : 0;
    const high = this.high + Math.floor(least / 2 ** 32) + rest * 2 ** 17 + carried;
    if (high >= 2 ** 32) throw damaged();
    this.high = high;
    this.low = low >>> 0;
  }
}

/** Tuples in a block, by its header. */
export function blockTuples(block: Uint8Array): number {
  return block.length < headerBytes ? 0 : readU32(block, 0);
}

function readU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function damaged(): PlimsollError {
  return new PlimsollError("BLOCK_DAMAGED", { what: "postings", reason: "its entries do not add up" });
}
