import { keyFlag, keyFlagsAt, keySpan } from "../postings/index.js";

const headerBytes = 24;

/** Where the entries of a key block lie that settle something: a reference by itself kills nothing. */
export function* settlingEntries(block: Uint8Array): Generator<number> {
  for (let at = headerBytes; at < block.length; at = keySpan(block, at).entryEnd) {
    if (!isPlainReference(keyFlagsAt(block, at))) yield at;
  }
}

export function isPlainReference(flags: number): boolean {
  return (flags & keyFlag.reference) !== 0 && (flags & keyFlag.deletion) === 0;
}
