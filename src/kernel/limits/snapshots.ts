import { KiB, MiB } from "./sizes.js";

/** Bounds of snapshots. */

/** Key and value of one entry together. A larger one in a snapshot is refused rather than held in memory. */
export const snapshotEntryBytesMax = 32 * MiB;

/** The longest key that a build of LMDB in use takes; the C tools' own is 511. */
export const snapshotKeyBytesMax = 1978;

/** Names of databases are keys of LMDB's main tree. */
export const snapshotDatabaseNameBytesMax = 511;

/** Names of transforms that are to come; the one that there is has fifteen. */
export const snapshotTransformBytesMax = 64;

/** All texts about a snapshot together: names, a host, an instance. */
export const snapshotMetaBytesMax = 64 * KiB;

/** Databases whose heads one look over a snapshot keeps. LMDB's own programs open a few dozen. */
export const snapshotDatabasesMax = 4096;

/** What gzip gives at once, and what is handed to it at once. */
export const snapshotChunkBytes = 64 * KiB;

/** A buffer for an entry across two chunks that is larger than this is let go when the entry is done. */
export const snapshotCarryKeepBytes = 256 * KiB;

/** A dump is handed on when it has grown to this, and shows so much of a value. */
export const snapshotDumpBlockChars = 64 * KiB;
export const snapshotDumpValueBytesMax = MiB;
