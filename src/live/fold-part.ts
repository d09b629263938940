import { setImmediate } from "node:timers/promises";
import { liveCommitRecords } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { SealedState, TargetSession } from "../ports/index.js";
import { keyRulesOf } from "../postings/index.js";
import { joinedImport } from "./import-mark.js";
import type { LiveLoader } from "./live-loader.js";
import type { LoggedRecord } from "./live-log.js";
import type { LivePart } from "./live-part.js";
import { mergeRuns, runOf, segmentCounts } from "./live-run.js";
import { loadRecords } from "./live-state.js";

export interface FoldOptions {
  session: TargetSession;
  /** What is sealed now. */
  before: SealedState;
  mapping: CompiledMapping;
  loader: LiveLoader;
  part: LivePart;
  /** All that is in the log of the part. */
  records: readonly LoggedRecord[];
}

/**
 * Writes one part of the layer into the store: its records in whole blocks, its postings, keys and dead as
 * one segment. Everything was settled when it was written. Nothing of it counts before the state that is the
 * answer is published; what a fold that was killed has left is deleted first.
 */
export async function writePart(options: FoldOptions): Promise<SealedState> {
  const { session, before: sealed, mapping, part } = options;
  await session.rollback(sealed.nextId);
  await session.dropSegments(null);
  const number = 1 + Math.max(0, ...sealed.segments.map((segment) => segment.number));
  await writeRecords(options);
  const counts = await writeSegment(options, number);
  // On the disk already when its turn comes: a publication holds writers up.
  await session.flush();
  const isEmpty = counts.tuples === 0 && counts.keys === 0;
  const segment = { number, firstId: part.firstId, endId: part.nextId, ...counts };
  return {
    segments: isEmpty ? sealed.segments : [...sealed.segments, segment],
    nextId: part.nextId,
    liveRecords: mapping.entities.map(
      (_, entity) => (sealed.liveRecords[entity] ?? 0) + (part.liveRecords[entity] ?? 0),
    ),
    deadRecords: sealed.deadRecords + part.dead.size,
    lastImport: sealed.lastImport ?? firstImport(),
    liveFolded: part.number,
    ...liveImportOf(sealed, part),
  };
}

/** How far an import has come that writes live, with what the part has of it. */
function liveImportOf({ liveImport }: SealedState, { imported }: LivePart): Pick<SealedState, "liveImport"> {
  if (imported !== null) return { liveImport: joinedImport(liveImport, imported) };
  return liveImport === undefined ? {} : { liveImport };
}

/** Made again of the log: what single commits made are blocks of a few records. */
async function writeRecords({ session, mapping, loader, part, records }: FoldOptions): Promise<void> {
  const kept = part.leftOut.size === 0 ? records : records.filter((_, at) => !part.leftOut.has(at));
  for (let from = 0; from < kept.length; from += liveCommitRecords) {
    const firstId = part.firstId + from;
    const some = kept.slice(from, from + liveCommitRecords);
    const loaded = loadRecords(mapping, some, firstId, (entity, bytes, id, isDeleting) =>
      loader.load(entity, bytes, id, { isStoredOnly: true, isDeleting }),
    );
    await session.append({
      blocks: loaded.flatMap(({ blocks }) => blocks),
      columns: loaded.flatMap(({ columns }) => columns),
      place: { firstId, source: `live/${part.number}`, offset: 0, line: from + 1, record: from + 1 },
    });
    // Those who write meanwhile have their turn.
    await setImmediate();
  }
}

async function writeSegment({ session, mapping, loader, part }: FoldOptions, number: number) {
  const dead = loader.deadBlocks([...part.dead].sort(([left], [right]) => left - right));
  const merged =
    part.runs.length === 1 ? part.runs[0]! : mergeRuns(loader.kernel, part.runs, keyRulesOf(mapping).length);
  const run = runOf([...dead, ...merged.tuples], merged.keys);
  for (const entry of run.tuples) await session.appendTupleBlock(number, entry);
  for (const entry of run.keys) await session.appendKeyBlock(number, entry);
  return segmentCounts(run);
}

/** A store is taken for unsealed while it has had no import. */
function firstImport(): NonNullable<SealedState["lastImport"]> {
  return { id: "live", sealedAt: new Date().toISOString(), sources: [], records: {} };
}
