import type { Place } from "../kernel/index.js";

export type SourceFormat =
  | "jsonl"
  | "json"
  | "csv"
  | "tsv"
  | "parquet"
  | "stackexchange"
  | "comics"
  | QuadFormat;

const quadFormats = ["ntriples", "nquads", "turtle", "trig", "dgraph-rdf", "dgraph-json"] as const;

/** Formats of RDF; Turtle, TriG and Dgraph's JSON are handed out as statements. */
export type QuadFormat = (typeof quadFormats)[number];

export function isQuadFormat(format: SourceFormat): format is QuadFormat {
  return (quadFormats as readonly SourceFormat[]).includes(format);
}

/** Whether names need not be absolute IRIs. */
export function isDialectFormat(format: SourceFormat): boolean {
  return format === "dgraph-rdf" || format === "dgraph-json";
}

/** `pages`: pieces of the content are compressed each by itself, as the format has it. */
export type SourceCompression = "none" | "gzip" | "zstd" | "bzip2" | "xz" | "7z" | "pages";

/** Where a source stands; small JSON, saved in the checkpoint. */
export interface SourceCursor {
  /** Bytes of decompressed input consumed. */
  offset: number;
  /** Line breaks consumed: for places in messages. */
  line: number;
  /** Records framed so far, rejected ones included. */
  record: number;
  /** CRC-32 of the up to 4,096 bytes before `offset`: the check that a resumed source is the same. */
  tailCrc: number;
  /** What the framer needs besides (CSV header...), as JSON. */
  framer: unknown;
}

/** What the source is known by when an import resumes. */
export interface SourceFingerprint {
  /** Display name: path, `-`, URL. */
  name: string;
  /** Compressed size in bytes; null for a stream. */
  sizeBytes: number | null;
  modifiedMs: number | null;
  /** CRC-32 of the first 4,096 bytes as stored (null for a stream). */
  headCrc: number | null;
}

export type FrameRejectCode =
  | "RECORD_TOO_LARGE"
  | "RECORD_TRUNCATED"
  | "CSV_QUOTE"
  | "JSON_SYNTAX"
  | "INVALID_UTF8"
  | ComicFaultCode;

/** Why an archive of a library of comics is turned down. */
export type ComicFaultCode =
  | "COMIC_EMPTY"
  | "COMIC_TYPE"
  | "COMIC_TRUNCATED"
  | "COMIC_DAMAGED"
  | "COMIC_ENCRYPTED"
  | "COMIC_TOO_LARGE"
  | "COMIC_NAMES"
  | "COMIC_METADATA"
  | "COMIC_UNREADABLE";

export interface FrameReject {
  /** Index of the record within the frame's ids: it comes after all records that the bytes hold. */
  index: number;
  code: FrameRejectCode;
  reason: string;
  place: Place;
  /** The first bytes of the record, a copy. */
  head: Uint8Array;
  /** Length of what the reject covers, the line break behind it apart. */
  bytesTotal: number;
}

/**
 * A framed run of whole records: bytes [0, length) of the buffer handed in, contiguous in the source, the
 * first byte being the first of a record. A rejected record is never in the bytes: it ends the frame, so
 * the bytes hold `records - rejects.length` records. `length` is 0 when the frame is a reject alone.
 *
 * What a record is, for framers and decoders alike:
 * - jsonl: a line that holds more than spaces, tabs and CR.
 * - csv, tsv: a row that is not an empty line (nothing, or CR alone). A quote opens a quoted cell only as
 *   the first byte of a cell; within, two quotes are one; what follows a closing quote belongs to the cell.
 * - ntriples, nquads, dgraph-rdf: a line that holds more than spaces, tabs and a comment; LF and CR both end
 *   a line.
 * - turtle, trig, dgraph-json: a line of the statements that they are handed out as.
 * - stackexchange: a line that holds more than white space, the XML declaration, or a tag without attributes
 *   other than `<row>`: the element around the rows.
 * - parquet: a row, handed out as a line of JSON.
 * - comics: a line of JSON, made of what an archive's metadata says.
 * - json: an element; commas and white space between elements are no part of it. An element that begins
 *   with a brace ends where the braces outside strings balance, one that begins with a bracket where the
 *   brackets do, a string at its closing quote, anything else before a comma, `]` or white space.
 */
