import { inferRecordBytesMax, inferRecordCountMax, inferSampleBytesMax, KiB } from "../kernel/index.js";
import type { CsvHeader, Source } from "../ports/index.js";
import { rowAttributes, splitRow } from "../sources/index.js";

/** The first records of a source, read into objects: for inference and estimates, never for loading. */
export interface SourceSample {
  records: Record<string, unknown>[];
  /** All values are text, as the cells of a CSV file and the attributes of XML are. */
  isText: boolean;
  /** The columns of a table; empty for what is none. */
  columns: readonly string[];
  /** Bytes of (decompressed) input that the sampled records take, bad ones included. */
  bytes: number;
  /** Records framed, bad ones included. */
  recordsFramed: number;
  /** Stored bytes read for it, and whether the source ended within the sample. */
  bytesRead: number;
  isWhole: boolean;
}

const sampleBufferBytes = 64 * KiB;

export async function sampleSource(source: Source, signal: AbortSignal): Promise<SourceSample> {
  const isXml = source.format === "stackexchange";
  const isText = isXml || source.format === "csv" || source.format === "tsv";
  const sample: SourceSample = {
    records: [],
    isText,
    columns: [],
    bytes: 0,
    recordsFramed: 0,
    bytesRead: 0,
    isWhole: false,
  };
  await using session = await source.open({ cursor: null, recordBytesMax: inferRecordBytesMax, signal });
  let buffer = new Uint8Array(sampleBufferBytes);
  const grow = (bytes: number) => new Uint8Array(Math.min(bytes, inferRecordBytesMax));
  while (sample.recordsFramed < inferRecordCountMax && sample.bytes < inferSampleBytesMax) {
    const got = await session.read(buffer, grow, 1);
    if (got === null) {
      sample.isWhole = true;
      break;
    }
    buffer = got.buffer as Uint8Array<ArrayBuffer>;
    const { frame } = got;
    sample.bytes += frame.length;
    sample.columns = frame.header?.columns ?? [];
    sample.recordsFramed += frame.records;
    const text = Buffer.from(buffer.buffer, buffer.byteOffset, frame.length).toString("utf8");
    const record = isXml ? xmlRow(text) : isText ? rowObject(text, frame.header) : jsonObject(text);
    if (record !== null) sample.records.push(record);
  }
  sample.bytesRead = session.bytesRead;
  return sample;
}

/** A record that does not parse is the importer's to reject; the sample goes on without it. */
function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^[\s,[]+|[\s,]+$/g, ""));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** In front of a frame's one row may be lines that are none. */
function xmlRow(text: string): Record<string, unknown> | null {
  return rowAttributes(text.trimEnd().split("\n").at(-1)!);
}

function rowObject(text: string, header: CsvHeader | null): Record<string, unknown> | null {
  if (header === null || text.trim() === "") return null;
  const cells = splitRow(text, header.delimiter);
  return Object.fromEntries(header.columns.map((column, index) => [column, cells[index] ?? null]));
}
