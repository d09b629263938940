import { KiB, MiB } from "./sizes.js";

/** Bounds of what is done with the LMDB databases of other applications. */

/** Leaves that follow one another in the file are read at once, so many bytes of them. */
export const leafWindowBytes = 64 * KiB;

/** The same for the values of one key, where they have a tree of their own. */
export const valueWindowBytes = 16 * KiB;

/** A value that is on pages of its own is read as a whole. */
export const lmdbValueBytesMax = 64 * MiB;

/** Named databases of an environment. LMDB reserves some 100 bytes for each. */
export const lmdbDatabasesMax = 1024;

/**
 * File pages that this process may have mapped, beyond those that it had when it opened a database, before it
 * gives back those of the database; and after how many changes it looks. Each change may map a leaf and its
 * fifteen neighbours: 16 MiB in so many.
 */
export const lmdbMappedBytesMax = 8 * MiB;
export const mappedCheckChanges = 256;

/**
 * Changes that are found out before they are written in one transaction: their bytes, how many, and the
 * leaves that they lie on. LMDB keeps a copy of each page that is written to until the commit.
 */
export const changeBatchBytesMax = 8 * MiB;
export const changeBatchBytesMin = 256 * KiB;
export const changeBatchEntriesMax = 1 << 16;
export const changeBatchPagesMax = 1024;

/**
 * While a state is held, no page that it needs is used again and the file grows: others are looked at after
 * it.
 */
export const stateHeldMillisMax = 5000;

/** Entries that are looked at without letting anything else have a turn. */
export const walkStepEntries = 1 << 15;

/** Tombstones that are found before they are removed. */
export const sweepBatchKeysMax = 10_000;

/** Times that a file is looked at before what is found there counts as damage. */
export const lookAttemptsMax = 3;
