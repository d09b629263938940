import type { ErrorCode, ErrorDetails } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { CsvHeader, SourceFormat } from "../ports/index.js";
import type { RowPageHead, RowTarget } from "../tables/index.js";
import type { KeyFates, RunFile } from "./checkpoint.js";
import type { SpillCounts } from "./import-plan.js";

/** Sizes of one worker's regions in bytes; the governor deals them, the worker allocates them once. */
export interface WorkerLayout {
  inputBytes: number;
  outputBytes: number;
  recordBytesMax: number;
}

export interface WorkerSetup {
  module: WebAssembly.Module;
  layout: WorkerLayout;
  /** The worker's WebAssembly memory, all of it. */
  memoryBytes: number;
  mapping: CompiledMapping;
  /** For relational targets: records become rows of these tables in place of blocks. */
  tables: RowTarget | null;
  runsDir: string;
  /** Prefix of the names of runs, unique to this worker of this process. */
  runPrefix: string;
  /** Without an index nothing is spilled: what would be is dropped. */
  isIndexed: boolean;
  /** Whether every record deletes the one with its key. */
  isDeleting: boolean;
  isRecordChecked: boolean;
  isSignatureChecked: boolean;
  /** The numbers of the import's meter of unsynced bytes. */
  writeback: SharedArrayBuffer;
  /** Bytes of a run file that may wait for the disk. */
  runSyncBytes: number;
}

/** What a worker in a thread of its own gets besides. */
export interface ThreadSetup extends WorkerSetup {
  /** One i32: output buffers that the main thread has given back during a merge; negative: end at once. */
  credits: SharedArrayBuffer;
}

/** One frame to decode. Buffers are transferred, so exactly one side holds them at a time. */
export interface LoadRequest {
  kind: "load";
  ordinal: number;
  entity: number;
  format: SourceFormat;
  header: CsvHeader | null;
  blankScope: string;
  input: ArrayBuffer;
  length: number;
  output: ArrayBuffer;
  firstId: number;
}

/**
 * Spill what is buffered and name all runs written since the last flush; they are durable when it is
 * answered.
 */
export interface FlushRequest {
  kind: "flush";
}

/**
 * Spill what is buffered, unless most of the buffers has been touched already, and from now on as soon as
 * they are as full as they have been so far; or use them whole again.
 */
export interface LimitRunsRequest {
  kind: "limit-runs";
  isLimited: boolean;
}

/**
 * A part of the tuple merge: [lower, upper) of the 128-bit tuples; runs merge into blocks or into a larger
 * run.
 */
export interface MergeTuplesRequest {
  kind: "merge-tuples";
  ordinal: number;
  inputs: { name: string; offset: number }[];
  lower: string | null;
  upper: string | null;
  /** Name of the run to write; null to send blocks to the main thread. */
  into: string | null;
}

export interface MergeKeysRequest {
  kind: "merge-keys";
  ordinal: number;
  inputs: { name: string; isEmitted: boolean }[];
  firstNewId: number;
  /** Name of the run to write; null to resolve and send blocks to the main thread. */
  into: string | null;
}

/** The hashes of all keys in the runs, sorted: the main thread looks up which stored blocks they may meet. */
export interface ListHashesRequest {
  kind: "list-hashes";
  ordinal: number;
  inputs: string[];
}

/** Gives an output buffer back during a merge. */
export interface CreditMessage {
  kind: "credit";
  output: ArrayBuffer;
}

export type WorkRequest =
  | LoadRequest
  | FlushRequest
  | LimitRunsRequest
  | MergeTuplesRequest
  | MergeKeysRequest
  | ListHashesRequest;

/** The first message to a thread, which has booted meanwhile. */
export interface SetupMessage {
  kind: "setup";
  setup: ThreadSetup;
}

export type WorkerRequest = WorkRequest | CreditMessage | SetupMessage;

/** A part of the output buffer: what it is and where it lies. */
export type OutputPart =
  | { kind: "block"; firstId: number; offset: number; length: number }
  | { kind: "column"; index: number; firstId: number; offset: number; length: number }
  | {
      kind: "tuple-block";
      index: number;
      term: bigint;
      id: number;
      count: number;
      offset: number;
      length: number;
    }
  | { kind: "key-block"; hash: bigint; ordinal: number; count: number; offset: number; length: number }
  /** Of the key block in front of it. */
  | { kind: "key-filter"; offset: number; length: number }
  | { kind: "hashes"; offset: number; length: number }
  | { kind: "rows"; page: RowPageHead; offset: number; length: number };

export interface DecodeReject {
  /** Number of the record within the frame. */
  ordinal: number;
  code: ErrorCode;
  reason: string;
  head: Uint8Array;
  bytesTotal: number;
  offset: number;
  line: number;
}

/** An output buffer that is full, or a list of rejects that is long, before its request is done. */
export interface OutputReply {
  kind: "output";
  ordinal: number;
  output: ArrayBuffer;
  parts: OutputPart[];
  rejects: DecodeReject[];
}

export interface LoadedReply {
  kind: "loaded";
  ordinal: number;
  input: ArrayBuffer;
  output: ArrayBuffer;
  parts: OutputPart[];
  records: number;
  /** Records that deleted others, and are not among those. */
  deletions: number;
  rejects: DecodeReject[];
}

export interface FlushedReply {
  kind: "flushed";
  runs: RunFile[];
  /** How often a buffer was full since the last flush. */
  fullSpills: number;
  counts: SpillCounts;
}

export interface RunsLimitedReply {
  kind: "runs-limited";
  /** What the run buffers will take at most, and what they hold in all. */
  limitBytes: number;
  capacityBytes: number;
}

export interface MergedReply {
  kind: "merged";
  ordinal: number;
  entries: number;
  bytes: number;
  /** The run that was written instead of blocks, or the runs of dead records. */
  runs: RunFile[];
  fates: KeyFates | null;
}

export interface FailedReply {
  kind: "failed";
  error: { code: ErrorCode; details: ErrorDetails } | null;
  message: string;
  stack: string | undefined;
}

export type AnswerReply = LoadedReply | FlushedReply | RunsLimitedReply | MergedReply;

export type WorkerReply = OutputReply | AnswerReply | FailedReply;

/**
 * Called for every output buffer that fills up before its request is done; the buffer is given back when it
 * returns.
 */
export type OutputHandler = (reply: OutputReply) => Promise<void>;

/** A worker as the pipeline sees it, in a thread or not. */
export interface WorkerHandle extends AsyncDisposable {
  /** Requests sent and not yet answered. */
  readonly depth: number;
  /** Requests are answered in order, and one that fails ends the worker for good. */
  send(request: WorkRequest, transfer: ArrayBuffer[], onOutput: OutputHandler): Promise<AnswerReply>;
}
