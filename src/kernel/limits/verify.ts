/** The bounds of `verify`, each with its reason. */
import { KiB, MiB } from "./sizes.js";

/** Faults that `verify` names; when there are so many it stops looking for the places of more. */
export const verifyFaultsMax = 1000;

/**
 * `verify` compares by cells of 16 bytes, an index and a range of ids each: 2 MiB of them, which is some
 * 2,000 ranges for a store of 30 indexes, and one for each index when there are very many.
 */
export const verifyCellsMax = 131_072;

/**
 * When `verify` looks for the place of a fault it divides the ids into so many buckets, down to buckets of
 * this size...
 */
export const verifyBuckets = 4096;
export const verifyBucketIds = 64;

/** ...and reads indexes at most so often: a store that is damaged all over is not read for hours. */
export const verifyPassesMax = 64;

/**
 * `verify` gives mapped pages back after reading this many bytes: reopening takes some 3 ms, and the store's
 * pages stay below this in resident memory.
 */
export const verifyMappedBytes = 16 * MiB;

/** Around a page that is asked for, Linux maps neighbours that it has in its cache, up to this much. */
export const mappedAroundBytes = 64 * KiB;

/** Looking one key up touches the block that it may be in, the one behind, and the pages that lead there. */
export const lookupMappedBytes = 3 * mappedAroundBytes;

/** References of records are sorted in pieces of this many (16 MiB), in files beyond the first. */
export const verifyReferencesMax = 1_048_576;

/** Sorted files of references before they are merged into one. */
export const verifyRunsMax = 64;

/** What a usual block of records may hold while it is checked; others are checked in a larger kernel. */
export const verifyRecordTuplesMax = 65_536;
export const verifyRecordKeysMax = 8192;
export const verifyRecordKeyBytes = 512 * KiB;

/** A record's entries may take so many times its bytes, in doublings from 1: no mapping calls for more. */
export const verifyExpansionMax = 64;

/** Rows of a column that are compared at a time. */
export const verifyColumnRows = 8192;
