import { KiB, MiB } from "./sizes.js";

/** Bounds of the governor, of the threads' heaps, and of data on its way to the disk. */

/** The gauge's slower readings: control groups and heap statistics need not be newer than this. */
export const gaugeCgroupMs = 20;
export const gaugeHeapMs = 100;

/** The files that the gauge reads are shorter than this (memory.stat has about 60 lines). */
export const gaugeFileBytesMax = 16 * KiB;

/** The longest that one batch is held back under pressure, unless --max-delay says otherwise. */
export const delayMsMaxDefault = 1000;

/** A relief that gave nothing back rests for this long, doubled each time up to the second. */
export const reliefRestMs = 250;
export const reliefRestMsMax = 8_000;

/**
 * Pressure that comes back within this time of its end was no end: the next calm has to last, at first this
 * long, doubled with every relapse up to the ceiling.
 */
export const pressureRelapseMs = 5_000;
export const pressureDwellMs = 250;
export const pressureDwellMsMax = 8_000;

/**
 * A wait that brings nothing back is halved, down to this part: a neighbour may keep what it took for ever.
 */
export const delayPartMin = 1 / 32;

/** Memory below this is not worth a relief: it comes and goes with every batch. */
export const reliefWorthBytes = 1 * MiB;

/** How often the governor looks whether the disk has taken what was dirty. */
export const writebackPollMs = 10;

/** The latest decisions of the governor, kept for the report: some 200 bytes each. */
export const decisionsMax = 128;

/** The report's timeline and the batch sizes behind its median: thinned by halving when full. */
export const timelinePointsMax = 600;
export const timelineStepMs = 100;
export const batchSamplesMax = 1024;

/**
 * The old generation of a worker's heap, from its part of the line. Its code and tables take 5 MB; mappings
 * of thousands of fields, a few times that: below the floor they would not load.
 */
export const workerOldHeapBytesMin = 20 * MiB;
export const workerOldHeapBytesMax = 64 * MiB;
export const workerYoungHeapBytes = 2 * MiB;
export const workerStackBytes = 2 * MiB;

/**
 * Threads start before the line is divided where it is this long: what has begun to boot blurs by some MiB
 * what is measured for that. One that has booted and waits takes 9 MiB; so much of it is not counted twice.
 */
export const earlyThreadsLineBytesMin = 160 * MiB;
export const waitingThreadBytes = 8 * MiB;

/**
 * Run files reach the disk after this many bytes at most, less where the share of write-back is smaller:
 * dirty page cache counts against a container's limit. Below the floor the disk would do nothing but sync.
 */
export const runSyncBytes = 8 * MiB;
export const runSyncBytesMin = 256 * KiB;

/** The part of the write-back share that is left to the file system's own blocks: they are dirty as well. */
export const writebackMetadataFraction = 1 / 4;

/** Rejects reach the disk after this many bytes, and with every checkpoint. */
export const rejectSyncBytes = 512 * KiB;
