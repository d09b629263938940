import type { CompiledMapping, RecordCheck } from "../model/index.js";
import type { SegmentState, StoreReader, TargetSession } from "../ports/index.js";

export interface LiveOptions {
  /** For messages. */
  storeName: string;
  /** Folder of the logs, beside the data of the store. */
  dir: string;
  /** What the layer may make of its records in memory. */
  bytesMax: number;
  /** A power of two by which the filter of known keys is larger than it must be. */
  filterScale?: number;
  /** What copies of filters may take now; nothing where it is left out. */
  filterCopiesBytes?: () => number;
  /** Opens what is sealed; closes when the callback is called, because a writer waits for it. */
  openReader: (onWanted: () => void) => Promise<StoreReader & AsyncDisposable>;
  /** Opens the store for writing. */
  openSession: () => Promise<TargetSession>;
  /** Work that no import is to run beside. */
  exclusively: <T>(work: () => Promise<T>) => Promise<T>;
  /** Which segments are to become one; usually the last of a size (segment-tiers.ts). */
  segmentsToMerge?: (segments: readonly SegmentState[]) => readonly number[] | null;
  checkOf: (mapping: CompiledMapping) => RecordCheck | null;
  /** For the log of the server. */
  note: (text: string) => void;
}
