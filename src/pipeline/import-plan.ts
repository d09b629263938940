import type { ResolvedLine } from "../memory/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { Source, Target } from "../ports/index.js";

/**
 * What an import is to do: made by a composition root (the command line, a server), carried out by
 * `runImport`.
 */
export interface ImportPlan {
  sources: readonly Source[];
  target: Target;
  /** Given the mapping that the target keeps (null when it is new), the one it shall keep from now on. */
  mergeMapping: (stored: CompiledMapping | null) => CompiledMapping;
  /** Name of the entity whose records a source holds; throws when the mapping does not tell. */
  entityOf: (source: Source, mapping: CompiledMapping) => string;
  memory: MemoryPlan;
  threads: number;
  /** Folder for sorted runs; null for the target's own. */
  tempDir: string | null;
  /** Verify what the preset can verify (nostr: that the id is the hash of the event). */
  isRecordChecked: boolean;
  rejects: RejectsPlan;
  /** Records to pass over at the start, and records to read at most (null: all). */
  offset: number;
  limit: number | null;
  /** Forget an unfinished or finished import of these sources and begin again. */
  isFresh: boolean;
  /** A checkpoint at the latest after this many bytes of input. */
  syncBytes: number;
  /** Longest throttling delay in milliseconds. */
  delayMsMax: number;
  /** Runs that one merge takes at most, beside what memory allows: 4 or more. */
  mergeInputsMax?: number;
}

export interface MemoryPlan {
  line: ResolvedLine;
  /** Steps by which batches grow to the share's largest. */
  graduality: number;
}

export interface RejectsPlan {
  /** Null when nothing is to be written: rejects are then counted only. */
  path: string | null;
  /** The first reject ends the import. */
  isAbort: boolean;
  /** More than this many: the import still ends, with exit code 3; null for no limit. */
  rejectsMax: number | null;
  /** The command that runs one record again, given its source and its number in it; null for a stream. */
  rerun: (source: string, record: number) => string | null;
}

export type ImportPhase = "read" | "merge" | "seal";

export interface ImportProgress {
  phase: ImportPhase;
  /** Share of the phase that is done, 0 to 1; null when the input's size is unknown. */
  fraction: number | null;
  recordsRead: number;
  bytesRead: number;
  bytesTotal: number | null;
  recordsPerSecond: number;
  etaSeconds: number | null;
  rssBytes: number;
  lineBytes: number;
  leasedBytes: number;
  rejects: number;
  elapsedSeconds: number;
}

export interface ImportHost {
  signal: AbortSignal;
  onProgress: (progress: ImportProgress) => void;
  /** The report of an import that ends early, before the condition that ends it is thrown. */
  onUnfinished?: (report: ImportReport) => void;
  /** Something worth a line: resumed at..., nothing to do, threads lowered to keep the line. */
  onNotice: (notice: string) => void;
}

export interface RecordCounts {
  read: number;
  stored: number;
  replaced: number;
  superseded: number;
  duplicates: number;
  deleted: number;
  rejected: number;
}

export interface TimelinePoint {
  seconds: number;
  rssBytes: number;
  anonBytes: number;
  fileBytes: number;
  leasedBytes: number;
  dirtyBytes: number;
  records: number;
}

export interface ImportReport {
  state: "complete" | "interrupted" | "failed";
  source: string[];
  target: string;
  /** Where this run took over from a former one; null for one that began at the beginning. */
  resumedFrom: { phase: string; record: number; source: string } | null;
  records: RecordCounts;
  bytes: { read: number; written: number; spilled: number };
  seconds: number;
  recordsPerSecond: number;
  memory: {
    lineBytes: number;
    lineSource: string;
    peakRssBytes: number;
    peakAnonBytes: number;
    shares: Record<string, number>;
    timeline: TimelinePoint[];
  };
  governor: {
    reliefs: Record<string, number>;
    throttledSeconds: number;
    batchBytes: { min: number; median: number; max: number };
  };
  phases: { name: string; seconds: number; records: number }[];
  /** References to records that are not in the store. */
  danglingLinks: number;
  rejectsFile: string | null;
  /** Set when the import did not complete. */
  error: { code: string; message: string } | null;
}
