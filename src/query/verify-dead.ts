import { tupleBlockBytesMax } from "../kernel/index.js";
import { tupleWalk } from "./store-walks.js";
import type { Verification } from "./verification.js";
import type { VerifyKernel } from "./verify-kernel.js";

/** Reads the lists of dead records of all segments into the kernel's bitmap: a bit for each id. */
export async function readDead(run: Verification, main: VerifyKernel): Promise<void> {
  const { kernel, regions, sizes } = main;
  if (sizes.deadBytes === 0) return;
  kernel.exports.verifyBindDead(regions.dead, 0n, BigInt(run.store.sealed.nextId));
  for (const segment of run.store.sealed.segments) {
    using walk = tupleWalk(run, segment.number, 0);
    for (let entry = walk.next(); entry !== undefined; entry = walk.next()) {
      if (entry.index !== 0) break;
      // What is wrong with a block is told when all of them are read.
      if (entry.block.length > tupleBlockBytesMax) continue;
      kernel.u8.set(entry.block, regions.block);
      if (kernel.exports.verifyDeadBlock(regions.block, entry.block.length) === 0) break;
      if (run.pages.isFull) await run.breathe();
    }
  }
}
