/** What a header says is not what it can be: its archive is damaged, or made by something else. */
export class HeaderFault extends Error {}

/** Reads the numbers and lists of a 7z header; counts are held to what its bytes could hold. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(): number {
    return this.take(1)[0]!;
  }

  word(): number {
    this.take(4);
    return this.#view.getUint32(this.#at - 4, true);
  }

  /** A number of 1 to 9 bytes: the leading ones of the first say how many bytes follow it. */
  number(): number {
    const first = this.byte();
    let value = 0;
    for (let more = 0; more < 8; more++) {
      const mask = 0x80 >> more;
      if ((first & mask) === 0) return this.#safe(value + (first & (mask - 1)) * 2 ** (8 * more));
      value += this.byte() * 2 ** (8 * more);
    }
    return this.#safe(value);
  }

  /** A number of things that each take a byte of the header at least. */
  count(): number {
    const count = this.number();
    if (count > this.#bytes.length) throw new HeaderFault(`its header counts ${count} entries`);
    return count;
  }

  take(bytes: number): Uint8Array {
    if (this.#at + bytes > this.#bytes.length) throw new HeaderFault("its header ends too early");
    this.#at += bytes;
    return this.#bytes.subarray(this.#at - bytes, this.#at);
  }

  /** One bit for each of so many things, from the highest of the first byte on. */
  bits(count: number): boolean[] {
    const bytes = this.take(Math.ceil(count / 8));
    return Array.from({ length: count }, (_, at) => (bytes[at >> 3]! & (0x80 >> (at & 7))) !== 0);
  }

  /** Checksums of so many things; null for one that has none. */
  checksums(count: number): (number | null)[] {
    const isAll = this.byte() !== 0;
    const has = isAll ? Array.from({ length: count }, () => true) : this.bits(count);
    return has.map((isThere) => (isThere ? this.word() : null));
  }

  #safe(value: number): number {
    if (!Number.isSafeInteger(value)) throw new HeaderFault("its header holds a number that is too large");
    return value;
  }
}
