import { createHash } from "node:crypto";
import type { ErrorCode } from "../kernel/index.js";
import type { SourceCursor, SourceFingerprint } from "../ports/index.js";
import type { RecordCounts } from "./import-plan.js";
import type { RowTally } from "./row-tally.js";

/** A sorted spill file that a checkpoint refers to. */
export interface RunFile {
  name: string;
  kind: "tuples" | "keys" | "dead";
  bytes: number;
  /** Entries of a former import, to be merged into the new segment. */
  isFormer: boolean;
  /** Keys that are there to be met, not to be written again. */
  isJoinOnly: boolean;
}

/**
 * Where the merge of runs stands. Parts are done in any order; a part that is not done is done again whole.
 */
export interface SealState {
  segment: number;
  /** Former segments that are merged into the new one. */
  absorbed: number[];
  stage: "prepare" | "merge" | "settle" | "dead" | "rejects";
  /**
   * Lower bounds of the parts of the tuple merge, as hexadecimal 128-bit tuples; part i ends where i + 1
   * begins.
   */
  bounds: string[];
  partsDone: number[];
  isKeysDone: boolean;
  tuples: number;
  postingBytes: number;
  keys: number;
  keyBytes: number;
  /** Form of the filters beside the key blocks; a merge of keys that an older version did has none. */
  keyFilters?: number;
  fates: KeyFates;
}

/** What the key merge decided, by number of records. */
export interface KeyFates {
  replaced: number;
  superseded: number;
  duplicates: number;
  /** Records of this import that a deletion took out, of whatever import; deletions themselves apart. */
  deleted: number;
  conflicts: number;
  /** Records of former imports that lost their place. */
  existingLost: number;
  /** Records that lost, by entity number, new and existing: they leave the live records. */
  lostByEntity: number[];
  danglingNew: number;
  danglingResolved: number;
}

/** Everything an unfinished import needs to go on; committed together with the data it speaks of. */
export interface Checkpoint {
  version: 1;
  importId: string;
  sources: SourceFingerprint[];
  /** What each source's labels of blank nodes get behind them: see blank-scopes.ts. */
  blankScopes: string[];
  phase: "read" | "seal";
  sourceIndex: number;
  cursor: SourceCursor | null;
  /** Records of the sources before `sourceIndex` (for --offset and --limit, which count over all of them). */
  recordsBefore: number;
  /** Bytes read of the sources before `sourceIndex`, as stored. */
  bytesBefore: number;
  /** First id that no committed record has. */
  nextId: number;
  firstId: number;
  /** Counts the processes that have worked on this import: part of the names of runs. */
  generation: number;
  runs: RunFile[];
  /** Accepted records by entity number. */
  accepted: number[];
  /** Records that delete others, and are kept as entries of their keys alone. */
  deletions?: number;
  rejected: number;
  bytesRead: number;
  bytesSpilled: number;
  bytesWritten: number;
  rejectsBytes: number;
  /**
   * What a damaged source said, the first of them: the import ends as failed, with everything else loaded.
   */
  damage: string | null;
  damageCode: ErrorCode | null;
  seconds: { read: number; merge: number; seal: number };
  seal: SealState | null;
  /** For relational targets: what became of the accepted records. */
  rows?: RowTally;
}

/** What a finished import leaves so that the same command does nothing twice. */
export interface FinishedNote {
  version: 1;
  importId: string;
  sources: SourceFingerprint[];
  finishedAt: string;
  records: RecordCounts;
}

/** The same sources read in the same way into the same target are the same import. */
export function importIdOf(parts: {
  sources: string[][];
  offset: number;
  limit: number | null;
  /** Left out where nothing is deleted. */
  isDeleting?: true;
}): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 32);
}

/** What differs between two fingerprints of a source, in words; null when nothing does. */
export function fingerprintChange(before: SourceFingerprint, now: SourceFingerprint): string | null {
  if (before.sizeBytes !== now.sizeBytes) {
    return `its size was ${before.sizeBytes ?? "unknown"} bytes and is ${now.sizeBytes ?? "unknown"}`;
  }
  if (before.headCrc !== now.headCrc) return "its first bytes differ";
  if (before.modifiedMs !== now.modifiedMs) return "it was modified";
  return null;
}
