import { assert, liveEntryBytes, liveKnownEntriesMax, liveKnownKeysBytesMax } from "../kernel/index.js";
import { keyFlag, keyFlagsAt, keySpan } from "../postings/index.js";

interface KnownKey {
  /** Of what is sealed below this id, these entries are all that counts. */
  endId: number;
  entries: readonly Uint8Array[];
}

/** Where the key space of an entry stands, and its id: see kernels/key-entry.ts. */
const keyspaceAt = 8;
const idAt = 12;

/**
 * What the segments hold of keys that were met lately, by hash: a key that is written again and again is in
 * each of them, and is looked up only in those that came since. Of fixed size; the one that was not met for
 * longest goes first.
 */
export class KnownKeys {
  readonly #known = new Map<bigint, KnownKey>();
  #bytes = 0;

  get size(): number {
    return this.#known.size;
  }

  /** Segments below this id need not be looked into. */
  endIdOf(hash: bigint): number {
    return this.#known.get(hash)?.endId ?? 0;
  }

  entriesOf(hash: bigint): readonly Uint8Array[] {
    return this.#known.get(hash)?.entries ?? [];
  }

  /** All that is sealed below `endId` was looked through: it held these entries beside those known before. */
  keep(hash: bigint, endId: number, found: readonly Uint8Array[]): void {
    const isOwn = ({ buffer, length }: Uint8Array) => buffer.byteLength === length;
    assert(found.every(isOwn), "an entry that is kept holds nothing but itself");
    const before = this.#known.get(hash);
    if (before === undefined && found.length === 0) return;
    const former = before?.entries ?? [];
    const entries = found.length === 0 ? former : entriesThatCount([...former, ...found]);
    this.#drop(hash);
    if (entries === null) return;
    this.#known.set(hash, { endId, entries });
    this.#bytes += bytesOf(entries);
    for (const oldest of this.#known.keys()) {
      if (this.#bytes <= liveKnownKeysBytesMax) break;
      this.#drop(oldest);
    }
  }

  #drop(hash: bigint): void {
    const known = this.#known.get(hash);
    if (known === undefined) return;
    this.#known.delete(hash);
    this.#bytes -= bytesOf(known.entries);
  }
}

/**
 * The last definition, which is the one that won, and the deletions; null where they are not few, or of
 * several keys that share a hash.
 */
function entriesThatCount(entries: readonly Uint8Array[]): Uint8Array[] | null {
  const first = entries[0]!;
  if (!entries.every((entry) => isOfSameKey(entry, first))) return null;
  const rising = entries.toSorted((left, right) => idOf(left) - idOf(right));
  const definition = rising.filter((entry) => (keyFlagsAt(entry, 0) & keyFlag.reference) === 0).slice(-1);
  const deletions = rising.filter((entry) => (keyFlagsAt(entry, 0) & keyFlag.reference) !== 0);
  return deletions.length >= liveKnownEntriesMax ? null : [...definition, ...deletions];
}

function isOfSameKey(left: Uint8Array, right: Uint8Array): boolean {
  return (
    keyOf(left).equals(keyOf(right)) &&
    left[keyspaceAt] === right[keyspaceAt] &&
    left[keyspaceAt + 1] === right[keyspaceAt + 1]
  );
}

function keyOf(entry: Uint8Array): Buffer {
  const { start, end } = keySpan(entry, 0);
  return Buffer.from(entry.buffer, entry.byteOffset + start, end - start);
}

function idOf(entry: Uint8Array): number {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  return view.getUint32(idAt, true) + view.getUint8(idAt + 4) * 2 ** 32;
}

function bytesOf(entries: readonly Uint8Array[]): number {
  return entries.reduce((sum, entry) => sum + entry.length + liveEntryBytes, liveEntryBytes);
}
