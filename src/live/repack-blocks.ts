import type { CompiledEntity, CompiledMapping } from "../model/index.js";
import { decodeRecordBlock } from "../postings/index.js";
import type { LiveLoader } from "./live-loader.js";
import type { StoredLoad } from "./live-part.js";

/** Records of one entity whose ids follow one another. */
interface Stretch {
  entity: CompiledEntity;
  firstId: number;
  records: Uint8Array[];
}

/** Blocks of few records as blocks of many: the same records with the ids that they have. */
export function repack(
  loader: LiveLoader,
  mapping: CompiledMapping,
  loads: readonly StoredLoad[],
): StoredLoad[] {
  const stretches = [...stretchesOf(loader, mapping, loads)];
  return stretches.map(({ entity, records, firstId }) =>
    loader.load(entity, records, firstId, { isStoredOnly: true }),
  );
}

/** Deletions have ids and no records: a stretch ends there. */
function* stretchesOf(
  loader: LiveLoader,
  { entities }: CompiledMapping,
  loads: readonly StoredLoad[],
): Generator<Stretch> {
  let stretch: Stretch | null = null;
  for (const { firstId, block } of loads.flatMap(({ blocks }) => blocks)) {
    const decoded = decodeRecordBlock(loader.kernel, block, firstId);
    const entity = entities[decoded.entity]!;
    for (let at = 0; at < decoded.count; at++) {
      const id = decoded.idAt(at);
      if (
        stretch !== null &&
        (stretch.entity !== entity || id !== stretch.firstId + stretch.records.length)
      ) {
        yield stretch;
        stretch = null;
      }
      stretch ??= { entity, firstId: id, records: [] };
      stretch.records.push(decoded.bytesAt(at));
    }
  }
  if (stretch !== null) yield stretch;
}
