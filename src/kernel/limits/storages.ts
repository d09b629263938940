import { GiB, KiB, MiB } from "./sizes.js";

/** Bounds of storages of snapshots. */

/** Names of objects: what a folder takes, what S3 takes with a prefix before it, and how deep folders go. */
export const objectNamePartBytesMax = 240;
export const objectNameBytesMax = 512;
export const objectNamePartsMax = 4;

/** A chunk that is read from a file. */
export const objectChunkBytes = 256 * KiB;

/**
 * Names of one folder that a listing holds at once, twice over while it chooses: 6 MiB with names of the
 * usual 60 bytes, 18 MiB with the longest, for each of the folders within one another. A folder of more names
 * is gone through again for each so many.
 */
export const folderNamesAtOnce = 32_768;

/** A file that another machine's writer has not touched for so long belongs to nobody any more. */
export const leftFileHoursMin = 24;

/** What storages in memory keep, each of them; they are for tests. */
export const memoryStorageBytesMax = GiB;

/**
 * A part of an object on its way into S3, which is all that is held of it: smaller ones S3 refuses below 5
 * MiB, larger ones bring nothing. Ten thousand is the most that S3 takes, so that an object has up to 78 GiB.
 */
export const s3PartBytes = 8 * MiB;
export const s3PartsMax = 10_000;

/**
 * What uploads of one storage hold together: two parts for the first, one for another beside it; others wait
 * in line.
 */
export const s3UploadBytesMax = 24 * MiB;

/** Names of a page of a list, as S3 has it, and the most that an answer that is not an object may take. */
export const s3PageKeysMax = 1000;
export const s3AnswerBytesMax = 8 * MiB;

/** Connections to one server at once. */
export const s3SocketsMax = 8;

/** Until a connection is there; and how long a peer may neither take nor give a byte that is waited for. */
export const s3ConnectMs = 10_000;
export const s3IdleMs = 30_000;

/**
 * Tries of one request, with waits that double from the first to the longest, each of them anywhere from zero
 * on.
 */
export const s3AttemptsMax = 8;
export const s3BackoffMs = 200;
export const s3BackoffMsMax = 20_000;

/** A server that asks for a longer wait than this is not waited for so long. */
export const s3RetryAfterMsMax = 60_000;

/** A read that got so far before it broke off begins to count its tries anew. */
export const s3ProgressBytes = 64 * KiB;

/**
 * After a failure or an abort: for looking what became of a write, and for taking away what is left of it.
 */
export const s3SettleMs = 15_000;

/**
 * Uploads that nobody has finished for so long, by the server's clock, are taken for those of killed writers.
 */
export const leftUploadHoursMin = 24;

/** Names of snapshots whose first sight a cleaner remembers, some 200 bytes each; others it leaves alone. */
export const cleanerNamesMax = 65_536;
