import { MiB } from "./sizes.js";

/** Bounds of plans. */

/** A plan imports about this much of its input for a sample, out of so many places... */
export const planSampleBytesMax = 192 * MiB;
export const planSamplePlaces = 12;

/** ...and reads no longer than this, however slow the machine: people wait for a plan. */
export const planReadMsMax = 2000;

/** What a plan writes and syncs to measure the disk, and how long that may take. */
export const planDiskProbeBytes = 16 * MiB;
export const planDiskProbeMsMax = 300;

/** What the scratch folder of a plan that was killed is known by: a plan takes seconds. */
export const planScratchAgeMsMax = 60 * 60 * 1000;
