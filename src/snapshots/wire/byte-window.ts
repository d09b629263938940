import { snapshotCarryKeepBytes } from "../../kernel/index.js";

const empty = new Uint8Array(0);

/**
 * A view of a stream of chunks: `bytes` from `at` to `end` is what can be read without waiting. It is the
 * chunk itself as long as that will do; only what lies across the border of two chunks is carried into a
 * buffer of its own, from where the view goes back to the chunk.
 */
export class ByteWindow {
  bytes: Uint8Array = empty;
  at = 0;
  end = 0;
  /** Byte of the stream at index 0 of `bytes`. */
  base = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** The chunk of which a part was carried, and where the rest begins. */
  #behind: Uint8Array = empty;
  #behindAt = 0;
  #carry: Uint8Array = empty;

  /** Where the longest piece is known, one buffer serves for all that are large. */
  #largeCarry: Uint8Array | undefined;
  readonly #pieceBytesMax: number;

  constructor(chunks: AsyncIterable<Uint8Array>, pieceBytesMax = 0) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#pieceBytesMax = pieceBytesMax;
  }

  /** Byte of the stream that is read next. */
  get offset(): number {
    return this.base + this.at;
  }

  /** Goes over to what lies behind a view that was read to its end; false where that has to be waited for. */
  advance(): boolean {
    if (this.at < this.end) return true;
    if (this.#behindAt === this.#behind.length) return false;
    this.base = this.offset - this.#behindAt;
    this.bytes = this.#behind;
    this.at = this.#behindAt;
    this.end = this.bytes.length;
    this.#behind = empty;
    this.#behindAt = 0;
    return true;
  }

  /** Makes so many bytes readable in one piece; false where the stream ends before them. */
  async need(count: number): Promise<boolean> {
    while (this.end - this.at < count) {
      if (!this.advance()) {
        if (!(await this.#nextChunk())) return false;
      } else if (this.end - this.at < count) {
        if (this.#behindAt === this.#behind.length && !(await this.#nextChunk())) return false;
        this.#carryOver(count);
      }
    }
    return true;
  }

  /** Passes over so many bytes; false where the stream ends before them. */
  async skip(count: number): Promise<boolean> {
    for (let left = count; left > 0; ) {
      if (!(await this.need(1))) return false;
      const passed = Math.min(left, this.end - this.at);
      this.at += passed;
      left -= passed;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #nextChunk(): Promise<boolean> {
    for (;;) {
      const next = await this.#chunks.next();
      if (next.done) return false;
      if (next.value.length === 0) continue;
      this.#behind = next.value;
      this.#behindAt = 0;
      return true;
    }
  }

  /** Brings what is left of the view, and of the chunk behind it what `count` asks for, into one piece. */
  #carryOver(count: number): void {
    const held = this.end - this.at;
    const added = Math.min(count - held, this.#behind.length - this.#behindAt);
    const target = this.#carryFor(held + added, count);
    if (target !== this.bytes) target.set(this.bytes.subarray(this.at, this.end));
    else if (this.at > 0) target.copyWithin(0, this.at, this.end);
    target.set(this.#behind.subarray(this.#behindAt, this.#behindAt + added), held);
    this.#behindAt += added;
    this.base = this.offset;
    this.bytes = this.#carry = target;
    this.at = 0;
    this.end = held + added;
  }

  /**
   * A buffer for so many bytes. It grows as bytes come, not as a length says they will; one that a large
   * entry left behind is let go by the next small one.
   */
  #carryFor(bytes: number, wanted: number): Uint8Array {
    if (wanted > snapshotCarryKeepBytes && wanted <= this.#pieceBytesMax) {
      this.#largeCarry ??= new Uint8Array(this.#pieceBytesMax);
      return this.#largeCarry;
    }
    const isOversized = this.#carry.length > snapshotCarryKeepBytes && wanted <= snapshotCarryKeepBytes;
    if (bytes <= this.#carry.length && !isOversized) return this.#carry;
    return new Uint8Array(Math.max(1024, Math.min(wanted, 2 * bytes)));
  }
}
