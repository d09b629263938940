import type { ErrorCode } from "../kernel/index.js";
import type { CompiledEntity } from "./compiled-mapping.js";

/**
 * A record under a check, in the kernel's memory: valid until the check returns. Values of mapped members are
 * listed in the order of the text, 16 bytes each: u16 slot, u8 type, u8 flags (see entity-program), u32
 * start, u32 end.
 */
export interface RecordView {
  entity: CompiledEntity;
  /** Number of the record within its frame. */
  ordinal: number;
  /** The memory, as bytes and as 32-bit words; all positions below are byte offsets in it. */
  bytes: Buffer;
  words: Uint32Array;
  start: number;
  end: number;
  values: number;
  valueCount: number;
  /** Whether JSON has neither white space between tokens nor escapes that could be left out. */
  jsonIsCanonical(start: number, end: number): boolean;
  /** The same for a string's text, without its quotes. */
  textIsCanonical(start: number, end: number): boolean;
}

/** Why a check turns a record down. */
export interface RecordFault {
  code: ErrorCode;
  reason: string;
}

export type RecordCheck = (view: RecordView) => RecordFault | null;
