import type { IndexSizes } from "../postings/index.js";

/** From a sample of `sampled` records to an import of `records`; ids go up to `idMax`. */
export interface Growth {
  sampled: number;
  records: number;
  idMax: number;
  /** Places of the sample: lists that stay within one of them grow in number, not in length. */
  places: number;
}

/**
 * Bytes that the posting lists of an index take when there are more records (or fewer: in a run) than in the
 * sample. Every list has a head and a first id; every further posting is a gap. Gaps within the sample stay
 * as they are, since a term's rate gives their width; what was several lists and becomes one adds wide gaps.
 */
export function postingBytesAt(sizes: IndexSizes, growth: Growth): number {
  const { sampled, records, idMax } = growth;
  if (sizes.lists === 0) return 0;
  const times = records / sampled;
  const lists = listsAt(sizes, growth);
  const density = Math.log2(lists / sizes.lists) / 7;
  const headBytes = Math.max(3, sizes.headBytes / sizes.lists - density);
  const idBytes = Math.max(
    1,
    sizes.firstIdBytes / sizes.lists + varintBytesMean(idMax) - varintBytesMean(sampled),
  );
  const joined = sizes.lists * times - lists;
  const joinBytes = varintBytesMean(Math.sqrt(sampled * records));
  return lists * (headBytes + idBytes) + times * (sizes.gapBytes + sizes.payloadBytes) + joined * joinBytes;
}

/** Lists (distinct terms) among more or fewer records than in the sample. */
export function listsAt(sizes: IndexSizes, { sampled, records, places }: Growth): number {
  const times = records / sampled;
  const spread = times < 1 ? rarefied(sizes, times) : sizes.lists + unseenLists(sizes, times - 1);
  const close = closePart(sizes, places);
  return close * sizes.lists * times + (1 - close) * spread;
}

/** Terms in a part of the sample: a list of n is met with the chance of any of its n records. */
function rarefied(sizes: IndexSizes, part: number): number {
  let lists = 0;
  for (const [length, count] of sizes.lengths) lists += count * (1 - (1 - part) ** length);
  return lists;
}

/**
 * Terms that the sample has not seen and `more` times as many records will show, from how many lists have
 * one, two and three postings: rates of rare terms are taken to follow a gamma distribution (Efron and
 * Thisted 1976). That covers a closed vocabulary, words with their power law, and a new term in every record.
 */
function unseenLists(sizes: IndexSizes, more: number): number {
  const one = sizes.lengths.get(1) ?? 0;
  if (one === 0) return 0;
  if (!sizes.lengths.has(2)) return one * more;
  const { first, slope } = rareRates(sizes.lengths);
  if (slope < slopeMin) return (one * -Math.expm1(-first * more)) / first;
  const shape = first / slope - 1;
  if (Math.abs(shape) < slopeMin) return (one * Math.log1p(slope * more)) / slope;
  return (one * (1 - (1 + slope * more) ** -shape)) / (shape * slope);
}

/**
 * Under a gamma distribution (n + 1) times the lists of n + 1 by the lists of n lie on a line over n: its
 * value at 1 and its slope, fitted to the shortest lists, each counted by how surely it is known.
 */
function rareRates(lengths: IndexSizes["lengths"]): { first: number; slope: number } {
  let [weights, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  for (let length = 1; length <= fittedLengthMax; length++) {
    const [few, more] = [lengths.get(length) ?? 0, lengths.get(length + 1) ?? 0];
    if (few === 0 || more === 0) break;
    const y = ((length + 1) * more) / few;
    const weight = 1 / (y * y * (1 / few + 1 / more));
    const x = length - 1;
    weights += weight;
    sumX += weight * x;
    sumY += weight * y;
    sumXX += weight * x * x;
    sumXY += weight * x * y;
  }
  const spread = weights * sumXX - sumX * sumX;
  const slope = spread > 0 ? (weights * sumXY - sumX * sumY) / spread : 0;
  if (slope < slopeMin) return { first: sumY / weights, slope: 0 };
  const bounded = Math.min(1, slope);
  return { first: Math.max(slopeMin, (sumY - bounded * sumX) / weights), slope: bounded };
}

/** Longer lists are of terms that the sample knows: they say little of those it has not met. */
const fittedLengthMax = 5;

/** Below this the formula is at its limit, which has a form of its own. */
const slopeMin = 1e-3;

/**
 * The part of the terms that come and go with the place in the input, as times do: by how many short lists
 * lie within one place of the sample, over what chance would bring.
 */
function closePart(sizes: IndexSizes, places: number): number {
  if (places < 2 || sizes.shortLists === 0) return 0;
  // Of two ids anywhere in the sample; more of them lie close together by chance less often.
  const byChance = (2 - 1 / places) / places;
  return Math.max(0, (sizes.closeLists / sizes.shortLists - byChance) / (1 - byChance));
}

/** Mean width of numbers spread evenly from 0 to `max`. */
function varintBytesMean(max: number): number {
  let mean = 0;
  let from = 0;
  for (let bytes = 1; from < max; bytes++) {
    const to = Math.min(max, 128 ** bytes);
    mean += (bytes * (to - from)) / max;
    from = to;
  }
  return Math.max(1, mean);
}

/**
 * Distinct keys among `records`, by how many a sample shows: as if every key came equally often. Two
 * equal keys are both in a sample as seldom as its square, so few repeats in a sample mean many in all.
 */
export function distinctAt(sampled: number, distinct: number, records: number): number {
  if (distinct === 0 || sampled === 0) return 0;
  if (records <= sampled || distinct >= sampled) return distinct * (records / sampled);
  const seen = (keys: number) => keys * -Math.expm1(-sampled / keys);
  let [low, high] = [distinct, distinct];
  while (seen(high) < distinct && high < 1e15) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (seen(middle) < distinct) low = middle;
    else high = middle;
  }
  return high * -Math.expm1(-records / high);
}
