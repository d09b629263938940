import { createRequire } from "node:module";
import { crc32, inflateRawSync } from "node:zlib";
import type { Entry, RandomAccessReader, ZipFile } from "yauzl";
import {
  comicListBytesMax,
  comicMetadataBytesMax,
  comicRatioBytesMin,
  comicRatioMax,
} from "../../../kernel/index.js";
import { ComicFault, comicFault } from "../comic-fault.js";
import { formOfEntry } from "../metadata/index.js";
import type { ArchiveFile } from "./archive-file.js";
import { type ArchiveListing, EntryList } from "./listing.js";
import type { ReadingRoom } from "./reading-room.js";

type Yauzl = typeof import("yauzl");

/** What yauzl reads at the end of a file to find the list of entries. */
const tailBytes = 65_577;
const endSignature = Buffer.from([0x50, 0x4b, 5, 6]);
/**
 * A local header behind its 30 bytes has a name and extra fields, rarely longer than this beside the name.
 */
const headerSlackBytes = 30 + 512;
const encryptedBit = 1;

let library: { yauzl: Yauzl; WindowReader: ReturnType<typeof windowReaderOf> } | null = null;

function zipLibrary() {
  if (library === null) {
    const yauzl = createRequire(import.meta.url)("yauzl") as Yauzl;
    library = { yauzl, WindowReader: windowReaderOf(yauzl.RandomAccessReader) };
  }
  return library;
}

/** The list at the end of a file, if it has one: the tail that holds its beginning or its end. */
export async function zipTail(file: ArchiveFile): Promise<Buffer | null> {
  const length = Math.min(tailBytes, file.sizeBytes);
  const tail = await file.read(file.sizeBytes - length, length);
  return tail.lastIndexOf(endSignature) === -1 ? null : tail;
}

/** Lists a zip archive by its central directory alone; pages are never read. */
export async function listZip(file: ArchiveFile, tail: Buffer, room: ReadingRoom): Promise<ArchiveListing> {
  const { yauzl, WindowReader } = zipLibrary();
  const reader = new WindowReader(file);
  reader.show(tail, file.sizeBytes - tail.length);
  const options = { lazyEntries: true, autoClose: false, strictFileNames: false };
  const zip = await new Promise<ZipFile>((resolve, reject) => {
    yauzl.fromRandomAccessReader(
      reader as unknown as RandomAccessReader,
      file.sizeBytes,
      options,
      (error, opened) => {
        if (error) reject(asFault(error));
        else resolve(opened);
      },
    );
  });
  // The library calls it a flag, and keeps the offset of the next entry there.
  const listStart = Number(zip.readEntryCursor);
  const listBytes = file.sizeBytes - listStart;
  if (listBytes > comicListBytesMax) {
    throw comicFault("COMIC_TOO_LARGE", `its list of entries takes ${listBytes} bytes`);
  }
  if (listBytes < 0) throw comicFault("COMIC_DAMAGED", "its list of entries lies behind its end");
  using _place = await room.take(listBytes);
  if (listBytes > tail.length) reader.show(await file.read(listStart, listBytes), listStart);
  const list = new EntryList<Entry>();
  readEntries(zip, list);
  const comment =
    zip.comment.length === 0 ? null : Buffer.from(tail.subarray(tail.length - zip.comment.length));
  const metadata: ArchiveListing["metadata"] = new Map();
  for (const [form, { entry }] of list.metadata) {
    metadata.set(form, () => readEntry(zip, entry, reader, file, room));
  }
  return { fileType: "cbz", pages: list.pages, metadata, comment };
}

/** All of the list is in the window, so that each entry is there when it has been asked for. */
function readEntries(zip: ZipFile, list: EntryList<Entry>): void {
  let fault: unknown = null;
  zip.on("error", (error) => {
    fault ??= asFault(error);
  });
  zip.on("entry", (entry: Entry) => {
    try {
      if ((entry.generalPurposeBitFlag & encryptedBit) !== 0) {
        throw comicFault("COMIC_ENCRYPTED", "its entries are encrypted");
      }
      list.add(entry.fileName, entry, formOfEntry(entry.fileName));
    } catch (error) {
      fault ??= error;
    }
  });
  for (let read = 0; read < zip.entryCount && fault === null; read++) {
    zip.readEntry();
    // For an entry without a name the library waits for the next turn.
    if (zip.entriesRead === read) fault ??= comicFault("COMIC_NAMES", "an entry has no name");
  }
  if (fault !== null) throw fault;
}

