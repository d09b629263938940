import { crc32 } from "node:zlib";
import { cursorTailBytes, inferSampleBytesMax } from "../kernel/index.js";
import type { CsvHeader, SourceCursor } from "../ports/index.js";
import type { ByteStream } from "./bytes/byte-stream.js";
import { splitRow } from "./csv-row.js";
import type { Framer } from "./framers/index.js";

/** Rows looked at for one that has as many cells as the header: others begin inside a quoted cell. */
const rowsTried = 256;
const newline = 10;

/** A cursor at the first line behind `offset` that looks like the beginning of a record. */
export async function lineCursor(
  origin: { open(offset: number): Promise<ByteStream> },
  offset: number,
  header: CsvHeader | null,
  makeFramer: () => Framer,
): Promise<SourceCursor | null> {
  const base = Math.max(0, offset - cursorTailBytes);
  const stream = await origin.open(base);
  try {
    let bytes = Buffer.alloc(0);
    let from = offset - base;
    for (let tried = 0; tried < rowsTried && bytes.length < inferSampleBytesMax; ) {
      const start = bytes.indexOf(newline, from) + 1;
      const row = start === 0 ? null : firstRow(bytes.subarray(start), makeFramer());
      if (row === null) {
        const chunk = await stream.next();
        if (chunk === null) return null;
        bytes = Buffer.concat([bytes, chunk]);
        continue;
      }
      if (isRecord(row, header)) {
        const tail = bytes.subarray(Math.max(0, start - cursorTailBytes), start);
        const framer = { header, state: null };
        return { offset: base + start, line: 0, record: 0, tailCrc: crc32(tail), framer };
      }
      from = start;
      tried += 1;
    }
    return null;
  } finally {
    await stream.close();
  }
}

/** The record that begins with the first byte, if it is one; null when it does not end within the bytes. */
function firstRow(bytes: Buffer, framer: Framer): string | null {
  framer.begin(1);
  framer.scan(bytes, bytes.length);
  if (framer.fault !== null) return "";
  return framer.records === 0 ? null : bytes.toString("utf8", 0, framer.border);
}

function isRecord(row: string, header: CsvHeader | null): boolean {
  if (header === null) return row.trim() !== "";
  return splitRow(row, header.delimiter).length === header.columns.length;
}
