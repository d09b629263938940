import { lookupMappedBytes } from "../kernel/index.js";
import type { KeyBlockEntry, SegmentState } from "../ports/index.js";
import { forgetsKey, keyBlockFilter, keyFilterForm, mayHoldKey } from "../postings/index.js";
import { keyEntryAt, sameBytes } from "./key-entries.js";
import { keyName } from "./record-held-keys.js";
import { keyWalk } from "./store-walks.js";
import type { Verification } from "./verification.js";
import type { VerifyKernel } from "./verify-kernel.js";
import type { ReferenceRuns } from "./verify-references.js";

/** What a reading of all keys says of whether they may be compared. */
export interface KeyOutcome {
  /** Whether all of them could be read. */
  isReadable: boolean;
  /** Whether two keys have one hash: then sets may differ that are compared by hash. */
  hasCollision: boolean;
}

/**
 * Each live record with a key has exactly one definition, each link whose target is not there has one
 * reference, and there is no other. (References that found their target are no longer needed, and not looked
 * at.) All segments are read side by side in order of hash, along with the references that records call for.
 */
export async function verifyKeys(
  run: Verification,
  main: VerifyKernel,
  references: ReferenceRuns,
): Promise<KeyOutcome> {
  const { kernel } = main;
  const { exports, u8 } = kernel;
  const { segments } = run.store.sealed;
  exports.verifyKeysOpen(kernel.alloc(exports.verifyKeysBytes(segments.length)), segments.length);
  const walks = segments.map(({ number }) => keyWalk(run, number));
  const places = segments.map(() => "");
  const pieces = references.pieces();
  let isReadable = true;
  const { KEYS_DONE, KEYS_NEED_BLOCK, KEYS_NEED_CALLS, KEYS_TWICE, KEYS_MISHASHED } = exports;
  const { KEYS_UNDELETED } = exports;
  try {
    for (let status = exports.verifyKeys(); status !== KEYS_DONE.value; status = exports.verifyKeys()) {
      const wanted = exports.keysWanted();
      if (status === KEYS_NEED_BLOCK.value) {
        if (run.pages.isFull) await run.breathe();
        const entry = walks[wanted]!.next();
        places[wanted] = `The key block ${entry?.ordinal} of segment ${segments[wanted]!.number}`;
        if (!feed(run, main, entry, segments[wanted]!, places[wanted])) isReadable = false;
      } else if (status === KEYS_NEED_CALLS.value) {
        const piece = pieces.next();
        exports.keysCalls(piece.value?.tuples ?? 0, piece.value?.count ?? 0);
      } else if (status === KEYS_TWICE.value) {
        const entry = keyEntryAt(u8, exports.keysEntry());
        const [first, second] = [exports.keysFaultId(), entry.id];
        run.fault("key", `${keyName(run, entry)} is defined by live records ${first} and ${second}.`);
      } else if (status === KEYS_UNDELETED.value) {
        const entry = keyEntryAt(u8, exports.keysEntry());
        const lives = `lives, though the deletion ${entry.id} takes it out`;
        run.fault(
          "key",
          `${keyName(run, entry)} is defined by record ${exports.keysFaultId()}, which ${lives}.`,
        );
      } else if (status === KEYS_MISHASHED.value) {
        const entry = keyEntryAt(u8, exports.keysEntry());
        run.fault("key", `${keyName(run, entry)} is noted for record ${entry.id} under another hash.`);
      } else if (!tellBlock(run, main, status, places[wanted]!)) {
        isReadable = false;
      }
    }
  } finally {
    for (const walk of walks) walk[Symbol.dispose]();
    pieces.return(undefined);
  }
  run.result.keys += exports.keysTaken();
  return { isReadable, hasCollision: exports.keysCollided() !== 0 };
}

/** Hands over the next block of a segment; false when it cannot be read, and is passed over. */
function feed(
  run: Verification,
  main: VerifyKernel,
  entry: KeyBlockEntry | undefined,
  segment: SegmentState,
  place: string,
): boolean {
  const { exports, u8 } = main.kernel;
  if (entry === undefined) {
    exports.keysFeed(0);
    return true;
  }
  run.result.blocks++;
  const { block, hash } = entry;
  const isFitting = block.length > 0 && block.length <= exports.BLOCK_BYTES_MAX.value;
  if (!isFitting) {
    run.fault("block", `${place} is unreadable: it is too long, or empty.`);
    return false;
  }
  u8.set(block, exports.keysBlock(exports.keysWanted()));
  const status = exports.keysFeed(block.length);
  if (status !== exports.KEYS_DONE.value) return tellBlock(run, main, status, place);
  const first = new DataView(block.buffer, block.byteOffset).getBigUint64(8, true);
  if (first !== hash) return tellBlock(run, main, exports.KEYS_MISNAMED.value, place);
  checkFilter(run, entry, segment, place);
  return true;
}

/**
 * No filter may have a key of the block taken for new: neither that of the block nor, where it has none, that
 * of another one.
 */
function checkFilter(
  run: Verification,
  { hash, ordinal, block }: KeyBlockEntry,
  segment: SegmentState,
  place: string,
) {
  if (segment.keyFilters !== keyFilterForm) return;
  run.pages.count(lookupMappedBytes);
  const last = new DataView(block.buffer, block.byteOffset).getBigUint64(16, true);
  const beside = run.store.reader.keyFilter(segment.number, last);
  if (beside === undefined) return;
  const isOwn = beside.hash === hash && beside.ordinal === ordinal;
  if (isOwn && sameBytes(beside.filter, keyBlockFilter(block))) return;
  const isForgetful = isOwn ? forgetsKey(beside, block) : !mayHoldKey(beside, last);
  if (isForgetful) run.fault("key", `The filter beside ${place.replace("The", "the")} forgets keys of it.`);
}

/** Tells what is wrong with the wanted block; false when the rest of it cannot be read. */
function tellBlock(run: Verification, { kernel }: VerifyKernel, status: number, place: string): boolean {
  const { exports } = kernel;
  if (status === exports.KEYS_DISORDER.value) {
    run.fault("block", `${place} is out of order.`);
    return true;
  }
  if (status === exports.KEYS_MISNAMED.value) {
    run.fault("block", `${place} holds other keys than its place and head say.`);
    return true;
  }
  exports.keysSkip();
  run.fault("block", `${place} is unreadable: its entries do not add up.`);
  return false;
}
