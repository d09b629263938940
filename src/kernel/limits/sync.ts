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

/**
 * What a sync takes beside merges: pages of the database that LMDB has mapped, two parts of an upload, and
 * room for the heap.
 */
export const syncHeapBytes = 32 * MiB;

/** A snapshot that is sent, and others, are tried again after so long at most. */
export const syncRetryMsMax = 60_000;

/** A sync or a replica beside a server is tried again after this when it fails first, later each time. */
export const syncRetryMsMin = 1_000;

/** What merges beside a server take of its line, and at least: an import has to do without their share. */
export const servedMergeFraction = 1 / 8;
export const servedMergeBytesMin = 24 * MiB;

/** A replica looks for what is new this often, and may not be told to look more often. */
export const replicaEveryMsDefault = 30_000;
export const replicaEveryMsMin = 250;

/**
 * A replica that cannot look for what is new shows after so many times of that, and fails after so many: with
 * the usual time a minute and five.
 */
export const replicaWarnTimes = 2;
export const replicaErrorTimes = 10;

/** One that nothing comes back to at all is judged by these at least. */
export const replicaSilentWarnMs = 60_000;
export const replicaSilentErrorMs = 300_000;

/** What is told of each database: instances, those that are longest behind first, and what cannot be read. */
export const shownInstancesMax = 100;
export const shownUnreadableMax = 20;

/** Whoever watches hears of changes no more often than this. */
export const snapshotTellMs = 500;

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
