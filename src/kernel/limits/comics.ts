import { KiB, MiB } from "./sizes.js";

/** Archives read side by side: as many as the threads that Node.js has for files, so that none only waits. */
export const comicsReadMax = 4;

/** What an archive may take while others are read: lists of entries and metadata are rarely a tenth of it. */
export const comicSmallBytesMax = 256 * KiB;

/** A list of entries of an archive; one for 20,000 pages with long names fits. */
export const comicListBytesMax = 4 * MiB;

/** Entries of an archive: the longest collections have some thousand pages. */
export const comicEntriesMax = 20_000;

/** A file of metadata, packed or not; the longest lists of pages take a tenth of it. */
export const comicMetadataBytesMax = 1 * MiB;

/** Metadata that unpacks to more than this many times its size was made for it, if it is not small. */
export const comicRatioMax = 200;
export const comicRatioBytesMin = 64 * KiB;

/** The parser of YAML takes some hundred times the text, and metadata in YAML is some kilobytes long. */
export const comicYamlBytesMax = 64 * KiB;

/** Levels of YAML, by brackets and dashes and by how far lines are indented: metadata has five. */
export const comicYamlDepthMax = 64;
export const comicYamlIndentMax = 256;

/** Elements of a document of metadata (a page has one), and how deep they lie. */
export const comicXmlNodesMax = 50_000;
export const comicXmlDepthMax = 32;

/** A text of metadata is cut behind this: summaries and reviews are some thousand characters long. */
export const comicTextCharsMax = 64 * KiB;

/** Names in one list of one comic. */
export const comicListMax = 1024;

/** Comics whose records are gathered, so that the things they name come before them, each once. */
export const comicGroupCountMax = 512;
export const comicGroupBytesMax = 1 * MiB;

/** Changes that wait in order for the archives before them. */
export const comicsAheadMax = 64;

/** Paths that are sorted at once, at the bytes that they and their objects take; more go to files. */
export const librarySortBytes = 4 * MiB;

/** Sorted files of paths that are merged at once, each with a window. */
export const librarySortRunsMax = 32;

/** A window on a file of paths. */
export const libraryWindowBytes = 64 * KiB;

/**
 * A file of paths or of the catalogue reaches the disk after so many bytes, so that little of it is dirty.
 */
export const librarySyncBytes = 8 * MiB;

/** Folders within folders, each of which is open while it is walked. */
export const libraryDepthMax = 64;

/** Files looked at side by side while a library is walked. */
export const libraryStatsMax = 64;

/** Comics that are gone and may be found again under another name, at 40 bytes each; others are read anew. */
export const comicsMovedMax = 100_000;

/** What an open library takes in all: rooms of archives, sorting, a group, the table of what is gone. */
export const comicsSessionBytes = 24 * MiB;

/** A disk that lets a reading of an archive wait for so long is read by threads, for so many archives. */
export const slowReadMs = 2;
export const comicsPatience = 256;
