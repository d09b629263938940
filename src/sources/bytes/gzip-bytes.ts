import { constants, crc32, createInflateRaw, type InflateRaw } from "node:zlib";
import { decompressChunkBytes, KiB, PlimsollError } from "../../kernel/index.js";
import type { ByteStream } from "./byte-stream.js";
import { Change } from "./change.js";
import { damaged } from "./damage.js";

const trailerBytes = 8;
const flagExtra = 4;
const flagName = 8;
const flagComment = 16;
const flagHeaderCrc = 2;

/** Input goes to the inflater in pieces of this size, which bounds what an error in one takes along. */
const pieceBytes = 16 * KiB;

/**
 * gzip, member after member, as gzip(1) reads it: what stands behind the last member is passed over.
 * Members are taken apart here because the stream of node:zlib loses the output of the call that fails.
 */
export class GzipBytes implements ByteStream {
  readonly #stored: ByteStream;
  readonly #name: string;
  #chunk: Uint8Array = new Uint8Array(0);
  #at = 0;
  #member: Member | null = null;
  #members = 0;
  #delivered = 0;
  #isEnded = false;
  #isClosed = false;

  constructor(stored: ByteStream, name: string) {
    this.#stored = stored;
    this.#name = name;
  }

  get bytesRead(): number {
    return this.#stored.bytesRead;
  }

  async next(): Promise<Uint8Array | null> {
    try {
      const chunk = await this.#next();
      this.#delivered += chunk?.length ?? 0;
      return chunk;
    } catch (error) {
      if (this.#isClosed) return null;
      if (error instanceof PlimsollError) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw damaged(this.#name, this.#delivered, reason, error);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#member?.close();
    await this.#stored.close();
  }

  async #next(): Promise<Uint8Array | null> {
    while (!this.#isEnded && !this.#isClosed) {
      if (this.#member === null) {
        this.#isEnded = !(await this.#openMember());
        continue;
      }
      const output = await this.#member.next();
      if (output !== null) return output;
      await this.#closeMember(this.#member);
      this.#member = null;
    }
    return null;
  }

  /** Reads a member's header; false when there is none. */
  async #openMember(): Promise<boolean> {
    if ((await this.#byte()) !== 0x1f || (await this.#byte()) !== 0x8b) {
      if (this.#members === 0) throw new Error("no gzip header");
      return false;
    }
    const header = await this.#bytes(8);
    const flags = header[1]!;
    if (header[0] !== 8 || (flags & 0xe0) !== 0) throw new Error("unknown gzip compression method");
    if (flags & flagExtra) {
      const size = await this.#bytes(2);
      await this.#bytes(size[0]! | (size[1]! << 8));
    }
    if (flags & flagName) await this.#text();
    if (flags & flagComment) await this.#text();
    if (flags & flagHeaderCrc) await this.#bytes(2);
    this.#members++;
    this.#member = new Member(() => this.#piece());
    return true;
  }

  async #closeMember(member: Member): Promise<void> {
    this.#at -= member.surplus;
    member.close();
    const trailer = Buffer.from(await this.#bytes(trailerBytes));
    if (trailer.readUInt32LE(0) !== member.crc) throw new Error("the checksum of a gzip member is wrong");
    if (trailer.readUInt32LE(4) !== member.size % 2 ** 32)
      throw new Error("the size of a gzip member is wrong");
  }

  /** The next piece of input; null at the end. */
  async #piece(): Promise<Uint8Array | null> {
    if (!(await this.#fill())) return null;
    const piece = this.#chunk.subarray(this.#at, this.#at + pieceBytes);
    this.#at += piece.length;
    return piece;
  }

  async #fill(): Promise<boolean> {
    if (this.#at < this.#chunk.length) return true;
    const chunk = await this.#stored.next();
    if (chunk === null) return false;
    this.#chunk = chunk;
    this.#at = 0;
    return true;
  }

  async #byte(): Promise<number> {
    return (await this.#fill()) ? this.#chunk[this.#at++]! : -1;
  }

  async #bytes(count: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(count);
    for (let index = 0; index < count; index++) {
      const byte = await this.#byte();
      if (byte === -1) throw new Error("unexpected end of file");
      bytes[index] = byte;
    }
    return bytes;
  }

  async #text(): Promise<void> {
    while ((await this.#bytes(1))[0] !== 0);
  }
}

/** The deflated body of one member. */
class Member {
  crc = 0;
  size = 0;
  readonly #piece: () => Promise<Uint8Array | null>;
  readonly #inflate: InflateRaw;
  readonly #change = new Change();
  #isWriting = false;
  #isCut = false;
  #isEnded = false;
  #fed = 0;
  #failure: unknown = null;

  constructor(piece: () => Promise<Uint8Array | null>) {
    this.#piece = piece;
    this.#inflate = createInflateRaw({
      chunkSize: decompressChunkBytes,
      finishFlush: constants.Z_SYNC_FLUSH,
    });
    this.#inflate.on("readable", this.#change.wake);
    this.#inflate.on("end", () => {
      this.#isEnded = true;
      this.#change.wake();
    });
    this.#inflate.on("close", this.#change.wake);
    this.#inflate.on("error", (error) => {
      this.#failure ??= error;
      this.#change.wake();
    });
  }

  /** Bytes of the last piece that lie behind the member's body. */
  get surplus(): number {
    return this.#fed - this.#inflate.bytesWritten;
  }

  async next(): Promise<Uint8Array | null> {
    for (;;) {
      const output: Buffer | null = this.#inflate.read();
      if (output !== null) {
        this.crc = crc32(output, this.crc);
        this.size += output.length;
        return output;
      }
      if (this.#failure !== null) throw this.#failure;
      // What the inflater leaves of its input lies behind the body's end.
      if (!this.#isWriting && this.surplus > 0) return null;
      if (this.#isEnded) throw new Error("unexpected end of file");
      if (this.#inflate.destroyed) throw new Error("closed");
      if (this.#isWriting || this.#isCut) await this.#change.wait();
      else await this.#feed();
    }
  }

  close(): void {
    this.#inflate.destroy();
    this.#change.wake();
  }

  async #feed(): Promise<void> {
    const piece = await this.#piece();
    if (piece === null) {
      this.#isCut = true;
      this.#inflate.end();
      return;
    }
    this.#fed += piece.length;
    this.#isWriting = true;
    this.#inflate.write(piece, () => {
      this.#isWriting = false;
      this.#change.wake();
    });
  }
}
