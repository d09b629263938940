import { comicEntriesMax, comicMetadataBytesMax } from "../../../kernel/index.js";
import { comicFault } from "../comic-fault.js";
import { formOfEntry } from "../metadata/index.js";
import type { ArchiveFile } from "./archive-file.js";
import { type ArchiveListing, EntryList } from "./listing.js";
import type { ReadingRoom } from "./reading-room.js";

const blockBytes = 512;
/** A name in an extended header is at most this long. */
const longNameBytesMax = 64 * 1024;

interface TarEntry {
  dataStart: number;
  sizeBytes: number;
}

/** Whether a block is the header of an entry: its checksum says so. */
export function isTarHeader(block: Buffer): boolean {
  if (block.length < blockBytes || block[0] === 0) return false;
  const told = octal(block, 148, 8);
  if (told === null) return false;
  let sum = 0;
  for (let at = 0; at < blockBytes; at++) sum += at >= 148 && at < 156 ? 0x20 : block[at]!;
  return sum === told;
}

/**
 * Lists a tar archive (ustar, pax, GNU) by hopping from header to header: a block is read for each entry, and
 * nothing of the pages.
 */
export async function listTar(file: ArchiveFile, room: ReadingRoom): Promise<ArchiveListing> {
  const list = new EntryList<TarEntry>();
  let longName: string | null = null;
  let longSize: number | null = null;
  let headers = 0;
  for (let at = 0; at + blockBytes <= file.sizeBytes; ) {
    const block = await file.read(at, blockBytes);
    if (block.every((byte) => byte === 0)) break;
    if (!isTarHeader(block))
      throw comicFault("COMIC_DAMAGED", "an entry's header does not hold its checksum");
    headers += 1;
    if (headers > 2 * comicEntriesMax) {
      throw comicFault("COMIC_TOO_LARGE", `it has more than ${comicEntriesMax} entries`);
    }
    const type = String.fromCharCode(block[156]!);
    const sizeBytes = (isExtension(type) ? null : longSize) ?? sizeOf(block);
    const dataStart = at + blockBytes;
    if (sizeBytes > file.sizeBytes - dataStart)
      throw comicFault("COMIC_TRUNCATED", "it ends within an entry");
    if (type === "L" || type === "x") {
      if (sizeBytes > longNameBytesMax) throw comicFault("COMIC_NAMES", "an entry's name is too long");
      const data = await file.read(dataStart, sizeBytes);
      if (type === "L") longName = untilZero(data);
      else ({ name: longName, size: longSize } = readPax(data, longName));
    } else if (!isExtension(type)) {
      const name = longName ?? nameOf(block);
      if (type === "0" || type === "\0" || type === "7") {
        list.add(name, { dataStart, sizeBytes }, formOfEntry(name));
      }
      longName = null;
      longSize = null;
    }
    at = dataStart + Math.ceil(sizeBytes / blockBytes) * blockBytes;
  }
  const metadata: ArchiveListing["metadata"] = new Map();
  for (const [form, { entry }] of list.metadata) metadata.set(form, () => readEntry(file, entry, room));
  return { fileType: "cbt", pages: list.pages, metadata, comment: null };
}

async function readEntry(file: ArchiveFile, entry: TarEntry, room: ReadingRoom): Promise<Buffer> {
  if (entry.sizeBytes > comicMetadataBytesMax) {
    throw comicFault("COMIC_TOO_LARGE", `its metadata takes ${entry.sizeBytes} bytes`);
  }
  using _place = await room.take(entry.sizeBytes);
  return file.read(entry.dataStart, entry.sizeBytes);
}

/** Headers that speak of the next entry, or of all. */
function isExtension(type: string): boolean {
  return type === "L" || type === "K" || type === "x" || type === "g";
}

function nameOf(block: Buffer): string {
  const name = untilZero(block.subarray(0, 100));
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? untilZero(block.subarray(345, 500)) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

function sizeOf(block: Buffer): number {
  // GNU: a size beyond eight gigabytes is binary, told by its first bit.
  const isBinary = (block[124]! & 0x80) !== 0;
  const size = isBinary ? Number(block.readBigUInt64BE(128)) : octal(block, 124, 12);
  if (size === null || !Number.isSafeInteger(size)) {
    throw comicFault("COMIC_DAMAGED", "an entry does not say its size");
  }
  return size;
}

function octal(block: Buffer, at: number, length: number): number | null {
  const text = block
    .toString("latin1", at, at + length)
    .replace(/[\0 ]+$/, "")
    .trim();
  return text === "" ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : null;
}

function untilZero(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? bytes.length : end);
}

/** Records of a pax header: `LENGTH KEY=VALUE\n`, the length counting all of it. */
function readPax(data: Buffer, formerName: string | null): { name: string | null; size: number | null } {
  let name = formerName;
  let size: number | null = null;
  for (let at = 0; at < data.length; ) {
    const space = data.indexOf(0x20, at);
    const length = space === -1 ? Number.NaN : Number(data.toString("latin1", at, space));
    if (!Number.isInteger(length) || length < 5 || at + length > data.length) {
      throw comicFault("COMIC_DAMAGED", "an extended header is not well-formed");
    }
    const record = data.toString("utf8", space + 1, at + length - 1);
    const equals = record.indexOf("=");
    const value = record.slice(equals + 1);
    if (record.slice(0, equals) === "path") name = value;
    if (record.slice(0, equals) === "size" && /^\d{1,15}$/.test(value)) size = Number(value);
    at += length;
  }
  return { name, size };
}
