import { danglingIdsMax, Kernel, KiB } from "../kernel/index.js";
import { keyFlag, keyFlagsAt, keySpan, PostingDecoder } from "../postings/index.js";
import type { SealState } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { MappedReads } from "./mapped-reads.js";

const kernelBytes = 512 * KiB;

/** Where a pass over key blocks goes on. */
interface KeyPlace {
  hash: bigint;
  ordinal: number;
}

/**
 * The merge of keys counts a link that leads nowhere before it can know whether the record that holds the
 * link keeps its own key. Links of records that lost it are taken out of the count here, in one pass over the
 * new keys. Nothing is committed before the publication, so a crash counts again.
 */
export async function leaveOutDeadLinks(run: ImportRun, seal: SealState): Promise<void> {
  const { fates } = seal;
  const lost = fates.duplicates + fates.superseded + fates.conflicts + fates.deleted;
  if (fates.danglingNew === 0 || lost === 0) return;
  const decoder = new PostingDecoder(new Kernel({ memoryBytes: kernelBytes }));
  let dead = 0;
  for (let place: KeyPlace | null = { hash: 0n, ordinal: 0 }; place !== null; ) {
    run.signal.throwIfAborted();
    const links = gatherLinks(run, seal, place);
    await run.session.releaseMapped();
    dead += await countDead(run, seal, decoder, links.ids);
    place = links.next;
  }
  fates.danglingNew -= dead;
}

/**
 * Records of this import with a link that leads nowhere, by rising ids: the references that the merge has
 * kept.
 */
function gatherLinks(
  run: ImportRun,
  seal: SealState,
  from: KeyPlace,
): { ids: Float64Array; next: KeyPlace | null } {
  using reader = run.session.reader();
  const ids: number[] = [];
  let next: KeyPlace | null = null;
  const reads = new MappedReads(run);
  let isFull = false;
  for (const { hash, ordinal, block } of reader.keyBlocks(seal.segment, from.hash)) {
    if (ordinal < from.ordinal) continue;
    if (ids.length >= danglingIdsMax || isFull) {
      next = { hash, ordinal };
      break;
    }
    for (const id of referencesIn(block)) if (id >= run.state.firstId) ids.push(id);
    isFull = reads.note(block);
  }
  return { ids: Float64Array.from(ids).sort(), next };
}

/** How many of the ids, which rise and may repeat, are in the new list of dead records. */
async function countDead(
  run: ImportRun,
  seal: SealState,
  decoder: PostingDecoder,
  ids: Float64Array,
): Promise<number> {
  let at = 0;
  let dead = 0;
  for (let isEnd = false; !isEnd; ) {
    isEnd = true;
    using reader = run.session.reader();
    const reads = new MappedReads(run);
    for (const { block } of reader.tupleBlocks(seal.segment, 0, 0n, ids[at] ?? 0)) {
      const list = decoder.decode(block, 0, 0n);
      for (const id of list.ids) {
        while (at < ids.length && ids[at]! < id) at += 1;
        for (; at < ids.length && ids[at] === id; at += 1) dead += 1;
      }
      if (!list.mayContinue || at === ids.length) break;
      isEnd = !reads.note(block);
      if (!isEnd) break;
    }
    reader.close();
    await run.session.releaseMapped();
  }
  return dead;
}

/** Deletions are no links. */
function* referencesIn(block: Uint8Array): Generator<number> {
  const view = new DataView(block.buffer, block.byteOffset, block.length);
  for (let at = 24; at < block.length; ) {
    const flags = keyFlagsAt(block, at);
    const isLink = (flags & keyFlag.reference) !== 0 && (flags & keyFlag.deletion) === 0;
    if (isLink) yield view.getUint32(at + 12, true) + view.getUint8(at + 16) * 2 ** 32;
    at = keySpan(block, at).entryEnd;
  }
}
