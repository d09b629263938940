import { entryTag, flagsTag, keyTag, timestampTag, valueTag, wireTypes } from "./format.js";
import { entryBodyBytes, varintBytes } from "./wire-sizes.js";

/** Flags and timestamp of an entry. */
export const entryTailBytesMax = 1 + varintBytes(0xffff_ffff) + 1 + 8;

/** Below this a loop is faster than a call out of JavaScript. */
const loopBytesMax = 48;

/** Writes fields into a buffer that whoever calls has seen to be large enough. */
export class MessageWriter {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.bytes[this.at++] = rest;
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length > loopBytesMax) this.bytes.set(bytes, this.at);
    else for (let index = 0; index < bytes.length; index++) this.bytes[this.at + index] = bytes[index]!;
    this.at += bytes.length;
  }

  /** Field of a number; not there where it is 0, as proto3 has it. */
  varintField(field: number, value: bigint): void {
    if (value === 0n) return;
    this.varint((field << 3) | wireTypes.varint);
    let rest = BigInt.asUintN(64, value);
    for (; rest >= 0x80n; rest >>= 7n) this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80;
    this.bytes[this.at++] = Number(rest);
  }

  fixed64Field(field: number, value: bigint): void {
    if (value === 0n) return;
    this.varint((field << 3) | wireTypes.fixed64);
    this.#fixed64(value);
  }

  bytesField(field: number, value: Uint8Array): void {
    if (value.length === 0) return;
    this.fieldHead(field, value.length);
    this.raw(value);
  }

  /** Tag and length of a field whose bytes follow. */
  fieldHead(field: number, length: number): void {
    this.varint((field << 3) | wireTypes.bytes);
    this.varint(length);
  }

  /**
   * An entry but for its value and what follows that; the fields of an entry come key, value, flags,
   * timestamp. An entry without a field is not written.
   */
  entryHead(key: Uint8Array, valueBytes: number, timestampNano: bigint, flags: number): void {
    const body = entryBodyBytes(key.length, valueBytes, timestampNano !== 0n, flags);
    if (body === 0) return;
    this.bytes[this.at++] = entryTag;
    this.varint(body);
    if (key.length > 0) {
      this.bytes[this.at++] = keyTag;
      this.varint(key.length);
      this.raw(key);
    }
    if (valueBytes > 0) {
      this.bytes[this.at++] = valueTag;
      this.varint(valueBytes);
    }
  }

  entryTail(timestampNano: bigint, flags: number): void {
    if (flags > 0) {
      this.bytes[this.at++] = flagsTag;
      this.varint(flags);
    }
    if (timestampNano !== 0n) {
      this.bytes[this.at++] = timestampTag;
      this.#fixed64(timestampNano);
    }
  }

  #fixed64(value: bigint): void {
    this.#view.setBigUint64(this.at, value, true);
    this.at += 8;
  }
}
