import { KiB, MiB } from "./sizes.js";

/** Bounds of the live layer: single records that are durable and visible before they are imported. */

/** Records and their bytes in the layer, in the part that is folded and in the one that takes writes. */
export const liveRecordsMax = 20_000;
export const liveBytesMax = 8 * MiB;

/** A part this full is folded into the store; so is one that nothing came to for so long. */
export const liveFoldRecords = liveRecordsMax / 2;
export const liveFoldBytes = liveBytesMax / 2;
export const liveQuietMs = 5_000;

/** A fold that failed is tried again after this long. */
export const liveRetryMs = 5_000;

/** One record; a larger one comes in by an import. */
export const liveRecordBytesMax = 256 * KiB;

/** What one commit makes durable at most, the last write whole. */
export const liveCommitRecords = 1_024;
export const liveCommitBytes = 512 * KiB;

/** Writes that wait for their commit, and for how long. */
export const liveWritesWaitingMax = 64;
export const liveWaitMsMax = 10_000;

/** Records of one request. */
export const liveRequestRecordsMax = 5_000;

/** Kernel memory of the layer, and the buffers of tuples and keys in it. */
export const liveKernelBytes = 16 * MiB;
export const liveTuplesCapacity = 65_536;
export const liveKeysCapacity = 16_384;
export const liveKeyArenaBytes = 2 * MiB;

/** The reader of what is sealed serves writes for this long: then what others sealed is looked at. */
export const liveReaderAgeMsMax = 5_000;

/**
 * What a layer takes of the line: its kernel, and for the records the blocks, postings and keys that are made
 * of them, which take three times their bytes at the most.
 */
export const liveLayerBytes = liveKernelBytes + 3 * liveBytesMax;
