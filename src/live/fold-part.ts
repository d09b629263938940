import { liveCommitBytes, liveCommitRecords, recordBlockBytes } from "../kernel/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { SealedState, TargetSession } from "../ports/index.js";
import { type KeyRule, keyRulesOf, streamOfBlocks } from "../postings/index.js";
import { joinedImport } from "./import-mark.js";
import type { LiveLoader } from "./live-loader.js";
import type { LivePart, StoredLoad } from "./live-part.js";
import { repack } from "./repack-blocks.js";
import { type SegmentSources, writeSegment } from "./segment-writer.js";

export interface FoldOptions {
  session: TargetSession;
  /** What is sealed now. */
  before: SealedState;
  /** Of the segment that is written. */
  number: number;
  mapping: CompiledMapping;
  loader: LiveLoader;
  part: LivePart;
  /** Awaited behind each step: those who write meanwhile have their turn. */
  breathe: () => Promise<void>;
}

/** In the head of a record block: see record-block.ts of postings. */
const recordCountAt = 2;
const rawBytesAt = 4;

/**
 * Writes one part of the layer into the store: its records in whole blocks, its postings, keys and dead as
 * one segment. Everything was settled when it was written. Nothing of it counts before the state that is the
 * answer is published.
 */
export async function writePart(options: FoldOptions): Promise<SealedState> {
  const { session, before: sealed, number, mapping, loader, part, breathe } = options;
  await writeRecords(options);
  const counts = await writeSegment({ session, number, kernel: loader.kernel }, sourcesOf(options), breathe);
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

/** As they were loaded; what single commits made are blocks of a few records, and packed again. */
async function writeRecords({ session, mapping, loader, part, breathe }: FoldOptions): Promise<void> {
  for (const group of groupsOf(part.stored)) {
    const loads = group.length === 1 ? group : repack(loader, mapping, group);
    const blocks = loads.flatMap((load) => load.blocks);
    const firstId = (group[0]!.blocks[0] ?? group[0]!.columns[0]!).firstId;
    const line = firstId - part.firstId + 1;
    await session.append({
      blocks,
      columns: loads.flatMap(({ columns }) => columns),
      place: { firstId, source: `live/${part.number}`, offset: 0, line, record: line },
    });
    await breathe();
  }
}

/**
 * Loads that are to be packed as one, for as many records as a commit may have; one of whole blocks alone.
 */
function* groupsOf(loads: readonly StoredLoad[]): Generator<StoredLoad[]> {
  let group: StoredLoad[] = [];
  let [groupRecords, groupBytes] = [0, 0];
  for (const load of loads) {
    const { records, bytes } = sizeOf(load);
    const isFull = groupRecords + records > liveCommitRecords || groupBytes + bytes > liveCommitBytes;
    if (group.length > 0 && (isFull || bytes >= recordBlockBytes)) {
      yield group;
      group = [];
      [groupRecords, groupBytes] = [0, 0];
    }
    group.push(load);
    groupRecords += records;
    groupBytes += bytes;
  }
  if (group.length > 0) yield group;
}

/** Records and their bytes, as the heads of the blocks tell. */
function sizeOf({ blocks }: StoredLoad): { records: number; bytes: number } {
  let [records, bytes] = [0, 0];
  for (const { block } of blocks) {
    const view = new DataView(block.buffer, block.byteOffset);
    records += view.getUint16(recordCountAt, true);
    bytes += view.getUint32(rawBytesAt, true);
  }
  return { records, bytes };
}

/** Postings, keys and dead of a part, all of them settled. */
function sourcesOf({ loader, mapping, part }: FoldOptions): SegmentSources {
  const dead = loader.deadBlocks([...part.dead].sort(([left], [right]) => left - right));
  const streamOf = (entries: readonly { block: Uint8Array }[]) =>
    streamOfBlocks(entries.map(({ block }) => block));
  return {
    tuples: [dead, ...part.runs.map(({ tuples }) => tuples)].map(streamOf),
    keys: part.runs.map(({ keys }) => streamOf(keys)),
    rules: keyRulesOf(mapping).map((): KeyRule => "all"),
    firstNewId: 0,
  };
}

/** A store is taken for unsealed while it has had no import. */
function firstImport(): NonNullable<SealedState["lastImport"]> {
  return { id: "live", sealedAt: new Date().toISOString(), sources: [], records: {} };
}
