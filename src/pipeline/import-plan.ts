import type { Decision, DivisionSettings, ReliefRecord, ResolvedLine } from "../memory/index.js";
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
  /** Check what the preset can check quickly (nostr: that the id is the hash of the event). */
  isRecordChecked: boolean;
  /**
   * Check that and signatures (nostr: BIP-340, of the id by the pubkey), which takes many times as long. An
   * import whose records are not signed is refused.
   */
  isSignatureChecked?: boolean;
  /** Every record of the sources deletes the one with its key, whatever else it says. */
  isDeleting?: boolean;
  rejects: RejectsPlan;
  /** Records to pass over at the start, and records to read at most (null: all). */
  offset: number;
  limit: number | null;
  /** Forget an unfinished or finished import of these sources and begin again. */
  isFresh: boolean;
  /** A checkpoint at the latest after this many bytes of input. */
  syncBytes: number;
  /** A checkpoint at the latest after this many records; null when they do not count. */
  syncRecords?: number | null;
  /** Longest throttling delay in milliseconds. */
  delayMsMax: number;
  /** Runs that one merge takes at most, beside what memory allows: 4 or more. */
  mergeInputsMax?: number;
  /** Bound of a worker's JavaScript heap in place of the one that follows from the line. */
  workerHeapBytes?: number;
}

export interface MemoryPlan {
  line: ResolvedLine;
  /** Steps by which batches grow to the share's largest. */
  graduality: number;
  /** Shares and batches whose bytes were asked for; the others follow from the line. */
  settings?: DivisionSettings;
  /** Bytes of the line that are set aside for what else this process does, such as a server's queries. */
  besideBytes?: number;
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
  anonBytes: number;
  fileBytes: number;
  /** Of the control group, dirty or on its way to the disk; of our own files, exactly. */
  dirtyBytes: number;
  unsyncedBytes: number;
  /** Of the control group, other processes included; null without one. */
  workingSetBytes: number | null;
  /** PSI: percent of the last ten seconds in which some task waited for memory; null where there is none. */
  stallPercent: number | null;
  batchBytes: number;
  /** Under pressure one batch is let in at a time. */
  isNarrow: boolean;
  throttledSeconds: number;
  writebackSeconds: number;
}

export interface ImportHost {
  signal: AbortSignal;
  onProgress: (progress: ImportProgress) => void;
  /** How the line was divided, before anything is read. */
  onDivided?: (memory: { lineBytes: number; shares: Record<string, number> }) => void;
  /** What the governor decides, as it does. */
  onDecision?: (decision: Decision) => void;
  /** The report of an import that ends early, before the condition that ends it is thrown. */
  onUnfinished?: (report: ImportReport) => void;
  /** A batch is in the target, or so many bytes of blocks are out of the merge: for estimates. */
  onBatch?: (batch: { records: number }) => void;
  onMerged?: (bytes: number) => void;
  /** What went into the runs of one flush: for estimates. */
  onSpilled?: (counts: SpillCounts) => void;
  /** Something worth a line: resumed at..., nothing to do, threads lowered to keep the line. */
  onNotice: (notice: string) => void;
}

/** What workers have put into their run buffers since the last flush, equal entries counted each. */
export interface SpillCounts {
  tuples: number;
  keys: number;
  /** The runs of tuples that they became, and bytes of runs. */
  tupleRuns: number;
  tupleBytes: number;
  keyBytes: number;
  /** Times that a buffer was filled: a buffer half full counts half. */
  fills: number;
  /** Time of all workers added up: sorting and writing, and waiting for the disk. */
  sortMs: number;
  syncMs: number;
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
  heapBytes: number;
  unsyncedBytes: number;
  workingSetBytes: number | null;
  groupUsageBytes: number | null;
  stallPercent: number | null;
  batchBytes: number;
  isNarrow: boolean;
  /** So far, both. */
  throttledSeconds: number;
  writebackSeconds: number;
}

/** What the governor did, and where the time went. */
export interface GovernorReport {
  /** How often each step of relief was taken. */
  reliefs: Record<string, number>;
  /**
   * The same with the bytes in use before and after, summed up, and the times that a step had nothing to
   * give.
   */
  reliefSteps: ReliefRecord[];
  throttledSeconds: number;
  narrowSeconds: number;
  modeChanges: number;
  /** Waiting for dirty data to reach the disk, averaged over threads that wait side by side. */
  writebackSeconds: number;
  batchBytes: { min: number; median: number; max: number };
  peakDirtyBytes: number;
  peakUnsyncedBytes: number;
  /** What the main path did or waited for; appending goes on beside the rest. */
  spentSeconds: Record<string, number>;
  /** The latest decisions, the explanation of the whole last. */
  decisions: Decision[];
  decisionCounts: Record<string, number>;
}

/** What was sorted into runs, and how many of those there were. */
export interface RunsReport {
  /** Entries, equal ones counted each, and the bytes of the runs that reading left. */
  tuples: number;
  keys: number;
  tupleBytes: number;
  keyBytes: number;
  /** Runs of tuples, how many one merge can take, and the passes that made larger ones of some. */
  tupleRuns: number;
  mergeInputsMax: number;
  mergePasses: number;
  /** Time of all workers added up: sorting and writing, and waiting for the disk. */
  sortSeconds: number;
  syncSeconds: number;
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
  governor: GovernorReport;
  phases: { name: string; seconds: number; records: number }[];
  runs: RunsReport;
  /** References to records that are not in the store. */
  danglingLinks: number;
  rejectsFile: string | null;
  /** Set when the import did not complete. */
  error: { code: string; message: string } | null;
}
