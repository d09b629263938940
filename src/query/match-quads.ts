import type { StoreReader } from "../ports/index.js";
import { type QueryOptions, query } from "./evaluate.js";
import { LiveRecord } from "./live-record.js";
import { facetsText, quadLine } from "./quad-line.js";

/**
 * Quads that meet a pattern, as statements of N-Quads without the ends of their lines, as they are found; a
 * quad of Dgraph's dialect with its facets.
 */
export function* matchQuads(
  reader: StoreReader,
  match: string,
  options: QueryOptions = {},
): Generator<Uint8Array> {
  for (const { id, bytes } of query(reader, { match }, options)) {
    const record = new LiveRecord(id, 0, bytes);
    yield Buffer.from(quadLine(record.value, facetsText(record) ?? null), "utf8");
  }
}
