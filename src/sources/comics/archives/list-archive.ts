import { ComicFault, comicFault } from "../comic-fault.js";
import type { ArchiveFile } from "./archive-file.js";
import type { ArchiveListing } from "./listing.js";
import type { ReadingRoom } from "./reading-room.js";
import { isTarHeader, listTar } from "./tar-archive.js";
import { listZip, zipTail } from "./zip-archive.js";

const otherKinds: readonly [string, string][] = [
  ["Rar!", "a RAR archive"],
  ["7z\xbc\xaf", "a 7z archive"],
  ["%PDF", "a PDF"],
  ["\x1f\x8b", "packed by gzip"],
  ["BZh", "packed by bzip2"],
  ["\xfd7zXZ", "packed by xz"],
  ["\x28\xb5\x2f\xfd", "packed by zstd"],
  ["\xff\xd8\xff", "a picture"],
  ["\x89PNG", "a picture"],
];

/** What is in an archive, whatever it is called: its content says what it is. */
export async function listArchive(file: ArchiveFile, room: ReadingRoom): Promise<ArchiveListing> {
  if (file.sizeBytes === 0) throw comicFault("COMIC_EMPTY", "it has no bytes");
  const tail = await zipTail(file);
  let zipFault: unknown = null;
  try {
    if (tail !== null) return await listZip(file, tail, room);
  } catch (error) {
    if (!(error instanceof ComicFault)) throw error;
    zipFault = error;
  }
  const head = await file.read(0, Math.min(512, file.sizeBytes));
  // A tar archive may end with a zip archive in it.
  if (isTarHeader(head)) return listTar(file, room);
  if (zipFault !== null) throw zipFault;
  const start = head.toString("latin1", 0, 8);
  if (start.startsWith("PK\x03\x04"))
    throw comicFault("COMIC_TRUNCATED", "it ends before its list of entries");
  const kind = otherKinds.find(([magic]) => start.startsWith(magic))?.[1];
  throw comicFault("COMIC_TYPE", kind === undefined ? "it is no archive of pages" : `it is ${kind}`);
}
