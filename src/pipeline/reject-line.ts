import { isUtf8 } from "node:buffer";
import { type Place, rejectRecordBytesMax } from "../kernel/index.js";

/** A record that was set aside. */
export interface Reject {
  code: string;
  reason: string;
  place: Place;
  /** The first bytes of the record, or all of them. */
  head: Uint8Array;
  /** Length of the whole record, when more is known than the head. */
  bytesTotal?: number;
}

/** One line of a rejects file. */
export interface RejectLine {
  source: string | null;
  line: number | null;
  offset: number | null;
  /** Number of the record in its source, from 1. */
  record: number | null;
  code: string;
  reason: string;
  bytes: string;
  encoding: "utf8" | "base64";
  /** Length of the record; more than `bytes` holds when it was cut. */
  bytesTotal: number;
  rerun: string | null;
}

/** The command that reads one record (counted from 1) again; null when its source cannot be read again. */
export type RerunCommand = (source: string, record: number) => string | null;

export function rejectLine(reject: Reject, rerun: RerunCommand): RejectLine {
  const { source, line, offset, record } = reject.place;
  const head = boundedHead(reject.head);
  const isText = isUtf8(head);
  return {
    source: source ?? null,
    line: line ?? null,
    offset: offset ?? null,
    record: record ?? null,
    code: reject.code,
    reason: reject.reason,
    bytes: Buffer.from(head.buffer, head.byteOffset, head.length).toString(isText ? "utf8" : "base64"),
    encoding: isText ? "utf8" : "base64",
    bytesTotal: Math.max(reject.bytesTotal ?? 0, reject.head.length),
    rerun: source === undefined || record === undefined ? null : rerun(source, record),
  };
}

/** Reads a line back; null when it is not one. */
export function parseRejectLine(text: string): Pick<RejectLine, "source" | "record"> | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { source, record, code, reason } = value as Partial<RejectLine>;
    if (typeof code !== "string" || typeof reason !== "string") return null;
    return { source: source ?? null, record: record ?? null };
  } catch {
    return null;
  }
}

/** Cut to the bound, and not in the middle of a character: else text would look like binary. */
function boundedHead(bytes: Uint8Array): Uint8Array {
  const head = bytes.subarray(0, rejectRecordBytesMax);
  if (isUtf8(head)) return head;
  for (let cut = 1; cut <= 3 && cut < head.length; cut++) {
    const shorter = head.subarray(0, head.length - cut);
    if (isUtf8(shorter) && isSequenceStart(head[shorter.length]!, cut)) return shorter;
  }
  return head;
}

/** Whether a byte begins a character of more than `present` bytes, so that its end may lie beyond the cut. */
function isSequenceStart(byte: number, present: number): boolean {
  const length = byte >= 0xf0 && byte <= 0xf4 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc2 ? 2 : 1;
  return length > present;
}
