import { open, stat } from "node:fs/promises";
import { crc32 } from "node:zlib";
import {
  csvHeaderBytesMax,
  cursorTailBytes,
  inferSampleBytesMax,
  PlimsollError,
  sourceChunkBytes,
} from "../kernel/index.js";
import type {
  Source,
  SourceCompression,
  SourceCursor,
  SourceFingerprint,
  SourceFormat,
  SourceOpenOptions,
  SourceSession,
} from "../ports/index.js";
import { abortable, type ByteStream, PrefixedBytes } from "./bytes/byte-stream.js";
import { decompress, type StreamCompression } from "./bytes/decompress.js";
import { FileBytes, unreadable } from "./bytes/file-bytes.js";
import { readHeader } from "./csv-header.js";
import { CursorTail } from "./cursor-tail.js";
import type { TextShape } from "./detect.js";
import { makeFramer } from "./framers/index.js";
import { lineCursor } from "./line-cursor.js";
import { cursorState } from "./source-cursor.js";
import { TextSession } from "./text-session.js";

const byteOrderMark = Uint8Array.of(0xef, 0xbb, 0xbf);

export interface StoredForm {
  compression: SourceCompression;
  /** Memory that decompression takes. */
  decompressBytes: number;
}

/** Where the decompressed bytes of a source come from. */
export interface ByteOrigin extends StoredForm {
  name: string;
  /** Whether the bytes can be read from any offset at once. */
  isSeekable: boolean;
  open(offset: number): Promise<ByteStream>;
  fingerprint(): Promise<SourceFingerprint>;
  close(): Promise<void>;
}

/** A source of text records: the bytes of an origin, decompressed, framed by its format. */
export class TextSource implements Source {
  readonly name: string;
  readonly format: SourceFormat;
  readonly entityTold: string | null;
  readonly compression: SourceCompression;
  readonly readAs: string | null;
  readonly sessionBytesMax: number;
  readonly #origin: ByteOrigin;
  readonly #delimiter: string;
  readonly #recordsAt: readonly string[] | null;

  constructor(origin: ByteOrigin, shape: TextShape) {
    this.name = origin.name;
    this.format = shape.format;
    this.entityTold = shape.entityTold;
    this.compression = origin.compression;
    this.sessionBytesMax = 2 * sourceChunkBytes + origin.decompressBytes;
    this.#origin = origin;
    this.#delimiter = shape.delimiter;
    this.#recordsAt = shape.recordsAt ?? null;
    this.readAs = this.#recordsAt === null ? null : JSON.stringify(this.#recordsAt);
  }

  fingerprint(): Promise<SourceFingerprint> {
    return this.#origin.fingerprint();
  }

  close(): Promise<void> {
    return this.#origin.close();
  }

