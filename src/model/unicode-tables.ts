import { readFileSync } from "node:fs";
import { assert, type Kernel } from "../kernel/index.js";

const tablesUrl = new URL("../../dist/unicode-tables.bin", import.meta.url);

/**
 * Gives a kernel the tables by which it cuts and folds text that is not ASCII; they take
 * `unicodeTablesBytes` of its memory, and go when that is released. The build makes them, so that every
 * version of Node.js cuts words alike: an index written under one is searched under another.
 */
export function installUnicodeTables(kernel: Kernel): void {
  const { exports } = kernel;
  const tables = readFileSync(tablesUrl);
  assert(tables.length === exports.textTablesBytes(), "the Unicode tables are those of this build");
  const at = kernel.alloc(tables.length);
  kernel.u8.set(tables, at);
  exports.textTablesSet(at);
}

export function unicodeTablesBytes(kernel: Kernel): number {
  return kernel.exports.textTablesBytes() + 16;
}
