export * from "./databases/index.js";
export { compareEntries, timestampOfUntimed, winnerOf } from "./merge/entry-rule.js";
export type { MergeSource } from "./merge/merge-lane.js";
export { type MergeOptions, mergeSnapshots } from "./merge/merge-snapshots.js";
export * from "./replica/index.js";
export type {
  DatabaseStream,
  DbiHead,
  EntryStream,
  SnapshotEntry,
  SnapshotMeta,
} from "./snapshot-entry.js";
export * from "./storages/index.js";
export * from "./sync/index.js";
export * from "./transfer/index.js";
export { checkTransform } from "./wire/check-transform.js";
export { type DumpOptions, dumpSnapshot } from "./wire/dump-snapshot.js";
export { DupSortEncoder, decodeDupSortKey } from "./wire/dupsort-key.js";
export { entryStreamOf, type SnapshotEntries } from "./wire/entry-stream.js";
export { deletedFlag, dupSortTransform, lmdbFlags } from "./wire/format.js";
export { type DatabaseSchema, type KeyOrder, keyOrderOf } from "./wire/key-order.js";
export {
  emptyNativeHeader,
  type NativeHeader,
  nativeHeaderBytes,
  putNativeHeader,
  readNativeHeader,
} from "./wire/native-header.js";
export {
  type OpenSnapshotOptions,
  openSnapshot,
  openStoredSnapshot,
  surveySnapshot,
} from "./wire/open-snapshot.js";
export {
  instanceNameOf,
  makeSnapshotName,
  parseSnapshotName,
  type SnapshotNameParts,
  snapshotGeneration,
  snapshotPrefix,
  stampOf,
} from "./wire/snapshot-name.js";
export type { SnapshotOutline, SnapshotReader } from "./wire/snapshot-reader.js";
export { type DatabaseContent, type SnapshotContent, writeSnapshot } from "./wire/snapshot-writer.js";
export { entryWireBytes } from "./wire/wire-sizes.js";
