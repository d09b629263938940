import { PlimsollError } from "../kernel/index.js";
import type { CsvHeader, SourceCursor } from "../ports/index.js";

export interface CursorState {
  header: CsvHeader | null;
  /** What the format's framer saved. */
  state: unknown;
}

/** The framer's part of a cursor that came from a checkpoint, checked because the disk may have hurt it. */
export function cursorState(cursor: SourceCursor, source: string): CursorState {
  for (const name of ["offset", "line", "record", "tailCrc"] as const) {
    const value = cursor[name];
    if (!Number.isSafeInteger(value) || value < 0) throw invalid(source, `its ${name} is ${String(value)}`);
  }
  const { framer } = cursor;
  if (!isObject(framer)) throw invalid(source, "it says nothing of the format");
  const header = framer.header ?? null;
  if (header !== null && !isHeader(header)) throw invalid(source, "its header names no columns");
  return { header, state: framer.state ?? null };
}

function isHeader(value: unknown): value is CsvHeader {
  return isObject(value) && typeof value.delimiter === "string" && Array.isArray(value.columns);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(source: string, reason: string): PlimsollError {
  return new PlimsollError("CURSOR_INVALID", { source, reason }, { place: { source } });
}
