import { tupleBlockBytesMax } from "../kernel/index.js";
import type { TupleBlockEntry } from "../ports/index.js";
import { blockTuples } from "./block-groups.js";
import { tupleWalk } from "./store-walks.js";
import type { Verification } from "./verification.js";
import type { VerifyKernel } from "./verify-kernel.js";

/** Reads all posting blocks once: their form and order are checked, and they are taken off the cells. */
export async function verifyPostings(run: Verification, main: VerifyKernel): Promise<void> {
  const known = knownIndexes(run, main);
  let dead = 0;
  for (const segment of run.store.sealed.segments) {
    let tuples = 0;
    main.kernel.exports.verifySegment();
    using walk = tupleWalk(run, segment.number, 0);
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      run.result.blocks++;
      tuples += blockTuples(entry.block);
      dead += readBlock(run, main, known, entry, segment.number);
      if (run.pages.isFull) await run.breathe();
    }
    if (tuples !== segment.tuples) {
      run.fault("count", `Segment ${segment.number} states ${segment.tuples} postings and holds ${tuples}.`);
    }
  }
  const { deadRecords } = run.store.sealed;
  if (dead !== deadRecords) {
    run.fault("count", `The store states ${deadRecords} dead records and lists ${dead}.`);
  }
}

/** A byte for each row of cells: whether the mapping has that index. */
function knownIndexes(run: Verification, main: VerifyKernel): number {
  const known = main.kernel.alloc(main.layout.rows);
  main.kernel.u8.fill(0, known, known + main.layout.rows);
  for (const { index } of run.indexes) main.kernel.u8[known + index.number] = 1;
  return known;
}

/** Returns how many dead records the block names. */
function readBlock(
  run: Verification,
  main: VerifyKernel,
  known: number,
  entry: TupleBlockEntry,
  segment: number,
): number {
  const { kernel, regions } = main;
  const { exports } = kernel;
  const { index, term, id, block } = entry;
  const place = `The posting block (index ${index}, term ${term}, id ${id}) of segment ${segment}`;
  if (block.length > tupleBlockBytesMax) {
    run.fault("block", `${place} is unreadable: it is too long.`);
    return 0;
  }
  kernel.u8.set(block, regions.block);
  const faults = exports.verifyPostings(regions.block, block.length, known, index, term, BigInt(id));
  run.result.postings += exports.postingsFound();
  if (faults !== 0) tellFaults(run, main, faults, place);
  return exports.postingsFoundDead();
}

function tellFaults(run: Verification, { kernel }: VerifyKernel, faults: number, place: string): void {
  const { exports } = kernel;
  const has = (fault: WebAssembly.Global) => (faults & fault.value) !== 0;
  if (has(exports.POSTINGS_MISKEYED))
    run.fault("block", `${place} begins with another posting than its key says.`);
  if (has(exports.POSTINGS_DISORDER)) run.fault("block", `${place} is out of order.`);
  if (has(exports.POSTINGS_BEYOND))
    run.fault("posting", `${place} names record ${exports.postingsFaultId()}, which is not there.`);
  if (has(exports.POSTINGS_UNKNOWN)) {
    const unknown = exports.postingsFaultIndex();
    run.fault("posting", `${place} holds postings of index ${unknown}, which the mapping does not have.`);
  }
  if (has(exports.POSTINGS_DAMAGED)) run.fault("block", `${place} is unreadable: its entries do not add up.`);
}
