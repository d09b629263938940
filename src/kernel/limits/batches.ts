import { MiB } from "./sizes.js";

/** Bounds of governed batches. */

/**
 * Objects visited when the size of one JavaScript value is estimated, and how many of one container: the rest
 * is taken to be like them. A set of all that were visited costs about 40 bytes each.
 */
export const sizeEstimateNodesMax = 100_000;
export const sizeEstimateChildrenMax = 4096;

/**
 * `governedBatches` needs this much room under the line, and leaves a tenth of it to chance: a little more
 * where there is little, because allocators take memory in pieces of a megabyte or two.
 */
export const lineRoomBytesMin = 2 * MiB;
export const lineMarginBytesMin = 4 * MiB;
export const lineRoomFraction = 0.9;

/**
 * What a process takes for a byte of a batch: its objects, the garbage of making them, the consumer's copies.
 * Twice the bytes until it was measured; what goes beyond fourfold is no longer the batch's doing.
 */
export const footprintFactorInitial = 2;
export const footprintFactorMax = 4;

/** A batch's growth of the process below this part of its bytes is a leak or the heap's own, not its cost. */
export const footprintDriftFraction = 1 / 8;

/** A collection of garbage that gave nothing back is tried again after so many batches at the latest. */
export const collectRestBatchesMax = 64;

/** After a collection V8 unmaps the pages in a thread of its own, which takes a few milliseconds. */
export const collectSettleMs = 10;

/** An item of no size still has its place in the batch: a source of empty items must not fill the memory. */
export const itemBytesMin = 8;
