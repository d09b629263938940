import type { CompiledMapping } from "../model/index.js";
import type { SealedState, SegmentState } from "./store-reader.js";

/** What was stored for records with ids in [firstId, endId), all of them sealed. */
export interface IdScope {
  kind: "ids";
  firstId: number;
  endId: number;
}

/** Entries of one segment whose keys are in [from, to); null for its end. */
export interface SegmentScope {
  kind: "segment";
  segment: SegmentState;
  from: Uint8Array;
  to: Uint8Array | null;
}

/** A stretch of a sealed store. As long as the store has it, it never changes. */
export type PartScope = IdScope | SegmentScope;

/**
 * One entry of the store as it lies there. Keys rise within a scope, and are the same whichever number a
 * segment has. Within ids they begin with the id, as a record id, that their batch begins with: a scope may
 * end before any of these.
 */
export interface PartEntry {
  key: Uint8Array;
  value: Uint8Array;
}

export interface StoreState {
  mapping: CompiledMapping;
  sealed: SealedState;
}

/** Room for values that are larger than usual. */
export interface TransferRoom {
  /** Until it is disposed of; LINE_TOO_SMALL where the line has no room for it. */
  hold(bytes: number): Disposable;
}

/** A store as copies of it are made: what is sealed, in stretches that stay the same. */
export interface StoreParts extends AsyncDisposable {
  /** For messages. */
  readonly name: string;
  /** What lies on the disk: no store has more in it than this. */
  bytesMax(): number;
  /** What is sealed now; null while nothing ever was. */
  state(): Promise<StoreState | null>;
  /**
   * All entries of a scope in order, in arrays that hold until the next one is asked for. Writers go on
   * meanwhile: STORE_CHANGED when the segment is gone.
   */
  entries(
    scope: PartScope,
    options: { signal: AbortSignal; room?: TransferRoom | undefined },
  ): AsyncIterable<readonly PartEntry[]>;
  /** What was remembered last for a place where copies are kept; null when nothing was. */
  recall(place: string): string | null;
  /** Kept with the store, as durable as it is, where it can be: forgotten is as good as never remembered. */
  remember(place: string, token: string): void;
}

/** Whose entries an entry is to be among. */
export type PartHome = { kind: "ids" } | { kind: "segment"; number: number };

/** The one writer of a store that is a copy of another one. Nothing is visible before `publish`. */
export interface ReplicaSession extends Pick<StoreParts, "name" | "entries">, AsyncDisposable {
  /** What readers see; null when nothing was ever published. */
  readonly sealed: SealedState | null;
  /** What the last commit or publication kept; null when there was none. */
  readonly note: string | null;
  /** What is in the store, or waits beside it, that no copy brought; null when nothing is. */
  readonly ownRecords: string | null;
  /** Deletes what was appended at `fromId` and above. */
  rollback(fromId: number): Promise<void>;
  /** Deletes all segments but those that are visible and these. */
  keepSegments(numbers: readonly number[]): Promise<void>;
  /**
   * False when the entry is none of this home, or not of a key that there is. It counts from the next commit.
   */
  append(home: PartHome, entry: PartEntry): Promise<boolean>;
  /** What lies at the key of an entry among ids; null when nothing does. */
  held(key: Uint8Array): Uint8Array | null;
  /** Makes what was appended durable together with the note. */
  commit(note: string): Promise<void>;
  /** The state becomes what readers see, in one commit with the note. */
  publish(state: StoreState, note: string): Promise<void>;
}
