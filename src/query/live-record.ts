import { parseExactJson, parseJsonLiterals } from "./exact-json.js";

/** A record as it is stored, and as it reads. */
export class LiveRecord {
  readonly id: number;
  readonly entity: number;
  /** The stored JSON text. */
  readonly bytes: Uint8Array;
  #value: unknown;
  #literals: unknown;

  constructor(id: number, entity: number, bytes: Uint8Array) {
    this.id = id;
    this.entity = entity;
    this.bytes = bytes;
  }

  /** The parsed record; integers beyond a double's reach are BigInt. */
  get value(): unknown {
    this.#value ??= parseExactJson(this.#text());
    return this.#value;
  }

  /** The parsed record with every number and boolean as the text it was written in. */
  get literals(): unknown {
    this.#literals ??= parseJsonLiterals(this.#text());
    return this.#literals;
  }

  #text(): string {
    const { bytes } = this;
    const buffer =
      bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return buffer.toString("utf8");
  }
}
