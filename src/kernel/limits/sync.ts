import { MiB } from "./sizes.js";

/** Bounds of syncing applications' databases through a storage. */

/** Instances whose newest snapshots are known by name. */
export const syncInstancesMax = 10_000;

/** Snapshots that are merged in one pass, each read as a stream of its own. */
export const snapshotStreamsMax = 32;

/**
 * What one of them takes while it is read: the chunk that came from the storage, the windows of gzip, what is
 * unpacked, and an entry of the usual size across the border of two chunks.
 */
export const snapshotStreamBytes = 2 * MiB;

/** What a sync takes beside them: a batch of changes and the pages that it dirties, and room for the heap. */
export const syncHeapBytes = 32 * MiB;

/** A snapshot that is sent, and others, are tried again after so long at most. */
export const syncRetryMsMax = 60_000;

/** A state is brought into the shadows again when the application writes meanwhile, but not for ever. */
export const shadowPassesMax = 3;

/** A store is pushed or pulled again after this, unless it is done once. */
export const storeSyncMs = 5000;

/**
 * A storage is looked over after this although nothing new is sealed: something may be gone, and what nobody
 * needs any more has to go.
 */
export const storeLookMs = 5 * 60_000;

/** Damaged snapshots that are passed over by name; of more than these the first is looked at once more. */
export const syncUnreadableMax = 1024;
