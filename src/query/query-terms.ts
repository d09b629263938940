import { Kernel, queryTermBytesKept, termTextBytesMax } from "../kernel/index.js";
import { type CompiledField, type IndexKind, TermEncoder, type Token } from "../model/index.js";
import type { Comparable } from "./filter-ast.js";

/** A term, and whether it says all there is to say of its value: neither hashed, nor cut, nor saturated. */
export interface QueryTerm {
  term: bigint;
  isExact: boolean;
}

const hashed = 1n << 63n;
const termMax = (1n << 64n) - 1n;

/** Terms of values in comparable form. Texts longer than a filter's go through an encoder of their size. */
export class QueryTerms {
  readonly #encoder: TermEncoder;
  #large: { encoder: TermEncoder; textBytesMax: number } | null = null;

  constructor(encoder: TermEncoder) {
    this.#encoder = encoder;
  }

  /** The term under which an index of this kind holds the value. */
  equal(field: CompiledField, kind: IndexKind, value: Comparable): QueryTerm {
    if (kind === "number") {
      const operand = field.type === "bool" ? value === 1 : value;
      const term = this.#encoder.number(field.type === "date" ? "int" : field.type, operand);
      return {
        term,
        isExact: field.type === "float" || (term !== 0n && term !== termMax) || field.type === "bool",
      };
    }
    const text = String(value);
    if (kind === "prefix") return { term: this.prefix(text).low, isExact: false };
    return exactOrHashed(this.#encoderFor(text).exact(text));
  }

  pair(name: string, value: string): QueryTerm {
    return exactOrHashed(this.#encoderFor(value).pair(name, value));
  }

  token(token: string): QueryTerm {
    return exactOrHashed(this.#encoder.exact(token));
  }

  /** Least and greatest term of the texts that begin with this one. */
  prefix(text: string): { low: bigint; high: bigint } {
    const head = text.slice(0, 8);
    const low = this.#encoder.prefix(head);
    const bytes = Math.min(8, Buffer.byteLength(head));
    return { low, high: low | (bytes === 8 ? 0n : (1n << BigInt(64 - bytes * 8)) - 1n) };
  }

  dateMilliseconds(text: string): Comparable | undefined {
    return text.length > termTextBytesMax ? undefined : this.#encoder.dateMilliseconds(text);
  }

  /** Words as the text index holds them, repeats included. */
  tokens(text: string): string[] {
    return this.tokenTerms(text).map((token) => token.text);
  }

  tokenTerms(text: string): Token[] {
    return this.#encoderFor(text).tokens(text);
  }

  /** The text in lower case as a trigram index has it, as UTF-8. */
  folded(text: string): Buffer {
    return this.#encoderFor(text).folded(text);
  }

  /** The term of three bytes of it: they stand in it as they are. */
  trigram(bytes: Uint8Array, at = 0): bigint {
    const [first, second, third] = bytes.subarray(at, at + 3);
    return BigInt((3 << 24) | (first! << 16) | (second! << 8) | third!) << 32n;
  }

  keyHash(keyspace: number, key: Uint8Array): bigint {
    return this.#encoder.keyHash(keyspace, key);
  }

  /**
   * The one encoder, or for a text too long for it one that holds it; the larger one is kept while it is
   * small.
   */
  #encoderFor(text: string): TermEncoder {
    const bytesMax = text.length * 3;
    if (bytesMax <= termTextBytesMax) return this.#encoder;
    if (this.#large !== null && bytesMax <= this.#large.textBytesMax) return this.#large.encoder;
    const textBytesMax = 2 ** Math.ceil(Math.log2(bytesMax));
    const kernel = new Kernel({ memoryBytes: textBytesMax + queryTermBytesKept });
    const large = { encoder: new TermEncoder(kernel, textBytesMax), textBytesMax };
    this.#large = textBytesMax <= queryTermBytesKept ? large : null;
    return large.encoder;
  }
}

function exactOrHashed(term: bigint): QueryTerm {
  return { term, isExact: term < hashed };
}
