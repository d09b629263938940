/** Bytes before the version of an entry, and its flags: see kernels/key-entry.ts. */
const fixedBytes = 17;
const flagsAt = 10;
const idAt = 12;
const versionBytes = 8;

export const keyFlag = { reference: 1, version: 2, deletion: 4, extra: 8 };
export const keyExtraBytes = 32;
/** An entry takes so many bytes and the first of its key's length at least. */
export const keyEntryBytesMin = fixedBytes + 1;

/** Where the key of an entry lies, and where the entry ends. */
export interface KeySpan {
  start: number;
  end: number;
  entryEnd: number;
}

/** Measures the entry at `at`; where bytes are missing it ends beyond them. */
export function keySpan(bytes: Uint8Array, at: number): KeySpan {
  const flags = bytes[at + flagsAt]!;
  let start = at + fixedBytes + (flags & keyFlag.version ? versionBytes : 0);
  let keyBytes = bytes[start++] ?? 0;
  if (keyBytes >= 0x80) keyBytes = (keyBytes & 0x7f) | ((bytes[start++] ?? 0) << 7);
  const end = start + keyBytes;
  return { start, end, entryEnd: end + (flags & keyFlag.extra ? keyExtraBytes : 0) };
}

/** The record of the entry at `at`. */
export function keyIdAt(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, fixedBytes);
  return view.getUint32(idAt, true) + view.getUint8(idAt + 4) * 2 ** 32;
}

export function keyFlagsAt(bytes: Uint8Array, at: number): number {
  return bytes[at + flagsAt]!;
}

/** In front of the entries of a block: see kernels/key-block.ts. */
export const keyHeaderBytes = 24;

/** Where entries of a key block define or delete a key; a damaged one has none behind its end. */
export function* settlingEntries(block: Uint8Array): Generator<number> {
  const lastAt = block.length - keyEntryBytesMin;
  for (let at = keyHeaderBytes; at <= lastAt; at = keySpan(block, at).entryEnd) {
    if (!isPlainReference(keyFlagsAt(block, at))) yield at;
  }
}

/** Whether an entry settles nothing: a reference by itself kills nobody. */
export function isPlainReference(flags: number): boolean {
  return (flags & keyFlag.reference) !== 0 && (flags & keyFlag.deletion) === 0;
}
