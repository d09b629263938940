import { MiB } from "./sizes.js";

/** Bounds of syncing applications' databases through a storage. */

/** Instances whose newest snapshots are known by name. */
export const syncInstancesMax = 10_000;

/**
 * Snapshots that are merged in one pass, each read as a stream of its own; more are merged in further passes.
 * Eight of them share one walk along the database, which is then a small part of the time.
 */
export const snapshotStreamsMax = 8;

/**
 * What one of them takes while it is read: the chunk that came from the storage, the windows of gzip, what is
 * unpacked and waits for the collector, and an entry of the usual size across the border of two chunks.
 */
export const snapshotStreamBytes = 2 * MiB;

/** What a merge takes beside its streams: a batch of changes, pages that it dirties, and windows to read. */
export const mergeBytes = 16 * MiB;

/**
 * What a pass of several snapshots takes at most: those with large entries go together only as far as this
 * goes. One whose largest entry has 32 MiB goes alone, and takes 178 MiB, or 242 MiB where shadows are
 * written too.
 */
export const mergePassBytesMax = 96 * MiB;

/** What a sync takes beside merges: pages of the database that LMDB has mapped, and room for the heap. */
export const syncHeapBytes = 24 * MiB;

/** A snapshot that is sent, and others, are tried again after so long at most. */
export const syncRetryMsMax = 60_000;

/** A state is brought into the shadows again when the application writes meanwhile, but not for ever. */
export const shadowPassesMax = 3;

/** A store is pushed or pulled again after this, unless it is done once. */
export const storeSyncMs = 5000;
