import { isPlainReference, keyFlagsAt, keySpan } from "../postings/index.js";

/** In front of the entries of a block: see kernels/key-block.ts. */
export const keyHeaderBytes = 24;

/** Where the entries of a key block lie that settle something: a reference by itself kills nothing. */
export function* settlingEntries(block: Uint8Array): Generator<number> {
  for (let at = keyHeaderBytes; at < block.length; at = keySpan(block, at).entryEnd) {
    if (!isPlainReference(keyFlagsAt(block, at))) yield at;
  }
}
