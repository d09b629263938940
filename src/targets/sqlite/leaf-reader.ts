import type { RowPage } from "../../tables/index.js";
import type { SqliteValue } from "./driver.js";

const leafHeaderBytes = 8;
const serial = { int8: 1, int16: 2, int32: 4, int64: 6, float: 7, zero: 8, one: 9, text: 13 };

/** Reads the values of rows out of a leaf that the kernel has written: for those that must go one by one. */
export class LeafReader {
  readonly #leaf: Buffer;
  #typesAt = 0;
  #bodyAt = 0;

  constructor({ rows }: RowPage) {
    this.#leaf = rows;
  }

  /** Goes to the first column of a row. */
  openRow(row: number): void {
    this.#typesAt = this.#leaf.readUInt16BE(leafHeaderBytes + 2 * row);
    this.#varint();
    this.#varint();
    const headerAt = this.#typesAt;
    this.#bodyAt = headerAt + this.#varint();
  }

  /** The next column's value; what is whole as a bigint, since a number is bound as a REAL. */
  read(): SqliteValue {
    const code = this.#varint();
    const at = this.#bodyAt;
    switch (code) {
      case 0:
        return null;
      case serial.zero:
        return 0n;
      case serial.one:
        return 1n;
      case serial.int8:
        this.#bodyAt += 1;
        return BigInt(this.#leaf.readInt8(at));
      case serial.int16:
        this.#bodyAt += 2;
        return BigInt(this.#leaf.readInt16BE(at));
      case serial.int32:
        this.#bodyAt += 4;
        return BigInt(this.#leaf.readInt32BE(at));
      case serial.int64:
        this.#bodyAt += 8;
        return this.#leaf.readBigInt64BE(at);
      case serial.float:
        this.#bodyAt += 8;
        return this.#leaf.readDoubleBE(at);
      default:
        this.#bodyAt += (code - serial.text) / 2;
        return this.#leaf.toString("utf8", at, this.#bodyAt);
    }
  }

  #varint(): number {
    let value = 0;
    for (;;) {
      const byte = this.#leaf[this.#typesAt]!;
      this.#typesAt += 1;
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
  }
}
