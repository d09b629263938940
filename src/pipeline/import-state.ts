import { assert } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { SourceFingerprint } from "../ports/index.js";
import type { Checkpoint } from "./checkpoint.js";
import type { RecordCounts } from "./import-plan.js";

/** The checkpoint of an import that begins at the beginning, above everything the target has sealed. */
export function newCheckpoint(options: {
  importId: string;
  sources: SourceFingerprint[];
  blankScopes: string[];
  firstId: number;
  mapping: CompiledMapping;
}): Checkpoint {
  return {
    version: 1,
    importId: options.importId,
    sources: options.sources,
    blankScopes: options.blankScopes,
    phase: "read",
    sourceIndex: 0,
    cursor: null,
    recordsBefore: 0,
    bytesBefore: 0,
    nextId: options.firstId,
    firstId: options.firstId,
    generation: 0,
    runs: [],
    accepted: options.mapping.entities.map(() => 0),
    rejected: 0,
    bytesRead: 0,
    bytesSpilled: 0,
    bytesWritten: 0,
    rejectsBytes: 0,
    damage: null,
    damageCode: null,
    seconds: { read: 0, merge: 0, seal: 0 },
    seal: null,
  };
}

/** The part of the state that the reader moves; the rest follows what has been appended. */
export type ReaderPosition = Pick<
  Checkpoint,
  "sourceIndex" | "cursor" | "recordsBefore" | "bytesBefore" | "bytesRead" | "nextId"
>;

export function readerPositionOf(state: Checkpoint): ReaderPosition {
  const { sourceIndex, cursor, recordsBefore, bytesBefore, bytesRead, nextId } = state;
  return { sourceIndex, cursor, recordsBefore, bytesBefore, bytesRead, nextId };
}

/** Records read so far. */
export function recordsReadIn({ accepted, deletions = 0, rejected }: Checkpoint): number {
  return accepted.reduce((sum, count) => sum + count, deletions + rejected);
}

/** What became of the records, so far or in the end: every record read has one fate, and they add up. */
export function countsOf(checkpoint: Checkpoint): RecordCounts {
  const { rows } = checkpoint;
  const fates = rows === undefined ? checkpoint.seal?.fates : { ...rows, conflicts: rows.rejected };
  const accepted = checkpoint.accepted.reduce((sum, count) => sum + count, 0);
  const { replaced = 0, superseded = 0, duplicates = 0, deleted = 0, conflicts = 0 } = fates ?? {};
  const { deletions = 0 } = checkpoint;
  const counts = {
    read: recordsReadIn(checkpoint),
    stored: accepted - replaced - superseded - duplicates - deleted - conflicts,
    replaced,
    superseded,
    duplicates,
    deleted: deleted + deletions,
    rejected: checkpoint.rejected + conflicts,
  };
  const sum =
    counts.stored +
    counts.replaced +
    counts.superseded +
    counts.duplicates +
    counts.deleted +
    counts.rejected;
  assert(counts.read === sum && counts.stored >= 0, "the counts add up");
  return counts;
}

export function parseCheckpoint(text: string): Checkpoint {
  return JSON.parse(text) as Checkpoint;
}
