import type { FrameRejectCode } from "../../ports/index.js";

/** Why a framer stopped at the record that begins at its border. */
export interface FrameFault {
  code: FrameRejectCode;
  reason: string;
  /** Index in the buffer where the fault lies: the place of the reject. */
  at: number;
  /** Index after the bytes that the reject covers; null when the record has to be passed over to its end. */
  end: number | null;
}

/**
 * Finds the borders of records in a buffer that is filled piece by piece, byte 0 of which is the first of a
 * record. `records` whole ones lie before `border`.
 */
export interface Framer {
  readonly records: number;
  readonly border: number;
  /** The record at the border cannot be framed. */
  readonly fault: FrameFault | null;
  /** Nothing further belongs to this frame. */
  readonly full: boolean;
  /** Line breaks before the border. */
  lines(bytes: Uint8Array): number;
  /** What a resumed framer has to know, as JSON. */
  state(): unknown;
  restore(state: unknown): void;
  /** Passes over what stands between records; the index of the next record's first byte, or `to`. */
  lead(bytes: Uint8Array, from: number, to: number): number;
  begin(recordsMax: number): void;
  /** Goes on over the buffer up to `to`; not to be called again after a fault or when full. */
  scan(bytes: Uint8Array, to: number): void;
  /** The input ends at `to`, behind the border. */
  finish(bytes: Uint8Array, to: number): void;
  /** The input ends between records. */
  finishLead(): FrameFault | null;
  /** Begins to pass over a record that is not held; its first byte comes next. */
  beginPass(): void;
  /** Passes over its bytes; the index after its end, or -1 when it goes on. */
  pass(bytes: Uint8Array, from: number, to: number): number;
}

export const newline = 0x0a;
export const carriageReturn = 0x0d;
export const quote = 0x22;

export function tooLarge(bytesMax: number, at: number): FrameFault {
  return { code: "RECORD_TOO_LARGE", reason: `the record is larger than ${bytesMax} bytes`, at, end: null };
}
