import { PlimsollError } from "../../kernel/index.js";
import type { DbiHead } from "../snapshot-entry.js";
import { dupSortTransform, lmdbFlags, transformSinceVersion } from "./format.js";
import type { DatabaseSchema } from "./key-order.js";

/**
 * Refuses a database whose keys would not mean here what they meant where they were written: with a transform
 * that is not known, with any under the native schema, and with several values a key without one.
 */
export function checkTransform(
  head: DbiHead,
  { name, formatVersion }: { name: string; formatVersion: number },
  schema: DatabaseSchema,
): void {
  const { transform } = head;
  const refuse = (reason: string) =>
    new PlimsollError("SNAPSHOT_TRANSFORM", { name, database: head.name, reason });
  if (transform !== "" && transform !== dupSortTransform) throw refuse(`its transform is ${transform}`);
  if (schema === "native" && transform !== "") throw refuse("the native schema has no transforms");
  if (formatVersion < transformSinceVersion) return;
  const isDupSort = (head.flags & lmdbFlags.dupSort) !== 0n;
  if (isDupSort && transform === "") throw refuse("it has DUPSORT and no transform");
  if (!isDupSort && transform !== "") throw refuse("it has a transform and no DUPSORT");
}
