import { KiB, MiB } from "./sizes.js";

/** Bounds of what feeds come as. */

/**
 * The footer of a Parquet file names every column of every row group; as objects it takes so many times its
 * bytes.
 */
export const parquetFooterBytesMax = 16 * MiB;
export const parquetFooterFactor = 12;

/** Read for the head of a page, which is longer where it has statistics of long texts. */
export const parquetWindowBytes = 4 * KiB;
export const parquetHeaderBytesMax = 2 * MiB;

/**
 * Pages whose heads are read before a file is opened, to see what it takes: those of some tens of gigabytes.
 */
export const parquetPagesMeasuredMax = 20_000;

/** Rows that go out between two looks at the pages of all columns. */
export const parquetStepRowsMax = 1024;

/** What decoding leaves behind is collected after so much of it. */
export const parquetGarbageBytesMax = 16 * MiB;

/** Heap beyond what is reckoned with: garbage between two collections, and pages that V8 keeps half full. */
export const parquetSlack = 1.25;

/** Names of members that are looked at on the way to an array of records. */
export const recordsPathNameBytesMax = 1024;
