import { KiB, MiB } from "./sizes.js";

/** Bounds of the live layer: single records that are durable and visible before they are in the store. */

/**
 * A part of the layer has a log of its own and becomes one segment: it is closed when it is this full, or
 * when nothing came for so long. Parts of small records are bounded by their number: a start loads them anew.
 */
export const livePartRecordsMax = 65_536;
export const livePartBytesMax = 8 * MiB;
export const liveQuietMs = 5_000;

/**
 * What the layer makes of its records in memory: this part of the line, within these bounds. A part has a
 * quarter of it, so that others take writes while one is folded, or segments are merged.
 */
export const liveMemoryFraction = 1 / 8;
export const liveMemoryBytesMin = 4 * MiB;
export const liveMemoryBytesMax = 32 * MiB;
export const livePartsAtOnce = 4;

/** What a block takes in memory beside its bytes. */
export const liveEntryBytes = 256;

/**
 * From half full on a commit waits, up to this long when the layer is full: writers slow down, none halts.
 */
export const liveDelayMsMax = 250;

/** A fold that failed is tried again after this long. */
export const liveRetryMs = 5_000;

/** One record; a larger one comes in by an import. */
export const liveRecordBytesMax = 256 * KiB;

/** What one commit makes durable at most, the last write whole. */
export const liveCommitRecords = 1_024;
export const liveCommitBytes = 512 * KiB;

/** Writes that wait for their commit: how many, of how many bytes, and for how long. */
export const liveWritesWaitingMax = 1_024;
export const liveWaitingBytesMax = 4 * MiB;
export const liveWaitMsMax = 10_000;

/** An import that writes live waits so many times as long, while the layer is full. */
export const liveBusyRetriesMax = 30;

/** A commit is kept for writes that are expected: for so long in all, and no longer when none comes. */
export const liveGatherMsMax = 3;
export const liveGatherQuietMs = 0.5;

/** Records of one request. */
export const liveRequestRecordsMax = 5_000;

/**
 * Quads that one statement with wildcards deletes: looking for the next ones passes over all that are gone.
 */
export const liveMatchedQuadsMax = 100_000;

/** Kernel memory of the layer, and the buffers of tuples and keys in it. */
export const liveKernelBytes = 16 * MiB;
export const liveTuplesCapacity = 65_536;
export const liveKeysCapacity = 16_384;
export const liveKeyArenaBytes = 2 * MiB;

/**
 * The filter that tells keys which nobody has written yet, and as much again for those that tell which
 * segments a known key may be in: of three million keys three in a hundred are mistaken. Twice that where the
 * line is so many times as large.
 */
export const liveKeyFilterBytes = 4 * MiB;
export const liveKeyFilterFractionOfLine = 1 / 32;

/**
 * The filters by ids: each for so many keys, or for those of a segment; the oldest is given up for a new one.
 */
export const livePartFilterBytes = 32 * KiB;
export const livePartFilterKeys = 32_768;

/**
 * Copies of filters beside key blocks: ten million keys take 13 MB, half of that where they are halved. So
 * much of a line that is so large, a little else, and nothing while an import has its share. Of their room a
 * part is for places alone; and where less than a part of it is taken, what is still known is copied too.
 */
export const filterCopiesBytesMin = 2 * MiB;
export const filterCopiesBytesMax = 64 * MiB;
export const filterCopiesFraction = 1 / 16;
export const filterCopiesLineBytes = 256 * MiB;
export const filterCopiesPlacesFraction = 1 / 8;
export const filterCopiesEarlyFraction = 1 / 2;

/** One page of copies, and the largest filter of one block that is copied. */
export const filterPageBytes = 128 * KiB;
export const filterCopyBytesMax = 4 * KiB;

/** Segments with more keys than this are copied, where there is room, and not learned key by key. */
export const liveLearnedKeysMax = 262_144;

/** Keys of segments that were sealed before are learned this long at a time: writes wait meanwhile. */
export const liveLearnMs = 3;

/**
 * Keys that were met lately are kept with what the segments hold of them: so much in all, and of one key
 * fewer deletions than this.
 */
export const liveKnownKeysBytesMax = 2 * MiB;
export const liveKnownEntriesMax = 8;

/** The reader of what is sealed serves writes for this long: then what others sealed is looked at. */
export const liveReaderAgeMsMax = 5_000;

/** The transaction that a fold writes in, and the pages of the store that it may leave mapped. */
export const liveTransactionBytes = 2 * MiB;
export const liveMappedBytes = 8 * MiB;

/**
 * Segments of about this many records are of the smallest size class: what a part of usual records becomes.
 */
export const liveSegmentRecords = 16_384;

/**
 * So many of the last segments that are of one size class, each class so many times the one below, are merged
 * into one, a turn of some milliseconds at a time; no more at once than there is kernel memory for.
 */
export const liveMergeSegments = 8;
export const liveMergeInputsMax = 64;
export const liveMergeTurnMs = 1;

/**
 * The young generation of the main thread is let grow to this while records are written, where the line is so
 * many times as large; whether it is still so is looked at again behind so many requests.
 */
export const liveYoungBytes = 8 * MiB;
export const liveYoungFractionOfLine = 1 / 32;
export const liveYoungRequests = 1_024;

/** What is left of the line is looked at every so many requests. */
export const liveLookRequests = 8;

/** What the layer takes of the line beside what it makes of its records. */
export const liveFixedBytes =
  liveKernelBytes +
  2 * liveKeyFilterBytes +
  liveKnownKeysBytesMax +
  liveTransactionBytes +
  liveMappedBytes +
  livePartBytesMax;
