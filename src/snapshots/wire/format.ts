/**
 * The format of Lightning Stream's snapshots: one gzip stream around one protobuf message
 * (docs/adr/0023-snapshots.md).
 */

export const writtenFormatVersion = 3;

/** The oldest program that can make use of what is written. */
export const writtenCompatVersion = 1;

/** From this version on an entry says by a flag that it is deleted; before it, by having no value. */
export const flagsSinceVersion = 2;

/** From this version on the flags of a database are the application's own, and a transform is named. */
export const transformSinceVersion = 3;

export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

export const snapshotFields = { formatVersion: 1, meta: 2, database: 3, compatVersion: 4 } as const;

export const metaFields = {
  generationId: 1,
  instanceId: 2,
  hostname: 3,
  lmdbTxnId: 4,
  timestampNano: 5,
  databaseName: 7,
  fromLmdbTxnId: 8,
} as const;

export const databaseFields = { name: 1, entry: 2, flags: 3, transform: 4 } as const;

/** Tags of an entry and of its fields: field number and wire type in one byte. */
export const entryTag = 0x12;
export const keyTag = 0x0a;
export const valueTag = 0x12;
export const timestampTag = 0x19;
export const flagsTag = 0x20;

export const deletedFlag = 1;

/** Flags of LMDB that decide about keys. */
export const lmdbFlags = { reverseKey: 0x02n, dupSort: 0x04n, integerKey: 0x08n } as const;

export const dupSortTransform = "dupsort_hack_v1";
