import {
  ArchiveFile,
  type ArchiveListing,
  coverOf,
  listArchive,
  type ReadingRoom,
} from "./archives/index.js";
import { ComicFault, comicFault } from "./comic-fault.js";
import type { ComicFile } from "./comic-records.js";
import type { LibraryEntry } from "./library-entry.js";
import {
  type ComicMetadata,
  formFault,
  type MetadataByForm,
  type MetadataForm,
  mergeMetadata,
  metadataForms,
  readFileName,
  readForm,
} from "./metadata/index.js";

export type ComicReading =
  | { kind: "comic"; file: ComicFile; metadata: ComicMetadata }
  | { kind: "fault"; fault: ComicFault };

/** Reads the list of entries and the metadata of one archive; what is wrong with it is its own fault. */
export async function readComic(path: string, entry: LibraryEntry, room: ReadingRoom): Promise<ComicReading> {
  try {
    if (entry.path.includes("\ufffd")) throw comicFault("COMIC_NAMES", "its path is no UTF-8");
    using file = await ArchiveFile.open(path, entry.sizeBytes, room.pace);
    return await describe(entry, await listArchive(file, room));
  } catch (error) {
    if (error instanceof ComicFault) return { kind: "fault", fault: error };
    throw error;
  }
}

async function describe(entry: LibraryEntry, listing: ArchiveListing): Promise<ComicReading> {
  const found: MetadataByForm = {};
  const faults: string[] = [];
  const take = (form: MetadataForm, bytes: Buffer): void => {
    try {
      found[form] = readForm(form, bytes);
    } catch (error) {
      faults.push(`${form}: ${formFault(error)}`);
    }
  };
  for (const [form, read] of listing.metadata) take(form, await read());
  // A comment is mostly about the archive, and only sometimes metadata.
  const { comment } = listing;
  if (comment?.includes("ComicBookInfo/")) take("comment", comment);
  if (listing.pages.length === 0 && Object.keys(found).length === 0) {
    throw comicFault("COMIC_TYPE", "it holds neither pages nor metadata");
  }
  found.filename = readFileName(entry.path.slice(entry.path.lastIndexOf("/") + 1));
  const metadata = mergeMetadata(found);
  const file: ComicFile = {
    path: entry.path,
    sizeBytes: entry.sizeBytes,
    modifiedMs: entry.modifiedMs,
    inode: entry.inode,
    fileType: listing.fileType,
    pageCount: listing.pages.length,
    cover: coverOf(listing.pages, metadata.cover),
    forms: metadataForms.filter((form) => found[form] !== undefined),
    faults,
  };
  return { kind: "comic", file, metadata };
}
