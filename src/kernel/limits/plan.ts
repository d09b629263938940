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

/** A file of actions, and how many it may hold: a report of each is kept until the end. */
export const planFileBytesMax = 1 * MiB;
export const planActionsMax = 500;

/** What is kept of each report: points of the timeline, and decisions. */
export const planTimelinePointsMax = 16;
export const planDecisionsMax = 16;

/** Faults of one file that are told at once, and bad rows of one action. */
export const planFaultsShown = 20;
export const planRejectsShown = 5;
