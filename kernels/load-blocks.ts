/**
 * Record blocks: records one after another behind a directory, compressed when they come to about 64 KiB.
 * Blocks are left in the output region, each behind 16 bytes for the host: its bytes, the ordinal of its
 * first record, records.
 */
import { minifyJson } from "./json-minify";
import { state } from "./load-state";
import { lz4Compress } from "./lz4";

/**
 * Raw bytes of a block, directory included, beyond which it is closed; a longer record has one of its own.
 */
const BLOCK_BYTES: u32 = 65536;
/** Records of a block at most. */
const BLOCK_RECORDS_MAX: u32 = 4096;
const DIRECTORY_ENTRY_BYTES: u32 = 8;
const HEADER_BYTES: u32 = 12;
const ENTRY_HEAD_BYTES: u32 = 16;
const COPY_SLACK_BYTES: u32 = 32;

const CODEC_RAW: u8 = 0;
const CODEC_LZ4: u8 = 1;

/**
 * Bytes of the directory region, and of the block region: room for the directory in front, then the records.
 */
export function blockDirectoryBytes(): u32 {
  return BLOCK_RECORDS_MAX * DIRECTORY_ENTRY_BYTES;
}

export function blockRegionBytes(): u32 {
  return blockDirectoryBytes() + BLOCK_BYTES + COPY_SLACK_BYTES;
}

/**
 * Bytes of output that a block of one record of `bytes` bytes takes at most, and at least one usual block.
 */
export function blockOutputBytes(bytes: u32): u32 {
  return max(bytes + DIRECTORY_ENTRY_BYTES, BLOCK_BYTES) + HEADER_BYTES + ENTRY_HEAD_BYTES + 16;
}

@inline
function rawBytes(): u32 {
  return <u32>(state.blockAt - state.blockBytes) + state.blockCount * DIRECTORY_ENTRY_BYTES;
}

/** Makes room for a record of `bytes` bytes; false when the output must be drained first. */
export function blockReserve(bytes: u32): bool {
  const needed = bytes + DIRECTORY_ENTRY_BYTES;
  if (state.blockCount != 0 && (rawBytes() + needed > BLOCK_BYTES || state.blockCount == BLOCK_RECORDS_MAX)) {
    if (!blockFlush()) return false;
  }
  return needed <= BLOCK_BYTES || outputHasRoom(needed);
}

/** Adds the record at work; `blockReserve` has made room. Returns the bytes stored. */
export function blockAppend(start: usize, end: usize, isMinified: bool): u32 {
  const bytes = <u32>(end - start);
  if (bytes + DIRECTORY_ENTRY_BYTES > BLOCK_BYTES) {
    return blockAlone(start, isMinified ? start + minifyJson(start, end, start) : end);
  }
  let stored = bytes;
  if (isMinified) stored = minifyJson(start, end, state.blockAt);
  else memory.copy(state.blockAt, start, bytes);
  if (state.blockCount == 0) state.blockFirst = state.ordinal;
  const entry = state.directory + state.blockCount * DIRECTORY_ENTRY_BYTES;
  store<u32>(entry, state.ordinal - state.blockFirst);
  store<u32>(entry, stored, 4);
  state.blockAt += stored;
  state.blockCount++;
  return stored;
}

/** Closes the block at work; false when the output must be drained first. */
export function blockFlush(): bool {
  if (state.blockCount == 0) return true;
  const bytes = rawBytes();
  if (!outputHasRoom(bytes)) return false;
  const directoryBytes = state.blockCount * DIRECTORY_ENTRY_BYTES;
  const start = state.blockBytes - directoryBytes;
  memory.copy(start, state.directory, directoryBytes);
  blockWrite(start, bytes, state.blockFirst, state.blockCount);
  state.blockCount = 0;
  state.blockAt = state.blockBytes;
  return true;
}

/**
 * A long record is compressed where it lies: the 8 bytes in front are borrowed for its directory, and put
 * back.
 */
function blockAlone(start: usize, end: usize): u32 {
  const bytes = <u32>(end - start);
  const head = start - DIRECTORY_ENTRY_BYTES;
  const kept = load<u64>(head);
  store<u64>(head, <u64>bytes << 32);
  blockWrite(head, bytes + DIRECTORY_ENTRY_BYTES, state.ordinal, 1);
  store<u64>(head, kept);
  return bytes;
}

function outputHasRoom(raw: u32): bool {
  return state.outputAt + raw + HEADER_BYTES + ENTRY_HEAD_BYTES + 16 <= state.outputEnd;
}

/** The checksum is left to the host. */
function blockWrite(start: usize, raw: u32, first: u32, count: u32): void {
  const head = state.outputAt;
  const block = head + ENTRY_HEAD_BYTES;
  const payload = block + HEADER_BYTES;
  let codec = CODEC_LZ4;
  let bytes = lz4Compress(start, raw, payload, raw - 1, state.lz4Table);
  if (bytes == 0) {
    codec = CODEC_RAW;
    bytes = raw;
    memory.copy(payload, start, raw);
  }
  store<u8>(block, codec);
  store<u8>(block, <u8>state.program.entity, 1);
  store<u16>(block, <u16>count, 2);
  store<u32>(block, raw, 4);
  store<u32>(block, 0, 8);
  store<u32>(head, bytes + HEADER_BYTES);
  store<u32>(head, first, 4);
  store<u32>(head, count, 8);
  state.outputAt = (payload + bytes + 15) & ~15;
}
