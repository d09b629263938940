import { wireTypes } from "./format.js";

const empty = new Uint8Array(0);

/**
 * What is wrong with bytes of a message, and where in them. The reader makes a condition with a place of it.
 */
export class WireFault extends Error {
  readonly at: number;

  constructor(reason: string, at: number) {
    super(reason);
    this.at = at;
  }
}

/** Reads a message that lies in memory whole. Nothing it reads reaches beyond `end`. */
export class WireCursor {
  bytes: Uint8Array = empty;
  at = 0;
  end = 0;

  over(bytes: Uint8Array, at: number, end: number): this {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
    return this;
  }

  /** A number below 2^53: tags, lengths. */
  varint(): number {
    const byte = this.at < this.end ? this.bytes[this.at]! : 0x80;
    if (byte < 0x80) {
      this.at++;
      return byte;
    }
    const value = this.varint64();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new WireFault("a length beyond all bounds", this.at);
    return Number(value);
  }

  varint64(): bigint {
    const start = this.at;
    let value = 0n;
    for (let index = 0; index < 10; index++) {
      if (this.at >= this.end) throw new WireFault("a number that ends too early", start);
      const byte = this.bytes[this.at++]!;
      if (index === 9 && byte > 1) break;
      value |= BigInt(byte & 0x7f) << BigInt(7 * index);
      if (byte < 0x80) return value;
    }
    throw new WireFault("a number of more than 64 bits", start);
  }

  fixed64(): bigint {
    const start = this.skip(8);
    return new DataView(this.bytes.buffer, this.bytes.byteOffset + start, 8).getBigUint64(0, true);
  }

  /** Passes over so many bytes and says where they began. */
  skip(count: number): number {
    const start = this.at;
    if (count > this.end - start) throw new WireFault("a length beyond what it is part of", start);
    this.at = start + count;
    return start;
  }

  text(): string {
    const length = this.varint();
    const start = this.skip(length);
    return decodeText(this.bytes.subarray(start, start + length), start);
  }

  /** Field number and wire type of what comes next. */
  tag(): number {
    const at = this.at;
    const tag = this.varint();
    checkTag(tag, at);
    return tag;
  }

  expect(tag: number, wireType: number): void {
    if ((tag & 7) !== wireType) throw new WireFault(`field ${tag >>> 3} is of another type`, this.at);
  }

  /** Passes over a field that this version does not know, behind its tag. */
  skipField(tag: number): void {
    const wireType = tag & 7;
    if (wireType === wireTypes.varint) this.varint64();
    else if (wireType === wireTypes.fixed64) this.skip(8);
    else if (wireType === wireTypes.bytes) this.skip(this.varint());
    else this.skip(4);
  }
}

/**
 * Field numbers end at 2^29; groups went out of use before this format was made, and nothing may hide in
 * them.
 */
export function checkTag(tag: number, at: number): void {
  const wireType = tag & 7;
  if (tag < 8 || tag > 0xffff_ffff) throw new WireFault("no field number", at);
  if (wireType === 3 || wireType === 4) throw new WireFault("a group", at);
  if (wireType > 5) throw new WireFault(`wire type ${wireType}`, at);
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function decodeText(bytes: Uint8Array, at: number): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WireFault("a text that is not UTF-8", at);
  }
}
