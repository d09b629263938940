import { KiB, MiB } from "./sizes.js";

/** Bounds of targets that a server keeps. */

/** A server that has not answered by then is taken to be away. */
export const databaseConnectSecondsMax = 15;

/** How long an idle connection may be silent before either side asks whether the other is there. */
export const databaseKeepAliveSeconds = 30;

/**
 * A lock that another session holds on a table for longer than this ends the import, which can go on later.
 */
export const databaseLockSecondsMax = 60;

/** A writer that was killed a moment ago may hold its lock until the server has noticed. */
export const databaseWriterSecondsMax = 3;

/** What is put together for a staging table before it is sent. */
export const stagedTupleBytes = 256 * KiB;

/**
 * Staged rows are settled when there are this many, or this many bytes, at the latest: the server sorts and
 * joins so many at a time, whatever the chunks are, while the next are made. So many usual rows stay in the
 * 8 MiB that a session keeps of temporary tables. Their keys are remembered at 16 bytes each, twice over.
 */
export const stagedRowsMax = 32_768;
export const stagedBytesMax = 64 * MiB;

/** Rows that are settled at a time where the server refuses many: what is told of each is kept until then. */
export const stagedRefusedMax = 4096;

/**
 * Records that are tried one by one where the server refuses some of them: that takes some 30 µs each,
 * halving them some twenty statements for each that is refused. What is told of one is cut to 3 KiB.
 */
export const siftedRecordsMax = 4096;

/** Columns of a table: PostgreSQL's own bound. */
export const postgresColumnsMax = 1600;

/** How closely new tables are looked at for the planner: 300 rows for each of these; servers take 100. */
export const glanceTarget = 10;

/** Links that lead nowhere and are taken out in one transaction. */
export const danglingLinksAtOnce = 100_000;

/** A batch is kept while the server takes it and the next is made; a larger one is waited for. */
export const keptBatchBytesMax = 2 * MiB;

/** From this on, what is kept is given to a server that has nothing to do; less is not worth a COPY. */
export const idleCopyBytesMin = 512 * KiB;
