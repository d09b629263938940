import { crc32 } from "node:zlib";
import type { ByteStream } from "../bytes/byte-stream.js";
import { damaged } from "../bytes/damage.js";
import { openRun } from "./packed-streams.js";
import type { PackedFile, PackedRun } from "./seven-zip-header.js";

/** The unpacked bytes of a run, taken file by file; what reaches beyond one waits for the next. */
class RunReader {
  readonly run: PackedRun;
  readonly #stream: ByteStream;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  at = 0;

  constructor(run: PackedRun, stream: ByteStream) {
    this.run = run;
    this.#stream = stream;
  }

  /** The next bytes, `bytesMax` at most; null at the end. */
  async take(bytesMax: number): Promise<Uint8Array | null> {
    if (this.#chunk.length === 0) {
      const chunk = await this.#stream.next();
      if (chunk === null) return null;
      this.#chunk = chunk;
    }
    const taken = this.#chunk.subarray(0, bytesMax);
    this.#chunk = this.#chunk.subarray(taken.length);
    this.at += taken.length;
    return taken;
  }

  close(): Promise<void> {
    return this.#stream.close();
  }
}

/**
 * Readers of the runs of one archive. Files of a run stand one behind the other in it, so whoever has read
 * one to its end leaves its reader here for the next one. One that waits is closed when another file is
 * wanted.
 */
export class RunReaders {
  readonly #path: string;
  #waiting: RunReader | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** A reader that stands at the first byte of the file. */
  async open(file: PackedFile, source: string): Promise<RunReader> {
    let reader = this.#waiting;
    this.#waiting = null;
    if (reader !== null && (reader.run !== file.run || reader.at > file.offset)) {
      await reader.close();
      reader = null;
    }
    reader ??= new RunReader(file.run, await openRun(this.#path, source, file.run));
    return reader;
  }

  async leave(reader: RunReader): Promise<void> {
    await this.close();
    if (reader.at < reader.run.bytes) this.#waiting = reader;
    else await reader.close();
  }

  /** Lets go of the reader that waits. */
  async close(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = null;
    await waiting?.close();
  }
}

/** The bytes of one file of an archive, held to its checksum. */
export class PackedFileBytes implements ByteStream {
  readonly #readers: RunReaders;
  readonly #file: PackedFile;
  readonly #source: string;
  #reader: Promise<RunReader> | null = null;
  #delivered = 0;
  #crc = 0;
  #isClosed = false;
  #taking: Promise<unknown> = Promise.resolve();

  constructor(readers: RunReaders, file: PackedFile, source: string) {
    this.#readers = readers;
    this.#file = file;
    this.#source = source;
  }

  /** The file's share of the packed bytes. */
  get bytesRead(): number {
    return storedShare(this.#file, this.#delivered);
  }

  next(): Promise<Uint8Array | null> {
    const taken = this.#next();
    this.#taking = taken.catch(() => undefined);
    return taken;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#taking;
    const reader = await this.#reader?.catch(() => null);
    if (reader === null || reader === undefined) return;
    if (this.#delivered === this.#file.bytes) await this.#readers.leave(reader);
    else await reader.close();
  }

  async #next(): Promise<Uint8Array | null> {
    const { offset, bytes, crc } = this.#file;
    if (this.#isClosed || this.#delivered === bytes) return null;
    this.#reader ??= this.#readers.open(this.#file, this.#source);
    const reader = await this.#reader;
    while (reader.at < offset) {
      if (this.#isClosed) return null;
      if ((await reader.take(offset - reader.at)) === null) throw this.#damage("it ends too early");
    }
    const chunk = await reader.take(bytes - this.#delivered);
    if (chunk === null) throw this.#damage("it ends too early");
    this.#crc = crc32(chunk, this.#crc);
    this.#delivered += chunk.length;
    if (this.#delivered === bytes && crc !== null && this.#crc !== crc) {
      throw this.#damage("its checksum does not match");
    }
    return chunk;
  }

  #damage(reason: string): Error {
    return damaged(this.#source, this.#delivered, reason);
  }
}

/** Of the packed bytes of a run, those that so many unpacked ones stand for. */
export function storedShare({ run }: PackedFile, bytes: number): number {
  return run.bytes === 0 ? 0 : Math.round((run.packedBytes / run.bytes) * bytes);
}
