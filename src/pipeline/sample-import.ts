import { planSampleBytesMax } from "../kernel/index.js";
import type { Source, StoreBytes, StoreReader, Target } from "../ports/index.js";
import { type IndexSizes, type TuplePlace, TupleSizes } from "../postings/index.js";
import type { ImportHost, ImportPlan, ImportReport, SpillCounts } from "./import-plan.js";
import { addSpills, noSpills } from "./import-tally.js";
import { runImport } from "./run-import.js";
import { SamplePace } from "./sample-pace.js";
import { type SampleReading, SampleSource, SampleTime } from "./sample-source.js";
import { spreadSpots } from "./sample-spots.js";

/** A store that is thrown away afterwards. */
export interface ScratchTarget {
  target: Target;
  /** Opens what was imported; null for a target that keeps nothing. */
  openReader: (() => Promise<StoreReader & AsyncDisposable>) | null;
}

export interface InputSource {
  source: Source;
  /** As stored; null for a stream. */
  sizeBytes: number | null;
}

export interface SampledSource extends InputSource {
  reading: SampleReading;
}

/** What an import of a sample measured. */
export interface SampleImport {
  report: ImportReport;
  /** All sources, and those that were sampled. */
  inputs: InputSource[];
  sources: SampledSource[];
  /** Places in the input that the sample is from. */
  places: number;
  spilled: SpillCounts;
  pace: { read: SamplePace; merge: SamplePace };
  store: StoreSizes | null;
}

export interface StoreSizes {
  bytes: StoreBytes;
  indexes: Map<number, IndexSizes>;
  postingBytes: number;
  keys: number;
}

/**
 * Imports a sample of the sources as the import itself would, with the same threads, shares and code, into a
 * store that is thrown away: what it measures needs no guessing.
 */
export async function importSample(
  plan: ImportPlan,
  scratch: ScratchTarget,
  options: { signal: AbortSignal; bytesMax?: number },
): Promise<SampleImport> {
  const sized = await Promise.all(
    plan.sources.map(async (source) => ({ source, sizeBytes: (await source.fingerprint()).sizeBytes })),
  );
  const chosen = spotsOf(sized, options.bytesMax ?? planSampleBytesMax);
  const places = chosen.reduce((sum, { spots }) => sum + spots.length, 0);
  const time = new SampleTime();
  const samples = chosen.map(({ source, spots }) => new SampleSource(source, spots, time));
  const spilled = noSpills();
  const pace = { read: new SamplePace(), merge: new SamplePace() };
  const host: ImportHost = {
    signal: options.signal,
    onProgress: ({ phase }) => {
      if (phase !== "read") pace.read.end();
    },
    onNotice: () => {},
    onBatch: ({ records }) => {
      time.begin();
      pace.read.note(records);
    },
    onMerged: (bytes) => pace.merge.note(bytes),
    onSpilled: (counts) => addSpills(spilled, counts),
  };
  const report = await runImport(
    {
      ...plan,
      sources: samples.map((sample) => sample.source),
      target: scratch.target,
      rejects: { path: null, isAbort: false, rejectsMax: null, rerun: () => null },
      isFresh: true,
      offset: 0,
      limit: null,
    },
    host,
  );
  pace.merge.end();
  return {
    report,
    inputs: sized,
    sources: chosen.map((file, index) => ({ ...file, reading: samples[index]!.reading })),
    places,
    spilled,
    pace,
    store: scratch.openReader === null ? null : await storeSizes(scratch.openReader, report, places),
  };
}

/** A stream has no places to choose from: what there is of it is its sample. */
function spotsOf(sized: readonly InputSource[], bytesMax: number) {
  const known = sized.flatMap(({ source, sizeBytes }) => (sizeBytes === null ? [] : [{ source, sizeBytes }]));
  if (known.length === sized.length) return spreadSpots(known, bytesMax);
  return sized.map((file) => ({ ...file, spots: [{ offset: 0, bytes: Number.MAX_SAFE_INTEGER }] }));
}

/** Readers give way in time: what they map counts as memory. */
async function storeSizes(
  openReader: () => Promise<StoreReader & AsyncDisposable>,
  report: ImportReport,
  places: number,
): Promise<StoreSizes> {
  const sizes = new TupleSizes(report.records.read / Math.max(1, places));
  const bytesMax = report.memory.shares.mappedPages ?? 0;
  for (let next: TuplePlace | null = { index: 0, term: 0n, id: 0 }; next !== null; ) {
    await using reader: StoreReader & AsyncDisposable = await openReader();
    next = addBlocks(reader, next, sizes, bytesMax);
  }
  await using reader = await openReader();
  const { postingBytes = 0, keys = 0 } = reader.sealed.segments[0] ?? {};
  return { bytes: reader.bytes(), indexes: sizes.finish(), postingBytes, keys };
}

/** Adds blocks until so many bytes are read; the answer is where to go on, null at the end. */
function addBlocks(
  reader: StoreReader,
  from: TuplePlace,
  sizes: TupleSizes,
  bytesMax: number,
): TuplePlace | null {
  const segment = reader.sealed.segments[0];
  if (segment === undefined) return null;
  let bytes = 0;
  for (const { block, ...place } of reader.tupleBlocks(segment.number, from.index, from.term, from.id)) {
    if (bytes >= bytesMax && bytes > 0) return place;
    sizes.add(block);
    bytes += block.length;
  }
  return null;
}
