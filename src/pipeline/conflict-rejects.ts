import { errorTable, Kernel, KiB, rejectRecordBytesMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import {
  decodeRecordBlock,
  PostingDecoder,
  type RecordBlock,
  recordBlockKernelBytes,
} from "../postings/index.js";
import type { SealState } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";
import { MappedReads } from "./mapped-reads.js";

/** DEAD_REJECTED of kernels/key-group.ts, in the high half of a payload. */
const conflictReason = 2;
const kernelBytes = 512 * KiB;

/**
 * Writes the records that lost their key under the rule `reject` into the rejects: they were stored, since
 * only the merge could know, and their bytes and places are read back. The file's position in the checkpoint
 * is from before, so a crash in here writes them again from the start.
 */
export async function rejectConflicts(run: ImportRun, seal: SealState): Promise<void> {
  const decoder = new PostingDecoder(new Kernel({ memoryBytes: kernelBytes }));
  for (let next: number | null = run.state.firstId; next !== null; ) {
    next = writeConflicts(run, seal, decoder, next);
    await run.session.releaseMapped();
  }
}

/** Goes on until the reader has mapped its share; the answer is the id to go on from, null at the end. */
function writeConflicts(
  run: ImportRun,
  seal: SealState,
  decoder: PostingDecoder,
  fromId: number,
): number | null {
  using reader = run.session.reader({ isUnsealedVisible: true });
  const heads = new RecordHeads(run, reader);
  for (const { block } of reader.tupleBlocks(seal.segment, 0, 0n, fromId)) {
    const { ids, payloads } = decoder.decode(block, 0, 0n);
    if (ids.length === 0) return null;
    for (const [index, id] of ids.entries()) {
      if (id < fromId || payloads[index]! >> 4 !== conflictReason) continue;
      if (heads.isFull) return id;
      writeConflict(run, reader, id, heads.read(id));
    }
  }
  return null;
}

function writeConflict(run: ImportRun, reader: StoreReader, id: number, record: Uint8Array): void {
  const place = reader.place(id);
  run.writeReject({
    code: "CONFLICT_REJECTED",
    reason: errorTable.CONFLICT_REJECTED.message,
    head: record.slice(0, rejectRecordBytesMax),
    bytesTotal: record.length,
    // Ids are dealt a record each, so the distance to the batch's first is the distance in records.
    place: place === undefined ? {} : { source: place.source, record: place.record + (id - place.firstId) },
  });
}

/** Reads records by rising ids: neighbours lie in one block, which is decompressed once. */
class RecordHeads {
  isFull = false;
  readonly #reader: StoreReader;
  readonly #reads: MappedReads;
  #kernel = new Kernel({ memoryBytes: kernelBytes });
  #block: RecordBlock | null = null;

  constructor(run: ImportRun, reader: StoreReader) {
    this.#reader = reader;
    this.#reads = new MappedReads(run);
  }

  read(id: number): Uint8Array {
    const entry = this.#reader.recordBlock(id);
    if (entry === undefined) return new Uint8Array(0);
    if (this.#block?.firstId !== entry.firstId) this.#open(entry.block, entry.firstId);
    const block = this.#block!;
    for (let index = 0; index < block.count; index += 1) {
      if (block.idAt(index) === id) return block.bytesAt(index);
    }
    return new Uint8Array(0);
  }

  #open(bytes: Uint8Array, firstId: number): void {
    const neededBytes = recordBlockKernelBytes(bytes);
    if (neededBytes > this.#kernel.freeBytes)
      this.#kernel = new Kernel({ memoryBytes: neededBytes + kernelBytes });
    this.#block = decodeRecordBlock(this.#kernel, bytes, firstId);
    if (this.#reads.note(bytes)) this.isFull = true;
  }
}
