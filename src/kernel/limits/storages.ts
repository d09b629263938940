import { GiB, KiB } from "./sizes.js";

/** Bounds of storages of snapshots. */

/** Names of objects: what a folder takes, what S3 takes with a prefix before it, and how deep folders go. */
export const objectNamePartBytesMax = 240;
export const objectNameBytesMax = 512;
export const objectNamePartsMax = 4;

/** A chunk that is read from a file. */
export const objectChunkBytes = 256 * KiB;

/**
 * Names of one folder that a listing holds at once, twice over while it chooses: 6 MiB with names of the usual 60
 * bytes, 18 MiB with the longest, for each of the folders within one another. A folder of more names is gone
 * through again for each so many.
 */
export const folderNamesAtOnce = 32_768;

/** A file that another machine's writer has not touched for so long belongs to nobody any more. */
export const leftFileHoursMin = 24;

/** What storages in memory keep, each of them; they are for tests. */
export const memoryStorageBytesMax = GiB;
