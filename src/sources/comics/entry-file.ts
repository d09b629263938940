import { closeSync, fdatasyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { librarySyncBytes, libraryWindowBytes } from "../../kernel/index.js";
import { type DecodedEntry, decodeEntry } from "./library-entry.js";

/** Appends to a file by windows, and knows the checksum of all that it holds. */
export class EntryWriter implements Disposable {
  readonly #file: number;
  readonly #window = Buffer.allocUnsafe(libraryWindowBytes);
  #filled = 0;
  #written: number;
  #synced: number;
  #crc: number;

  /** Behind `start` bytes that are there already and have the checksum `crc`. */
  constructor(path: string, start = 0, crc = 0) {
    this.#file = openSync(path, start === 0 ? "w" : "r+");
    this.#written = start;
    this.#synced = start;
    this.#crc = crc;
  }

  get bytes(): number {
    return this.#written + this.#filled;
  }

  /** Of all bytes so far, those that wait in the window included. */
  get crc(): number {
    return this.#filled === 0 ? this.#crc : crc32(this.#window.subarray(0, this.#filled), this.#crc);
  }

  get descriptor(): number {
    return this.#file;
  }

  write(bytes: Uint8Array): void {
    if (this.#filled + bytes.length > this.#window.length) this.flush();
    if (bytes.length > this.#window.length) {
      this.#put(bytes);
      return;
    }
    this.#window.set(bytes, this.#filled);
    this.#filled += bytes.length;
  }

  flush(): void {
    if (this.#filled > 0) this.#put(this.#window.subarray(0, this.#filled));
    this.#filled = 0;
  }

  /** Nothing stands behind what was written: a longer file may have been there. */
  cutHere(): void {
    ftruncateSync(this.#file, this.#written);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  #put(bytes: Uint8Array): void {
    this.#crc = crc32(bytes, this.#crc);
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.#file, bytes, done, bytes.length - done, this.#written + done);
    }
    this.#written += bytes.length;
    if (this.#written - this.#synced < librarySyncBytes) return;
    fdatasyncSync(this.#file);
    this.#synced = this.#written;
  }
}

/** The entries of a file, by a window; what an entry refers to is valid until the next one is read. */
export class EntryReader implements Disposable {
  readonly #file: number;
  readonly #end: number;
  #window: Buffer = Buffer.alloc(libraryWindowBytes);
  #from = 0;
  #to = 0;
  #position: number;
  #crc: number;

  /** Entries in [start, end) of the file; the checksum of what stands before is `crc`. */
  constructor(path: string, start: number, end: number, crc = 0) {
    this.#file = openSync(path, "r");
    this.#position = start;
    this.#end = end;
    this.#crc = crc;
  }

  /** Of all bytes of the entries that were read. */
  get crc(): number {
    return this.#crc;
  }

  /** Null at the end; throws when the bytes are no entry. */
  next(): DecodedEntry | null {
    if (this.#to - this.#from < 4 && !this.#fill(4)) {
      if (this.#to > this.#from) throw new Error("it ends within an entry");
      return null;
    }
    const length = 4 + this.#window.readUInt32LE(this.#from);
    if (length < 40 || length > entryBytesMax) throw new Error("an entry has no length that is possible");
    if (this.#to - this.#from < length && !this.#fill(length)) throw new Error("it ends within an entry");
    const bytes = this.#window.subarray(this.#from, this.#from + length);
    this.#from += length;
    this.#crc = crc32(bytes, this.#crc);
    return decodeEntry(bytes);
  }

  [Symbol.dispose](): void {
    closeSync(this.#file);
  }

  /** The checksum of all bytes to the end, whatever they are. */
  skipAll(): number {
    while (this.#to > this.#from || this.#fill(1)) {
      this.#crc = crc32(this.#window.subarray(this.#from, this.#to), this.#crc);
      this.#from = this.#to;
    }
    return this.#crc;
  }

  /** Reads on until the window holds so many bytes. */
  #fill(wanted: number): boolean {
    const left = this.#window.subarray(this.#from, this.#to);
    const size = Math.max(libraryWindowBytes, wanted);
    const window = size > this.#window.length ? Buffer.allocUnsafe(size) : this.#window;
    window.set(left);
    this.#to -= this.#from;
    this.#from = 0;
    this.#window = window;
    while (this.#to < wanted) {
      const room = Math.min(window.length - this.#to, this.#end - this.#position);
      const got = room <= 0 ? 0 : readSync(this.#file, window, this.#to, room, this.#position);
      if (got === 0) return false;
      this.#to += got;
      this.#position += got;
    }
    return true;
  }
}

/** A path and the packed record of a comic: an entry that says it is longer is none. */
const entryBytesMax = 64 * 1024 * 1024;
