import type { CompiledEntity } from "../model/index.js";
import { decodeRecordBlock } from "../postings/index.js";
import type { LiveLoader } from "./live-loader.js";

/** A record, or why the statement is none. */
export type QuadRecord = Uint8Array | { code: string; reason: string };

/**
 * The records that statements are, one a line: of N-Quads, or of Dgraph's dialect where the store has quads
 * of it. Labels of blank nodes stay as they are, so that what was read from a store is found in it.
 */
export function quadRecords(
  loader: LiveLoader,
  entity: CompiledEntity,
  lines: readonly Uint8Array[],
  isDeleting: boolean,
): QuadRecord[] {
  const format = entity.quads?.hasRelativeNames ? "dgraph-rdf" : "nquads";
  const options = { format, isDeleting, keepsDeletions: true, isStoredOnly: true } as const;
  const { blocks, rejects } = loader.load(entity, lines, 0, options);
  const records = new Map<number, Uint8Array>();
  for (const { firstId, block } of blocks) {
    const decoded = decodeRecordBlock(loader.kernel, block, firstId);
    for (let at = 0; at < decoded.count; at++) records.set(decoded.idAt(at), decoded.bytesAt(at).slice());
  }
  return lines.map((_, at) => records.get(at) ?? rejects.get(at)!);
}
