// Naive twins for key entries: how they are written, sorted and settled.
import fc from "fast-check";
import type { Kernel } from "../../src/kernel/index.js";
import { KeyBuffer, type KeyRule } from "../../src/postings/index.js";

export interface Entry {
  keyspace: number;
  isReference: boolean;
  id: number;
  /** Null when the entry has no version. */
  version: bigint | null;
  key: string;
}

export const anyEntry: fc.Arbitrary<Entry> = fc.record({
  keyspace: fc.integer({ min: 0, max: 3 }),
  isReference: fc.boolean(),
  id: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.constant(2 ** 40 - 1)),
  version: fc.option(fc.bigInt({ min: 0n, max: 3n })),
  key: fc.oneof(fc.constantFrom("", "a", "b", "ab", "k".repeat(1024)), fc.string({ maxLength: 12 })),
});

export function hashOf(kernel: Kernel, entry: Entry): bigint {
  const key = new TextEncoder().encode(entry.key);
  const mark = kernel.mark();
  const at = kernel.alloc(key.length + 16);
  kernel.u8.set(key, at);
  const hash = BigInt.asUintN(64, kernel.exports.keyHash(entry.keyspace, at, key.length));
  kernel.release(mark);
  return hash | BigInt(entry.isReference);
}

export function sortTwin(kernel: Kernel, entries: Entry[]): Entry[] {
  const hashed = entries.map((entry) => ({ entry, hash: hashOf(kernel, entry) }));
  hashed.sort((a, b) => {
    if (a.hash !== b.hash) return a.hash < b.hash ? -1 : 1;
    const spaces = a.entry.keyspace - b.entry.keyspace;
    return (
      spaces || Buffer.compare(Buffer.from(a.entry.key), Buffer.from(b.entry.key)) || a.entry.id - b.entry.id
    );
  });
  return hashed.map(({ entry }) => entry);
}

export function blocksOfEntries(kernel: Kernel, entries: Entry[]): Uint8Array[] {
  const mark = kernel.mark();
  const buffer = new KeyBuffer(kernel, entries.length + 1, entries.length * 1100 + 16);
  const keyAt = kernel.alloc(1024 + 16);
  for (const entry of entries) {
    const { length } = kernel.u8
      .subarray(keyAt)
      .subarray(0, new TextEncoder().encodeInto(entry.key, kernel.u8.subarray(keyAt, keyAt + 1024)).written);
    const flags = entry.version === null ? 0 : kernel.exports.KEY_HAS_VERSION.value;
    const role = Number(entry.isReference);
    const { ptr } = buffer;
    const wasAppended = kernel.exports.keyAppend(
      ptr,
      entry.keyspace,
      role,
      flags,
      BigInt(entry.id),
      entry.version ?? 0n,
      keyAt,
      length,
      0,
    );
    if (!wasAppended) throw new Error("the key buffer is full");
  }
  buffer.sort();
  const blocks: Uint8Array[] = [];
  buffer.encode((block) => blocks.push(block.slice()));
  kernel.release(mark);
  return blocks;
}

/** Reads a block by the rules of its format. */
export function entriesTwin(block: Uint8Array): (Entry & { hash: bigint })[] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const entries: (Entry & { hash: bigint })[] = [];
  for (let at = 24; at < block.length; ) {
    const flags = block[at + 10]!;
    const version = flags & 2 ? view.getBigUint64(at + 17, true) : null;
    const id = view.getUint32(at + 12, true) + block[at + 16]! * 2 ** 32;
    let keyAt = at + 17 + (flags & 2 ? 8 : 0);
    let bytes = block[keyAt++]!;
    if (bytes >= 0x80) bytes = (bytes & 0x7f) | (block[keyAt++]! << 7);
    const key = new TextDecoder().decode(block.subarray(keyAt, keyAt + bytes));
    const hash = view.getBigUint64(at, true);
    entries.push({
      hash,
      keyspace: view.getUint16(at + 8, true),
      isReference: (flags & 1) === 1,
      id,
      version,
      key,
    });
    at = keyAt + bytes;
  }
  const isRight =
    view.getUint32(0, true) === entries.length &&
    view.getUint32(4, true) === block.length - 24 &&
    view.getBigUint64(8, true) === entries[0]!.hash &&
    view.getBigUint64(16, true) === entries.at(-1)!.hash;
  if (!isRight) throw new Error("the header differs from the body");
  return entries;
}

/** In the high half of a payload. */
export const reasons = { duplicate: 5 << 4, superseded: 4 << 4, replaced: 3 << 4, rejected: 2 << 4 };

/** The record that wins a key, and the dead ones with their reasons: the rules told entry by entry. */
export function settleTwin(definitions: Entry[], rule: KeyRule, firstNewId: number) {
  const dead = new Map<number, number>();
  let best = definitions[0]!;
  for (const entry of definitions.slice(1)) {
    const isNew = entry.id >= firstNewId;
    if (!isNew) {
      // Former imports left winners only: the latest is the one that lives.
      best = entry;
      continue;
    }
    const version = entry.version ?? 0n;
    const bestVersion = best.version ?? 0n;
    const wins = rule === "replace" || (rule === "newest" && version > bestVersion);
    if (wins) dead.set(best.id, best.id < firstNewId ? reasons.replaced : reasons.superseded);
    else if (rule === "reject") dead.set(entry.id, reasons.rejected);
    else if (rule === "newest" && version !== bestVersion) dead.set(entry.id, reasons.superseded);
    else dead.set(entry.id, reasons.duplicate);
    if (wins) best = entry;
  }
  return { best, dead };
}