async function readEntry(
  zip: ZipFile,
  entry: Entry,
  reader: InstanceType<ReturnType<typeof windowReaderOf>>,
  file: ArchiveFile,
  room: ReadingRoom,
): Promise<Buffer> {
  const { compressedSize, uncompressedSize, compressionMethod, relativeOffsetOfLocalHeader: start } = entry;
  const largest = Math.max(compressedSize, uncompressedSize);
  if (largest > comicMetadataBytesMax) {
    throw comicFault("COMIC_TOO_LARGE", `its metadata takes ${largest} bytes`);
  }
  if (uncompressedSize > comicRatioBytesMin && uncompressedSize > compressedSize * comicRatioMax) {
    throw comicFault(
      "COMIC_TOO_LARGE",
      `its metadata unpacks to ${uncompressedSize} bytes out of ${compressedSize}`,
    );
  }
  if (compressionMethod !== 0 && compressionMethod !== 8) {
    throw comicFault("COMIC_TYPE", `its metadata is packed by method ${compressionMethod}`);
  }
  using _place = await room.take(compressedSize + uncompressedSize);
  const wanted = headerSlackBytes + entry.fileNameLength + compressedSize;
  if (start + 30 > file.sizeBytes) throw comicFault("COMIC_TRUNCATED", "it ends before its metadata");
  await reader.showAt(start, Math.min(wanted, file.sizeBytes - start));
  const dataStart = await new Promise<number>((resolve, reject) => {
    zip.readLocalFileHeader(entry, { minimal: true }, (error, header) => {
      if (error) reject(asFault(error));
      else resolve(header.fileDataStart);
    });
  });
  if (dataStart + compressedSize > file.sizeBytes) {
    throw comicFault("COMIC_TRUNCATED", "it ends within its metadata");
  }
  await reader.showAt(dataStart, compressedSize);
  const packed = reader.bytes(dataStart, compressedSize);
  const bytes = compressionMethod === 0 ? Buffer.from(packed) : inflate(packed, uncompressedSize);
  if (bytes.length !== uncompressedSize || crc32(bytes) !== entry.crc32) {
    throw comicFault("COMIC_DAMAGED", "its metadata is not what its list of entries says");
  }
  return bytes;
}

function inflate(packed: Buffer, bytesMax: number): Buffer {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, bytesMax) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw comicFault("COMIC_DAMAGED", `its metadata does not unpack (${reason})`);
  }
}

function asFault(error: unknown): unknown {
  if (error instanceof ComicFault || !(error instanceof Error) || error.name === "PlimsollError")
    return error;
  const reason = error.message.split("\n")[0]!.slice(0, 200);
  if (/invalid (?:characters in fileName|relative path)|absolute path/.test(error.message)) {
    return comicFault("COMIC_NAMES", `an entry leads out of it (${reason})`);
  }
  if (/^strong encryption/.test(reason)) return comicFault("COMIC_ENCRYPTED", reason);
  const isCut = /overflows file bounds/.test(reason);
  return comicFault(isCut ? "COMIC_TRUNCATED" : "COMIC_DAMAGED", reason);
}

/** Hands the library what has been read already, at once; it asks for nothing else. */
function windowReaderOf(Base: typeof RandomAccessReader) {
  return class WindowReader extends Base {
    readonly #file: ArchiveFile;
    #window: Buffer = Buffer.alloc(0);
    #start = 0;

    constructor(file: ArchiveFile) {
      super();
      this.#file = file;
    }

    show(window: Buffer, start: number): void {
      this.#window = window;
      this.#start = start;
    }

    /** Reads a part of the file, unless it is in the window. */
    async showAt(start: number, length: number): Promise<void> {
      const isThere = start >= this.#start && start + length <= this.#start + this.#window.length;
      if (!isThere) this.show(await this.#file.read(start, length), start);
    }

    bytes(start: number, length: number): Buffer {
      return this.#window.subarray(start - this.#start, start - this.#start + length);
    }

    override read(
      buffer: Buffer,
      offset: number,
      length: number,
      position: number,
      callback: (error: Error | null) => void,
    ): void {
      const from = position - this.#start;
      if (from < 0 || from + length > this.#window.length) {
        callback(comicFault("COMIC_DAMAGED", "its list of entries points outside of itself"));
        return;
      }
      this.#window.copy(buffer, offset, from, from + length);
      callback(null);
    }
  };
}
