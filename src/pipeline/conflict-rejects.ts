import { errorTable, Kernel, KiB, rejectRecordBytesMax } from "../kernel/index.js";
import type { StoreReader } from "../ports/index.js";
import { decodeRecordBlock, PostingDecoder, recordBlockKernelBytes } from "../postings/index.js";
import type { SealState } from "./checkpoint.js";
import type { ImportRun } from "./import-run.js";

const conflictReason = 4;
const decoderBytes = 512 * KiB;

/**
 * Writes the records that lost their key under the rule `reject` into the rejects: they were stored, since only the
 * merge could know, and their bytes and places are read back. The file's position in the checkpoint is from before, so
 * a crash in here writes them again from the start.
 */
export async function rejectConflicts(run: ImportRun, seal: SealState): Promise<void> {
  using reader = run.session.reader({ isUnsealedVisible: true });
  const decoder = new PostingDecoder(new Kernel({ memoryBytes: decoderBytes }));
  for (const { block } of reader.tupleBlocks(seal.segment, 0, 0n, 0)) {
    const { ids, payloads } = decoder.decode(block, 0, 0n);
    ids.forEach((id, index) => {
      const isOurs = id >= run.state.firstId && payloads[index] === conflictReason;
      if (isOurs) writeConflict(run, reader, id);
    });
    if (ids.length === 0) break;
  }
}

function writeConflict(run: ImportRun, reader: StoreReader, id: number): void {
  const place = reader.place(id);
  const { bytes, bytesTotal } = readHead(reader, id);
  run.writeReject({
    code: "CONFLICT_REJECTED",
    reason: errorTable.CONFLICT_REJECTED.message,
    head: bytes,
    bytesTotal,
    // Ids are dealt a record each, so the distance to the batch's first is the distance in records.
    place: place === undefined ? {} : { source: place.source, record: place.record + (id - place.firstId) },
  });
}

function readHead(reader: StoreReader, id: number): { bytes: Uint8Array; bytesTotal: number } {
  const entry = reader.recordBlock(id);
  if (entry === undefined) return { bytes: new Uint8Array(0), bytesTotal: 0 };
  const kernel = new Kernel({ memoryBytes: recordBlockKernelBytes(entry.block) + decoderBytes });
  const block = decodeRecordBlock(kernel, entry.block, entry.firstId);
  for (let index = 0; index < block.count; index += 1) {
    if (block.idAt(index) !== id) continue;
    const bytes = block.bytesAt(index);
    return { bytes: bytes.slice(0, rejectRecordBytesMax), bytesTotal: bytes.length };
  }
  return { bytes: new Uint8Array(0), bytesTotal: 0 };
}