export interface Frame {
  /** The entity of its records, where a source hands out those of several; else all of it holds one. */
  entity?: string;
  length: number;
  /** Records in the frame, an upper bound of what decodes: ids are dealt by it. */
  records: number;
  /** Where the first record of the frame stands; `line` and `record` count from 1. */
  place: { offset: number; line: number; record: number };
  /** What the decoder must know: CSV columns and delimiter. */
  header: CsvHeader | null;
  rejects: FrameReject[];
  cursorAfter: SourceCursor;
}

export interface CsvHeader {
  delimiter: string;
  columns: string[];
}

export interface SourceOpenOptions {
  cursor: SourceCursor | null;
  /** Records to pass over before the first (before the cursor's next when there is a cursor). */
  skipRecords?: number;
  /** A record longer than this, with its line break, is rejected with its place. */
  recordBytesMax: number;
  signal: AbortSignal;
  /** A frame that has records but is not full is handed out when the source stalls for this long. */
  delayMsMax?: number;
}

/**
 * A source hands out whole records, a frame at a time, into buffers that the caller leases.
 * Of its own it holds the chunks and windows counted in `sessionBytesMax`, and the part of one record that
 * did not fit into the former buffer (at most as large as that buffer).
 */
export interface Source {
  readonly name: string;
  readonly format: SourceFormat;
  /** The entity that the content itself says it holds, as the tables of a dump do; null where it does not. */
  readonly entityTold?: string | null;
  readonly compression: SourceCompression;
  /** What makes it other records than the same bytes read in another way; absent where there is one way. */
  readonly readAs?: string | null;
  /** Memory that an open session may take for chunks and decompression, child processes included. */
  readonly sessionBytesMax: number;
  fingerprint(): Promise<SourceFingerprint>;
  open(options: SourceOpenOptions): Promise<SourceSession>;
  /**
   * A cursor at the first record behind an offset, for samples out of the middle: its line and record number
   * begin anew. Null where records are found from the start only, or none begins near the offset.
   */
  cursorNear?(offset: number, signal: AbortSignal): Promise<SourceCursor | null>;
  /** Lets go of what a stream that was looked at and never opened holds; a file holds nothing. */
  close?(): Promise<void>;
  /**
   * All of it is read, sealed in the target and visible: what the source keeps for the next import of it may
   * be published. Killed before, the import calls it again; killed after, never.
   */
  settle?(): Promise<void>;
}

/** Asks the caller for a buffer of `bytes`; a buffer that is no larger than the former one means: no more. */
export type BufferGrow = (bytes: number) => Uint8Array;

export interface SourceSession extends AsyncDisposable {
  /**
   * Fills `buffer` with as many whole records as fit (no more than `recordsMax`), at least one; null at the
   * end. When the next record is larger than `buffer`, `grow` is asked for a larger one (up to
   * recordBytesMax) and what was read is copied there; the answer says which buffer was used.
   */
  read(buffer: Uint8Array, grow: BufferGrow, recordsMax?: number): Promise<SourceRead | null>;
  /** Compressed bytes read so far, for progress against the file's size. */
  readonly bytesRead: number;
  /** Time so far in which there was nothing to do but wait for bytes: of a disk, a network, a pipe. */
  readonly waitedSeconds: number;
  /**
   * Records framed since the beginning of the source, rejected ones and those that were passed over included.
   */
  readonly records: number;
}

export interface SourceRead {
  frame: Frame;
  buffer: Uint8Array;
}
