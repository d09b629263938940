import { PlimsollError } from "../../kernel/index.js";

/** The condition of a stream whose decompressed bytes are good up to `offset` only. */
export function damaged(source: string, offset: number, reason: string, cause?: unknown): PlimsollError {
  return new PlimsollError(
    "SOURCE_DAMAGED",
    { source, offset, reason },
    { place: { source, offset }, ...(cause === undefined ? {} : { cause }) },
  );
}
