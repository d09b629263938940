import { PlimsollError } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { type KeySpan, keyEntryBytesMin, keyFlag, keyFlagsAt, keySpan } from "../postings/index.js";

const headerBytes = 24;

/** One entry of a key block: a record that defines a key, points at it, or takes out who defines it. */
export interface KeyEntry {
  hash: bigint;
  keyspace: number;
  isReference: boolean;
  isDeletion: boolean;
  id: number;
  /** In its sortable form; 0 without one. */
  version: bigint;
  /** A view of the block, as the extra, which is empty where there is none. */
  key: Uint8Array;
  extra: Uint8Array;
}

/** Entries of a block in order; with `only`, those of this hash alone. */
export function* keyEntries(block: Uint8Array, only?: bigint): Generator<KeyEntry> {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (block.length < headerBytes || view.getUint32(4, true) !== block.length - headerBytes) throw damaged();
  const count = view.getUint32(0, true);
  let at = headerBytes;
  for (let i = 0; i < count; i++) {
    if (at + keyEntryBytesMin > block.length) throw damaged();
    const span = keySpan(block, at);
    if (span.entryEnd > block.length) throw damaged();
    if (only === undefined || isHashAt(view, at, only)) yield entryOf(block, view, at, span);
    at = span.entryEnd;
  }
  if (at !== block.length) throw damaged();
}

/** The entry at a place of some memory, which is known to hold one; the key is copied. */
export function keyEntryAt(bytes: Uint8Array, at: number): KeyEntry {
  const entry = bytes.slice(at, keySpan(bytes, at).entryEnd);
  return entryOf(entry, new DataView(entry.buffer), 0, keySpan(entry, 0));
}

function entryOf(bytes: Uint8Array, view: DataView, at: number, span: KeySpan): KeyEntry {
  const flags = keyFlagsAt(bytes, at);
  return {
    hash: view.getBigUint64(at, true),
    keyspace: view.getUint16(at + 8, true),
    isReference: (flags & keyFlag.reference) !== 0,
    isDeletion: (flags & keyFlag.deletion) !== 0,
    id: view.getUint32(at + 12, true) + bytes[at + 16]! * 2 ** 32,
    version: flags & keyFlag.version ? view.getBigUint64(at + 17, true) : 0n,
    key: bytes.subarray(span.start, span.end),
    extra: bytes.subarray(span.end, span.entryEnd),
  };
}

/** Entries of one segment with this hash. */
export function* entriesOf(reader: StoreReader, segment: number, hash: bigint): Generator<KeyEntry> {
  for (const { hash: first, block } of reader.keyBlocks(segment, hash)) {
    if (first > hash) return;
    yield* keyEntries(block, hash);
  }
}

/** Entries of all segments by hash, one block a segment at a time. */
export function* mergedEntries(reader: StoreReader): Generator<KeyEntry> {
  const streams = reader.sealed.segments.map((segment) => segmentEntries(reader, segment.number));
  const heads = streams.map((stream) => stream.next().value as KeyEntry | undefined);
  for (;;) {
    let least = -1;
    for (let at = 0; at < heads.length; at++) {
      const head = heads[at];
      if (head !== undefined && (least < 0 || head.hash < heads[least]!.hash)) least = at;
    }
    if (least < 0) return;
    yield heads[least]!;
    heads[least] = streams[least]!.next().value as KeyEntry | undefined;
  }
}

function* segmentEntries(reader: StoreReader, segment: number): Generator<KeyEntry> {
  for (const { block } of reader.keyBlocks(segment, 0n)) yield* keyEntries(block);
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, at) => byte === right[at]);
}

/** Without a BigInt for each entry that is passed over. */
function isHashAt(view: DataView, at: number, hash: bigint): boolean {
  return view.getUint32(at, true) === Number(hash & 0xffff_ffffn) && view.getBigUint64(at, true) === hash;
}

function damaged(): PlimsollError {
  return new PlimsollError("BLOCK_DAMAGED", { what: "keys", reason: "its entries do not add up" });
}