  async cursorNear(offset: number, signal: AbortSignal): Promise<SourceCursor | null> {
    if (!this.#origin.isSeekable || this.format === "json") return null;
    await using head = await this.open({ cursor: null, recordBytesMax: csvHeaderBytesMax, signal });
    const delimiter = head.header?.delimiter ?? this.#delimiter;
    const framer = () => makeFramer(this.format, inferSampleBytesMax, delimiter);
    return lineCursor(this.#origin, offset, head.header, framer);
  }

  async open(options: SourceOpenOptions): Promise<TextSession> {
    const { cursor, signal } = options;
    if (signal.aborted) {
      await this.close();
      signal.throwIfAborted();
    }
    const saved = cursor === null ? null : cursorState(cursor, this.name);
    const skipBytes = cursor?.offset ?? 0;
    const tailBytes = Math.min(skipBytes, cursorTailBytes);
    const { isSeekable } = this.#origin;
    const stream = await this.#origin.open(isSeekable ? skipBytes - tailBytes : 0);
    try {
      const delimiter = saved?.header?.delimiter ?? this.#delimiter;
      const framer = makeFramer(this.format, options.recordBytesMax - 1, delimiter, this.#recordsAt);
      if (saved !== null) framer.restore(saved.state);
      const tail = new CursorTail();
      const rest = await passBytes(stream, isSeekable ? tailBytes : skipBytes, tail, this.name, signal);
      if (cursor !== null && tail.crc() !== cursor.tailCrc) {
        throw sourceChanged(this.name, `the bytes before offset ${cursor.offset} are not the same`);
      }
      const session = new TextSession({
        name: this.name,
        stream: rest,
        framer,
        header: saved?.header ?? null,
        recordBytesMax: options.recordBytesMax,
        delayMsMax: options.delayMsMax ?? null,
        signal,
      });
      if (cursor !== null) session.restore(cursor, tail);
      else {
        await session.passPrefix(byteOrderMark);
        if (this.format === "csv" || this.format === "tsv") await readHeader(session, this.name, delimiter);
      }
      await skipRecords(session, options.skipRecords ?? 0, options.recordBytesMax);
      return session;
    } catch (error) {
      await stream.close();
      throw error;
    }
  }
}

/** Reads on to an offset; what follows it in the last chunk comes first in the stream handed back. */
async function passBytes(
  stream: ByteStream,
  bytes: number,
  tail: CursorTail,
  name: string,
  signal: AbortSignal,
): Promise<ByteStream> {
  let left = bytes;
  while (left > 0) {
    const chunk = await abortable(stream.next(), signal);
    if (chunk === null) throw sourceChanged(name, `it ends ${left} bytes before the place where it stopped`);
    tail.push(chunk.subarray(0, Math.min(left, chunk.length)));
    if (chunk.length > left) return new PrefixedBytes(chunk.slice(left), stream);
    left -= chunk.length;
  }
  return stream;
}

function sourceChanged(source: string, reason: string): PlimsollError {
  return new PlimsollError("SOURCE_CHANGED", { source, reason }, { place: { source } });
}

/** Frames records away: what counts as one record here counts as one in an import. */
async function skipRecords(session: SourceSession, records: number, recordBytesMax: number): Promise<void> {
  let left = records;
  let buffer: Uint8Array =
    left > 0 ? new Uint8Array(Math.min(sourceChunkBytes, recordBytesMax)) : new Uint8Array(0);
  while (left > 0) {
    const read = await session.read(buffer, (bytes) => new Uint8Array(bytes), left);
    if (read === null) return;
    left -= read.frame.records;
    buffer = read.buffer;
  }
}

export function fileOrigin(
  name: string,
  path: string,
  stored: StoredForm & { compression: StreamCompression },
): ByteOrigin {
  const { compression } = stored;
  return {
    name,
    ...stored,
    isSeekable: compression === "none",
    open: async (offset) => {
      const file = await FileBytes.open(path, offset, name);
      try {
        return decompress(file, compression, name);
      } catch (error) {
        await file.close();
        throw error;
      }
    },
    fingerprint: () => fileFingerprint(name, path),
    close: async () => undefined,
  };
}

export async function fileFingerprint(name: string, path: string): Promise<SourceFingerprint> {
  try {
    const { size, mtimeMs } = await stat(path);
    const handle = await open(path, "r");
    try {
      const head = new Uint8Array(cursorTailBytes);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      return { name, sizeBytes: size, modifiedMs: mtimeMs, headCrc: crc32(head.subarray(0, bytesRead)) };
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw unreadable(name, error);
  }
}

/** A stream can be opened once. */
export function streamOrigin(name: string, stored: StoredForm, stream: ByteStream): ByteOrigin {
  let isOpened = false;
  return {
    name,
    ...stored,
    isSeekable: false,
    open: async () => {
      if (isOpened) throw new PlimsollError("SOURCE_ONCE", { source: name }, { place: { source: name } });
      isOpened = true;
      return stream;
    },
    fingerprint: async () => ({ name, sizeBytes: null, modifiedMs: null, headCrc: null }),
    close: () => stream.close(),
  };
}
