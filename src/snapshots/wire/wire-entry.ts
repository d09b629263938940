import type { SnapshotEntry } from "../snapshot-entry.js";
import { deletedFlag, flagsTag, keyTag, timestampTag, valueTag } from "./format.js";
import { checkTag, WireCursor, WireFault } from "./wire-cursor.js";

const empty = new Uint8Array(0);

/**
 * An entry as it lies in the buffer of its reader: places instead of copies. What costs an allocation (the
 * two views and the 64-bit timestamp) is made when it is asked for.
 */
export class WireEntry implements SnapshotEntry {
  bytes: Uint8Array = empty;
  keyStart = 0;
  keyEnd = 0;
  valueStart = 0;
  valueEnd = 0;
  timestampLow = 0;
  timestampHigh = 0;
  isDeleted = false;
  #key: Uint8Array | undefined;
  #value: Uint8Array | undefined;
  readonly #cursor = new WireCursor();

  get key(): Uint8Array {
    this.#key ??= this.bytes.subarray(this.keyStart, this.keyEnd);
    return this.#key;
  }

  get value(): Uint8Array {
    this.#value ??= this.bytes.subarray(this.valueStart, this.valueEnd);
    return this.#value;
  }

  get timestampNano(): bigint {
    return (BigInt(this.timestampHigh) << 32n) | BigInt(this.timestampLow);
  }

  /**
   * Takes the places of an entry's fields between two bytes. Of a field that is there twice the last one
   * counts.
   */
  read(bytes: Uint8Array, start: number, end: number, emptyIsDeleted: boolean): void {
    this.#clear(bytes, start);
    const cursor = this.#cursor.over(bytes, start, end);
    let flags = 0;
    while (cursor.at < end) {
      const tag = cursor.varint();
      if (tag === keyTag) {
        const length = cursor.varint();
        this.keyStart = cursor.skip(length);
        this.keyEnd = cursor.at;
      } else if (tag === valueTag) {
        const length = cursor.varint();
        this.valueStart = cursor.skip(length);
        this.valueEnd = cursor.at;
      } else if (tag === timestampTag) {
        const at = cursor.skip(8);
        this.timestampLow = uint32At(bytes, at);
        this.timestampHigh = uint32At(bytes, at + 4);
      } else if (tag === flagsTag) {
        flags = lowBitsOf(cursor);
      } else {
        skipUnknown(cursor, tag);
      }
    }
    if (this.keyEnd === this.keyStart) throw new WireFault("an entry without a key", start);
    this.isDeleted = (flags & deletedFlag) !== 0 || (emptyIsDeleted && this.valueEnd === this.valueStart);
    if (this.isDeleted) this.valueEnd = this.valueStart;
  }

  /** An entry of which nothing but the key is known. */
  setKey(key: Uint8Array): void {
    this.#clear(key, 0);
    this.keyEnd = key.length;
    this.isDeleted = false;
  }

  #clear(bytes: Uint8Array, start: number): void {
    this.bytes = bytes;
    this.keyStart = this.keyEnd = this.valueStart = this.valueEnd = start;
    this.timestampLow = this.timestampHigh = 0;
    this.#key = this.#value = undefined;
  }
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** The seven flags that fit the first byte: all that there are. */
function lowBitsOf(cursor: WireCursor): number {
  const bits = cursor.bytes[cursor.at]! & 0x7f;
  if (cursor.bytes[cursor.at]! < 0x80 && cursor.at < cursor.end) cursor.at++;
  else cursor.varint64();
  return bits;
}

function skipUnknown(cursor: WireCursor, tag: number): void {
  if (tag >>> 3 >= 1 && tag >>> 3 <= 4)
    throw new WireFault(`field ${tag >>> 3} is of another type`, cursor.at);
  checkTag(tag, cursor.at);
  cursor.skipField(tag);
}
