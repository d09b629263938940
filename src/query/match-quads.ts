import type { StoreReader } from "../ports/index.js";
import { type QueryOptions, query } from "./evaluate.js";
import { quadLine } from "./quad-line.js";

/** Quads that meet a pattern, as statements of N-Quads without the ends of their lines, as they are found. */
export function* matchQuads(
  reader: StoreReader,
  match: string,
  options: QueryOptions = {},
): Generator<Uint8Array> {
  for (const { bytes } of query(reader, { match }, options)) {
    yield Buffer.from(quadLine(JSON.parse(Buffer.from(bytes).toString("utf8"))), "utf8");
  }
}
