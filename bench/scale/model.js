// The cost of an import of any size, from two that were measured. Every term is one of the algorithm: buffers that are
// filled, runs that are merged, passes over them, bytes that go to the disk; docs/scale.md says how each is worked out.
import { forecastRuns } from "../../dist/pipeline/run-forecast.js";

/** `measured` are two imports, the smaller one first; `disk` has the speeds in bytes a second. */
export function fitModel([small, large], disk) {
  const { workers, edges, mergeInputsMax, startSeconds } = large;
  const merge = fittedMerge(small, large);
  return {
    workers,
    mergeInputsMax,
    disk,
    startSeconds,
    peakBytes: Math.max(small.peakBytes, large.peakBytes),
    decodeSeconds: decodeSecondsOf(large) / edges,
    sortSeconds: sortSecondsOf(large) / edges,
    merge,
    entries: entriesOf(large) / edges,
    edgesPerRun: edges / large.tupleRuns,
    inputBytes: large.inputBytes / edges,
    recordBytes: large.store.records / edges,
    keyBytes: large.store.keys / edges,
    postingBytes: growing(small, large, ({ store }) => store.postings),
    spilledBytes: growing(small, large, ({ tupleBytes, keyBytes }) => tupleBytes + keyBytes),
  };
}

/** What the import of so many edges takes. */
export function project(model, edges) {
  const { workers, mergeInputsMax, disk } = model;
  const wanted = Math.max(workers, Math.ceil(edges / model.edgesPerRun));
  const { runs, mergedAgain, mergePasses } = runsOf(wanted, workers, mergeInputsMax);
  const passesByFormula = runs <= 1 ? 1 : Math.max(1, Math.ceil(Math.log(runs) / Math.log(mergeInputsMax)));
  const spilled = edges * perEdge(model.spilledBytes, edges);
  const records = edges * model.recordBytes;
  const sorted = edges * (perEdge(model.postingBytes, edges) + model.keyBytes);
  const input = edges * model.inputBytes;
  const { writeBytesPerSecond: write, readBytesPerSecond: read } = disk;
  const entries = edges * model.entries;
  const lastInputs = Math.min(runs, mergeInputsMax);
  const onDisk = {
    read: input / read + (spilled + records) / write,
    lower: spilled * mergedAgain * (1 / read + 1 / write),
    merge: spilled / read + sorted / write,
  };
  const busy = {
    start: model.startSeconds,
    decode: edges * model.decodeSeconds,
    sort: edges * model.sortSeconds,
    lower: entries * mergedAgain * mergeCost(model.merge, Math.min(runs, mergeInputsMax)),
    merge: entries * mergeCost(model.merge, lastInputs),
  };
  const seconds = {
    ...busy,
    decode: Math.max(busy.decode, onDisk.read - busy.sort),
    lower: Math.max(busy.lower, onDisk.lower),
    merge: Math.max(busy.merge, onDisk.merge),
  };
  return {
    edges,
    runs,
    passesByFormula,
    mergePasses,
    mergedAgain,
    seconds,
    totalSeconds: Object.values(seconds).reduce((sum, one) => sum + one, 0),
    diskSeconds: onDisk.read + onDisk.lower + onDisk.merge,
    spilledBytes: spilled * (1 + mergedAgain),
    storeBytes: records + sorted,
    diskPeakBytes: records + sorted + spilled,
    bytesWritten: spilled * (1 + mergedAgain) + records + sorted,
    peakBytes: model.peakBytes,
  };
}

/** The phases of a measured import as the model divides them. */
export function phasesOf(measured) {
  return {
    start: measured.startSeconds,
    decode: decodeSecondsOf(measured),
    sort: sortSecondsOf(measured),
    lower: measured.prepareSeconds,
    merge: measured.mergeSeconds - measured.prepareSeconds,
  };
}

/** Workers sort while none of them decodes in their stead. */
function sortSecondsOf({ sortSeconds, syncSeconds, workers }) {
  return (sortSeconds + syncSeconds) / workers;
}

function decodeSecondsOf(measured) {
  return measured.readSeconds - sortSecondsOf(measured);
}

function entriesOf({ tuples, keys }) {
  return tuples + keys;
}

/** Seconds an entry: passing it on, and a match for each doubling of the inputs. */
function mergeCost({ pass, match }, inputs) {
  return pass + match * Math.log2(Math.max(1, inputs));
}

/** The kernel alone passes an entry on in the time of eight to nine matches, whatever there is beside it. */
const passPerMatchMin = 8;

/** Two measures, two unknowns; noise makes matches neither give time back nor cost more than the kernel's own do. */
function fittedMerge(small, large) {
  const costOf = (one) => (one.mergeSeconds - one.prepareSeconds) / entriesOf(one);
  const [few, many] = [small, large].map(({ tupleRuns }) => Math.log2(tupleRuns));
  const fitted = many > few ? (costOf(large) - costOf(small)) / (many - few) : 0;
  const match = Math.min(Math.max(0, fitted), costOf(large) / (passPerMatchMin + many));
  return { pass: costOf(large) - match * many, match };
}

/** Bytes an edge that grow with the logarithm of the size: ids become wider, lists more. */
function growing(small, large, bytesOf) {
  const [low, high] = [small, large].map((one) => bytesOf(one) / one.edges);
  return { at: large.edges, bytes: high, perDecade: (high - low) / Math.log10(large.edges / small.edges) };
}

function perEdge({ at, bytes, perDecade }, edges) {
  return Math.max(0, bytes + perDecade * Math.log10(edges / at));
}

/** The import's own rule of lowering runs, on runs of one size. */
function runsOf(runs, threads, mergeInputsMax) {
  return forecastRuns({
    fills: runs,
    threads,
    mergeInputsMax,
    readSeconds: 1,
    bytesInput: 1,
    records: 1,
    syncBytes: 1,
    syncRecords: null,
  });
}
