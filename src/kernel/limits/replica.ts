import { KiB, MiB } from "./sizes.js";

/** Bounds of copies of a store, pushed and pulled in parts. */

/**
 * What one part holds at most before it is compressed, but for one batch or entry that is larger: a transfer
 * that breaks loses no more than that.
 */
export const replicaPartBytesMax = 64 * MiB;

/** Parts that a manifest names, and what each takes in the lists of a push or a pull. */
export const replicaPartsMax = 65_536;
export const replicaPartHeldBytes = 1.5 * KiB;

/**
 * What a push takes beside the process as it starts: pages of the store that are mapped, slabs, gzip, two
 * parts of an upload, and garbage; a pull has a transaction and its pages, and writes no upload.
 */
export const storePushBytes = 64 * MiB;
export const storePullBytes = 48 * MiB;

/** A line is refused where it has no room for the lists of so many parts: a store of some 128 GiB. */
export const replicaPartsLeast = 2048;

/** A value that is larger than a slab is there so often at once, with what was read and what is written. */
export const replicaValueCopies = 4;

/**
 * Texts of a manifest that is read: one of the most parts has some 35 MiB with those that are not named any
 * more.
 */
export const replicaManifestBytesMax = 64 * MiB;

/**
 * Objects of one copy that a push knows of in a storage, and what each takes: parts and manifests beyond
 * these are left alone until others are gone.
 */
export const replicaObjectsMax = 131_072;
export const replicaObjectHeldBytes = 256;
export const replicaManifestsMax = 4096;

/** Stores and instances whose newest copies are known by name. */
export const replicaOwnersMax = 10_000;

/** Names that a message tells of those that it is about. */
export const replicaNamesToldMax = 10;

/** Entries of a store are copied out of it so many at a time; each takes some 200 bytes beside its own. */
export const partSlabBytes = 1 * MiB;
export const partSlabEntriesMax = 4096;

/** Reading maps pages of the store, which are given back after this many bytes. */
export const partReaderBytesMax = 4 * MiB;

/** A look at the store keeps what it sees from being written over: after this long another one is taken. */
export const partReaderAgeMsMax = 5_000;

/** The transaction that a pull writes in, and the pages of the store that it may leave mapped. */
export const replicaTransactionBytes = 4 * MiB;
export const replicaMappedBytes = 8 * MiB;

/** Places where copies are kept that a store remembers what it pushed to. */
export const placesRememberedMax = 16;

/**
 * Parts and manifests that are not wanted any more are left for those who are pulling them; a pull that takes
 * longer goes on with a newer manifest.
 */
export const replicaKeepMsDefault = 10 * 60_000;

/**
 * How often a push begins again because segments were merged under it: what it has written counts each time.
 */
export const replicaPlansMax = 8;

/** A larger value travels in pieces: nobody who reads a part has to hold more of it than this at once. */
export const replicaPieceBytesMax = 8 * MiB;
