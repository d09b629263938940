import { KiB } from "./sizes.js";

/** Bounds of relational targets. */

/** PostgreSQL cuts longer names off. */
export const tableNameBytesMax = 63;

/** A page of rows is handed on when it has grown to this; one row may be larger and goes alone. */
export const rowPageBytes = 64 * KiB;
