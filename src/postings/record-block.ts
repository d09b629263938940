import { crc32 } from "node:zlib";
import { type Kernel, PlimsollError } from "../kernel/index.js";

/** u8 codec, u8 entity, u16 records, u32 raw bytes, u32 CRC-32 of what follows. */
export const recordBlockHeaderBytes = 12;
export const recordCodecRaw = 0;
export const recordCodecLz4 = 1;

/** LZ4 makes at most 255 bytes of one. */
const expansionMax = 255;

/** u32 id offset, u32 byte length, for each record at the front of the raw payload. */
export const directoryEntryBytes = 8;

export interface RecordBlock {
  entity: number;
  count: number;
  firstId: number;
  /** Memory that the block owns. */
  bytes: number;
  /** Whether that memory is room that the next block will take. */
  isLent: boolean;
  idAt(i: number): number;
  /** The record's JSON text; a view of the block's memory. */
  bytesAt(i: number): Uint8Array;
}

export interface RecordBlockHead {
  codec: number;
  entity: number;
  count: number;
  rawBytes: number;
}

/** Reads a stored block's header, and holds what follows it against the checksum. */
export function readRecordBlockHead(block: Uint8Array): RecordBlockHead {
  if (block.length < recordBlockHeaderBytes) throw damagedRecords("it is too short");
  const header = viewOf(block);
  const payload = block.subarray(recordBlockHeaderBytes);
  if (crc32(payload) !== header.getUint32(8, true)) throw damagedRecords("its checksum differs");
  const head = {
    codec: header.getUint8(0),
    entity: header.getUint8(1),
    count: header.getUint16(2, true),
    rawBytes: header.getUint32(4, true),
  };
  const isRaw = head.codec === recordCodecRaw && payload.length === head.rawBytes;
  if (!isRaw && head.codec !== recordCodecLz4) throw damagedRecords("its codec is unknown");
  if (head.rawBytes > payload.length * expansionMax) throw damagedRecords("its size is out of bounds");
  return head;
}

/** Unpacks a block into kernel memory at `out`, which has room for it; `source` has room for the block. */
export function unpackRecordBlock(
  kernel: Kernel,
  block: Uint8Array,
  head: RecordBlockHead,
  places: { source: number; out: number },
): void {
  const payload = block.subarray(recordBlockHeaderBytes);
  const { source, out } = places;
  if (head.codec === recordCodecRaw) {
    kernel.u8.set(payload, out);
    return;
  }
  kernel.u8.set(payload, source);
  const bytes = kernel.exports.lz4Decompress(source, payload.length, out, head.rawBytes);
  if (bytes !== head.rawBytes) throw damagedRecords("it does not decompress");
}

/** Bytes of kernel memory that `decodeRecordBlock` borrows for a block. */
export function recordBlockKernelBytes(block: Uint8Array): number {
  return block.length + viewOf(block).getUint32(4, true) + 64;
}

/**
 * Checks a stored block of records and decompresses it; `firstId` is the id in its key.
 */
export function decodeRecordBlock(kernel: Kernel, block: Uint8Array, firstId = 0): RecordBlock {
  const head = readRecordBlockHead(block);
  const raw = decodePayload(kernel, block, head);
  const { count, entity } = head;
  const directory = viewOf(raw);
  const starts = readStarts(directory, count, raw.length);
  return {
    entity,
    count,
    firstId,
    bytes: raw.byteLength + starts.byteLength,
    isLent: false,
    idAt: (i) => firstId + directory.getUint32(i * directoryEntryBytes, true),
    bytesAt: (i) => raw.subarray(starts[i]!, starts[i + 1]!),
  };
}

/** Where each record begins in the raw payload, and where the last one ends. */
function readStarts(directory: DataView, count: number, rawBytes: number): Uint32Array {
  let start = count * directoryEntryBytes;
  if (start > rawBytes) throw damagedRecords("its directory is cut off");
  const starts = new Uint32Array(count + 1);
  for (let i = 0; i < count; i++) {
    starts[i] = start;
    start += directory.getUint32(i * directoryEntryBytes + 4, true);
  }
  starts[count] = start;
  if (start !== rawBytes) throw damagedRecords("its lengths do not add up");
  return starts;
}

function decodePayload(kernel: Kernel, block: Uint8Array, head: RecordBlockHead): Uint8Array {
  if (head.codec === recordCodecRaw) return new Uint8Array(block.subarray(recordBlockHeaderBytes));
  const mark = kernel.mark();
  try {
    const source = kernel.alloc(block.length);
    const out = kernel.alloc(head.rawBytes);
    unpackRecordBlock(kernel, block, head, { source, out });
    return kernel.u8.slice(out, out + head.rawBytes);
  } finally {
    kernel.release(mark);
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function damagedRecords(reason: string): PlimsollError {
  return new PlimsollError("BLOCK_DAMAGED", { what: "records", reason });
}
