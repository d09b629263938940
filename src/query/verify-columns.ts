import { verifyColumnRows } from "../kernel/index.js";
import type { ColumnEntry } from "../ports/index.js";
import { columnRows } from "./columns.js";
import { columnWalk } from "./store-walks.js";
import type { Verification } from "./verification.js";
import type { VerifyKernel } from "./verify-kernel.js";

/** Reads all columns once, checks the form and order of their chunks, and takes them off the cells. */
export async function verifyColumns(run: Verification, main: VerifyKernel): Promise<void> {
  const values = main.kernel.alloc(verifyColumnRows * 8);
  const presence = main.kernel.alloc(verifyColumnRows / 8);
  for (const { index } of run.indexes) {
    if (!index.hasColumn) continue;
    let endId = 0;
    using walk = columnWalk(run, index.number);
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      run.result.blocks++;
      const count = columnRows(entry.chunk);
      const place = `The chunk of column ${index.number} from id ${entry.firstId}`;
      if (count < 0) {
        run.fault("block", `${place} is unreadable: its length does not add up.`);
        continue;
      }
      const isInPlace = entry.firstId >= endId && entry.firstId + count <= run.store.sealed.nextId;
      if (!isInPlace) run.fault("block", `${place} overlaps another one, or the end of the store.`);
      endId = entry.firstId + count;
      run.result.columnValues += readChunk(main, index.number, entry, { count, values, presence });
      if (run.pages.isFull) await run.breathe();
    }
  }
}

/** Takes the values off, so many rows at a time as there is room for; returns how many there are. */
function readChunk(
  { kernel }: VerifyKernel,
  index: number,
  { firstId, chunk }: ColumnEntry,
  { count, values, presence }: { count: number; values: number; presence: number },
): number {
  const bitsAt = 4 + count * 8;
  let present = 0;
  for (let row = 0; row < count; row += verifyColumnRows) {
    const rows = Math.min(verifyColumnRows, count - row);
    kernel.u8.set(chunk.subarray(4 + row * 8, 4 + (row + rows) * 8), values);
    kernel.u8.set(chunk.subarray(bitsAt + row / 8, bitsAt + Math.ceil((row + rows) / 8)), presence);
    present += kernel.exports.verifyColumn(index, values, presence, rows, BigInt(firstId + row));
  }
  return present;
}
