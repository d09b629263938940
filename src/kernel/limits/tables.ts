import { GiB, KiB, MiB } from "./sizes.js";

/** Bounds of relational targets. */

/** PostgreSQL cuts longer names off. */
export const tableNameBytesMax = 63;

/** A page of rows is handed on when it has grown to this; one row may be larger and goes alone. */
export const rowPageBytes = 64 * KiB;

/**
 * The part of a slab that a batch of rows takes: what becomes of it then fits one output buffer as a rule,
 * and a worker whose buffer is full waits until the batches before its own are in the database.
 */
export const rowBatchFraction = 0.75;

/**
 * The page of databases that imports make: at SQLite's usual 4 KiB a load spends a fifth more on writing
 * them.
 */
export const sqliteFilePageBytes = 8 * KiB;

/**
 * A database that an import makes is its own, without a log, for so many bytes of rows, while its chunks have
 * as many at least: with smaller ones, the syncs of their commits cost more than the log.
 */
export const sqliteAloneBytesMax = GiB;
export const sqliteAloneChunkBytesMin = 8 * MiB;

/**
 * Pages of the log before they go into the file: that costs two syncs, which small chunks then share, and a
 * page that many of them touched goes once.
 */
export const sqliteLogPagesMax = 8192;

/** Columns of a table, where a driver's SQLite does not say that it was built for another number. */
export const sqliteColumnsMax = 2000;

/** Of SQLite's share of memory, what its pages take; sorters and what it prepares have the rest. */
export const sqliteCacheFraction = 0.5;

/** How long a statement waits for another program's transaction before the import ends with a condition. */
export const sqliteBusyMs = 2000;

/** Values that one statement binds, and rows that it inserts: beyond these nothing is gained. */
export const sqliteBoundValuesMax = 700;
export const sqliteBlockRowsMax = 64;

/** After a block that had to go row by row, so many go so at once before a whole block is tried again. */
export const sqliteSingleBlocksMax = 32;

/** Of a record that is turned down, what is kept for its line in the rejects. */
export const rowHeadBytesMax = 1024;

/** The rule of Codex for its chunks: what it takes a comic to be, and the fewest and most of one chunk. */
export const codexRecordBytes = 16 * KiB;
export const codexChunkRecordsMin = 1000;
export const codexChunkRecordsMax = 500_000;

/** The page that rows of a table are staged in, how many it takes at most, and how few are not worth it. */
export const sqlitePageBytes = 64 * KiB;
export const sqliteLeafRowsMax = 2048;
export const sqliteStagedRowsMin = 8;
