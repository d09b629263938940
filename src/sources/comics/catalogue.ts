import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { PlimsollError } from "../../kernel/index.js";
import { EntryReader, type EntryWriter } from "./entry-file.js";

const magic = Buffer.from("PLIMCAT1", "latin1");
const endMagic = Buffer.from("PLIMEND1", "latin1");
const trailerBytes = endMagic.length + 12;
const headerBytesMax = 64 * 1024;

/** What is known of a path: its comic is in the target, its archive could not be read. */
export const comicStatus = { stored: 1, failed: 2 };

/** The folder that a catalogue is of. */
export interface LibraryRoot {
  root: string;
  device: number;
  inode: number;
}

export interface Failure {
  code: string;
  reason: string;
}

export const cataloguePath = (folder: string): string => join(folder, "catalogue");
/** The catalogue that an import writes, until it is sealed. */
export const nextPath = (folder: string): string => join(folder, "next");

/** A catalogue that was published: what the last import saw of a library, sorted by path. */
export class Catalogue {
  readonly path: string;
  readonly root: LibraryRoot;
  readonly count: number;
  readonly #start: number;
  readonly #end: number;
  readonly #headerCrc: number;
  readonly #crc: number;

  private constructor(path: string, parts: CatalogueEnds) {
    this.path = path;
    this.root = parts.root;
    this.count = parts.count;
    this.#start = parts.start;
    this.#end = parts.end;
    this.#headerCrc = parts.headerCrc;
    this.#crc = parts.crc;
  }

  /** Null when there is none. */
  static open(folder: string): Catalogue | null {
    const path = cataloguePath(folder);
    if (!existsSync(path)) return null;
    try {
      return new Catalogue(path, readEnds(path));
    } catch (error) {
      throw damaged(path, error);
    }
  }

  /** All entries; with `isChecked` the checksum of the whole is held to what it was. */
  *entries(isChecked = false) {
    using reader = this.reader(this.#start);
    let count = 0;
    let offset = this.#start;
    for (;;) {
      const entry = this.#guarded(() => reader.next());
      if (entry === null) break;
      yield { entry, offset };
      offset += entry.bytes.length;
      count += 1;
    }
    if (isChecked && (count !== this.count || reader.crc !== this.#crc)) {
      throw damaged(this.path, new Error("its checksum is another"));
    }
  }

  entryAt(offset: number) {
    using reader = this.reader(offset);
    return this.#guarded(() => reader.next());
  }

  private reader(offset: number): EntryReader {
    return new EntryReader(this.path, offset, this.#end, offset === this.#start ? this.#headerCrc : 0);
  }

  #guarded<Value>(read: () => Value): Value {
    try {
      return read();
    } catch (error) {
      throw damaged(this.path, error);
    }
  }
}

interface CatalogueEnds {
  root: LibraryRoot;
  count: number;
  start: number;
  end: number;
  headerCrc: number;
  crc: number;
}

/** Whether a catalogue is there to its end. */
export function isWhole(path: string): boolean {
  try {
    readEnds(path);
    return true;
  } catch {
    return false;
  }
}

export function sizeOf(path: string): number {
  return existsSync(path) ? statSync(path).size : 0;
}

export function writeHeader(writer: EntryWriter, root: LibraryRoot): void {
  const text = Buffer.from(JSON.stringify(root));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  writer.write(Buffer.concat([magic, length, text]));
}

export function writeTrailer(writer: EntryWriter, count: number): void {
  const trailer = Buffer.alloc(trailerBytes);
  endMagic.copy(trailer);
  trailer.writeDoubleLE(count, 8);
  trailer.writeUInt32LE(writer.crc, 16);
  writer.write(trailer);
}

/** A record is a kilobyte or two: tables for more would take longer to make than to use. */
const packing = { level: 1, windowBits: 12, memLevel: 5 };

/** Records are kept packed: one is wanted only when its archive was moved. */
export function packRecord(record: string): Buffer {
  return deflateRawSync(record, packing);
}

export function unpackRecord(payload: Uint8Array): Record<string, unknown> {
  return JSON.parse(inflateRawSync(payload).toString("utf8")) as Record<string, unknown>;
}

export function packFailure(failure: Failure): Buffer {
  return Buffer.from(JSON.stringify(failure));
}

export function unpackFailure(payload: Buffer): Failure {
  return JSON.parse(payload.toString("utf8")) as Failure;
}

function readEnds(path: string): CatalogueEnds {
  const file = openSync(path, "r");
  try {
    const size = fstatSync(file).size;
    const head = readAt(file, 0, Math.min(size, 12));
    const textBytes = head.length === 12 ? head.readUInt32LE(8) : 0;
    const start = 12 + textBytes;
    const end = size - trailerBytes;
    if (!head.subarray(0, 8).equals(magic) || textBytes > headerBytesMax || end < start) {
      throw new Error("it has no beginning and end");
    }
    const trailer = readAt(file, end, trailerBytes);
    if (!trailer.subarray(0, 8).equals(endMagic)) throw new Error("it has no end");
    const text = readAt(file, 12, textBytes);
    const root = JSON.parse(text.toString("utf8")) as LibraryRoot;
    const headerCrc = crc32(Buffer.concat([head, text]));
    return { root, count: trailer.readDoubleLE(8), start, end, headerCrc, crc: trailer.readUInt32LE(16) };
  } finally {
    closeSync(file);
  }
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, readSync(file, bytes, 0, length, position));
}

function damaged(catalogue: string, error: unknown): PlimsollError {
  const reason = error instanceof Error ? error.message : String(error);
  return new PlimsollError("COMICS_CATALOGUE", { catalogue, reason }, { cause: error });
}
