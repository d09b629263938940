import { planSamplePlaces } from "../kernel/index.js";
import type { Source } from "../ports/index.js";
import type { SampleSpot } from "./sample-source.js";

/** Bytes that a compressed one is taken for until it is known better. */
const usualCompressionRatio = 5;

/** A source and what it takes as stored. */
export interface SizedSource {
  source: Source;
  sizeBytes: number;
}

export interface SourceSpots extends SizedSource {
  spots: SampleSpot[];
}

/**
 * Spreads a sample over the input: places at even distances, each reading on over the files that follow, so
 * that many small files are sampled as one large one is. Where a source can only be read from its start, its
 * places become one.
 */
export function spreadSpots(files: readonly SizedSource[], bytesMax: number): SourceSpots[] {
  const total = files.reduce((sum, file) => sum + weightOf(file), 0);
  if (total <= bytesMax) {
    const spots = [{ offset: 0, bytes: Number.MAX_SAFE_INTEGER }];
    return interleaved(files.map((file) => ({ ...file, spots })));
  }
  const places = Array.from({ length: planSamplePlaces }, (_, place) => (place / planSamplePlaces) * total);
  const placeBytes = bytesMax / planSamplePlaces;
  const chosen: SourceSpots[] = [];
  let start = 0;
  /** What the place that was begun in a former file has still to read. */
  let carriedBytes = 0;
  for (const file of files) {
    const end = start + weightOf(file);
    const spots: SampleSpot[] = [];
    const add = (offset: number, wanted: number) => {
      const bytes = Math.min(wanted, end - start - offset);
      const isWhole = offset === 0 && bytes === end - start;
      if (bytes > 0) spots.push({ offset, bytes: isWhole ? Number.MAX_SAFE_INTEGER : bytes });
      carriedBytes = wanted - bytes;
    };
    if (carriedBytes > 0) add(0, carriedBytes);
    for (const place of places.filter((place) => place >= start && place < end)) {
      // A file that fits its place is read from its start: whole batches tell more than the rest of one.
      add(Math.max(0, Math.min(Math.floor(place - start), end - start - placeBytes)), placeBytes);
    }
    if (spots.length > 0) {
      chosen.push({ ...file, spots: isSeekable(file) ? interleaved(spots) : [atStart(spots)] });
    }
    start = end;
  }
  return interleaved(chosen);
}

/** In an order whose every beginning is spread over the whole: time may end before the list does. */
function interleaved<T>(list: readonly T[]): T[] {
  const count = list.length;
  const step =
    stridesTried.find((stride) => stride < count && greatestCommonDivisor(stride, count) === 1) ?? 1;
  return list.map((_, index) => list[(index * step) % count]!);
}

const stridesTried = [61, 31, 17, 7, 5, 3];

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

function atStart(spots: readonly SampleSpot[]): SampleSpot {
  return { offset: 0, bytes: spots.reduce((sum, spot) => sum + spot.bytes, 0) };
}

function isSeekable({ source }: SizedSource): boolean {
  return source.compression === "none" && source.format !== "json";
}

function weightOf({ source, sizeBytes }: SizedSource): number {
  return source.compression === "none" ? sizeBytes : sizeBytes * usualCompressionRatio;
}
