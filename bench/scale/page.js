// docs/scale.md: what was measured, what is projected from it, and the arithmetic in between.
import { countText, sizeText } from "../lib/sizes.js";
import { markdownTable } from "../lib/tables.js";

const phaseNames = {
  start: "start",
  decode: "read, decode, map, append",
  sort: "sort, spill",
  lower: "merge runs into larger ones",
  merge: "merge, append, seal",
};

export function edgesText(edges) {
  if (edges >= 1e9) return `${countText(edges / 1e9)} billion`;
  return edges >= 1e6 ? `${countText(edges / 1e6)} million` : countText(edges);
}

export function durationText(seconds) {
  if (seconds < 100) return `${seconds.toFixed(1)} s`;
  if (seconds < 5400) return `${(seconds / 60).toFixed(1)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

function bytesText(bytes) {
  return bytes >= 2 ** 40 ? `${(bytes / 2 ** 40).toFixed(1)} TiB` : sizeText(bytes);
}

export function measuredTable(measures, phasesOf) {
  const header = ["edges", "wall", ...Object.values(phaseNames), "µs an edge", "edges/s"];
  header.push("runs", "spilled", "store", "peak memory");
  const rows = measures.map((one) => [
    edgesText(one.edges),
    durationText(one.wallSeconds),
    ...Object.values(phasesOf(one)).map(durationText),
    ((one.wallSeconds / one.edges) * 1e6).toFixed(2),
    countText(one.edges / one.wallSeconds),
    countText(one.tupleRuns),
    bytesText(one.tupleBytes + one.keyBytes),
    bytesText(one.store.records + one.store.postings + one.store.keys),
    sizeText(one.peakBytes),
  ]);
  return { header, rows };
}

export function projectedTable(projections) {
  const header = ["edges", "time", ...Object.values(phaseNames), "µs an edge", "runs"];
  header.push("passes", "written", "store", "most on the disk", "memory");
  const rows = projections.map((one) => [
    edgesText(one.edges),
    durationText(one.totalSeconds),
    ...Object.values(one.seconds).map(durationText),
    ((one.totalSeconds / one.edges) * 1e6).toFixed(2),
    countText(one.runs),
    String(one.passesByFormula),
    bytesText(one.bytesWritten),
    bytesText(one.storeBytes),
    bytesText(one.diskPeakBytes),
    sizeText(one.peakBytes),
  ]);
  return { header, rows };
}

/** Projected by measured, for each size that was measured beyond the two that the model is made of. */
export function checkTable(checks) {
  const header = ["edges", "", "projected", "measured", "projected / measured"];
  const rows = checks.flatMap(({ edges, projected, measured }) => {
    const spilled = measured.tupleBytes + measured.keyBytes;
    const store = measured.store.records + measured.store.postings + measured.store.keys;
    const merge = measured.mergeSeconds;
    const row = (name, one, other, text) => [
      edgesText(edges),
      name,
      text(one),
      text(other),
      (one / other).toFixed(2),
    ];
    const { start, decode, sort, lower, merge: last } = projected.seconds;
    return [
      row("time", projected.totalSeconds, measured.wallSeconds, durationText),
      row("start and reading", start + decode + sort, measured.wallSeconds - merge, durationText),
      row("merging", lower + last, merge, durationText),
      row("runs", projected.runs, measured.tupleRuns, countText),
      row("spilled", projected.spilledBytes, spilled, bytesText),
      row("store", projected.storeBytes, store, bytesText),
    ];
  });
  return { header, rows };
}

export function page({ machine, measures, phasesOf, model, projections, checks, command }) {
  const disk = `${countText(model.disk.writeBytesPerSecond / 1e6)} MB/s written and synced, ${countText(model.disk.readBytesPerSecond / 1e6)} MB/s read cold`;
  const parts = [
    head,
    "## Measured\n",
    `\`\`\`sh\n${command}\n\`\`\`\n`,
    `${machine.cpu}, ${machine.cores} cores, ${sizeText(machine.memoryBytes)} of memory, disk ${disk}, Node.js ${machine.node}, ${machine.date.slice(0, 10)}; ${measures[0].memory} of memory line, ${model.workers} workers. Times are those of the clock.\n`,
    markdownTable(measuredTable(measures, phasesOf)),
    "## Projected\n",
    markdownTable(projectedTable(projections)),
    "![Microseconds an edge by phase, measured and projected](plots/scale.png)\n",
    arithmetic(model, projections.at(-1)),
    checkText(checks),
    bounds,
  ];
  return `${parts.filter((part) => part !== "").join("\n")}`;
}

const head = `# What a load of any size takes

Written by \`npm run model:scale\`. The graph is that of \`npm run gen -- graph\`: a question-and-answer site by power laws, in which 1.7 billion edges
would be Stack Overflow. Two imports of it are measured, phase by phase; each phase is drawn out by what makes it grow. Nothing is fitted but
what two measures give; a match in the merge is held to an eighth of passing an entry on, as the kernel alone has it with 2 to 1,024 inputs.
`;

/** Every fourth edge says when something was made: the list of that predicate is the longest. */
const longestPart = 0.25;
/** Its gaps take a byte each, so a block of 16,336 bytes has about so many ids. */
const idsPerBlock = 16_300;

function longestText({ edges }) {
  const ids = edges * longestPart;
  return `a list of ${edgesText(ids)} ids is ${countText(ids / idsPerBlock)} blocks`;
}

function arithmetic(model, last) {
  const { merge, mergeInputsMax, workers } = model;
  const nano = (seconds) => `${(seconds * 1e9).toFixed(1)} ns`;
  const grows = ({ at, bytes, perDecade }) =>
    `(${bytes.toFixed(1)} ${perDecade < 0 ? "−" : "+"} ${Math.abs(perDecade).toFixed(2)} · log10(edges / ${edgesText(at)})) B`;
  const edges = edgesText(last.edges);
  const seconds = Object.values(last.seconds).map(durationText).join(" + ");
  return `## The arithmetic

| term | how it grows | measured |
|---|---|---|
| start | once | ${durationText(model.startSeconds)} |
| read, decode, map, append | edges | ${nano(model.decodeSeconds)} an edge, by ${workers} workers |
| sort, spill | edges: every run is as large as the buffers | ${nano(model.sortSeconds)} an edge |
| runs | edges / edges a run | ${countText(model.edgesPerRun)} edges a run |
| entries to merge | edges | ${model.entries.toFixed(2)} an edge: tuples and keys |
| last merge | entries · (pass + match · log2(inputs)) | pass ${nano(merge.pass)}, match ${nano(merge.match)}, at most ${countText(mergeInputsMax)} inputs |
| merging runs into larger ones | the same for the entries of the runs that are too many | by the import's own rule |
| passes | ⌈log of runs to the base ${countText(mergeInputsMax)}⌉ | |
| spilled | edges, ids grow wider | ${grows(model.spilledBytes)} an edge |
| records, keys | edges | ${model.recordBytes.toFixed(1)} B and ${model.keyBytes.toFixed(1)} B an edge |
| posting lists | edges, lists and widths of ids | ${grows(model.postingBytes)} an edge |
| disk | bytes / speed: no phase is faster | see the machine above |

${edges} edges: ${countText(last.edges)} / ${countText(model.edgesPerRun)} = ${countText(last.runs)} runs, ⌈log(${countText(last.runs)}) / log(${countText(mergeInputsMax)})⌉ = ${last.passesByFormula} passes;
${last.mergedAgain.toFixed(2)} of all entries are merged before the last merge. ${bytesText(last.spilledBytes)} spilled in all, ${bytesText(last.storeBytes)} stored; the disk alone would
take ${durationText(last.diskSeconds)}. ${seconds} = ${durationText(last.totalSeconds)}. A quarter of the edges have one predicate:
${longestText(last)} of 16 KiB, which are merged, stored and read one at a time.
`;
}

function checkText(checks) {
  if (checks.length === 0) return "";
  return `## Held against a larger import

What the model says from the two smaller imports, and what the larger one took.

${markdownTable(checkTable(checks))}`;
}

const bounds = `## What does not grow

Memory: every buffer has its share of the line (docs/memory.md). The list of runs in a checkpoint is at most twice as long as what one merge can
take, since runs are merged while the import reads; the last merge is cut into at most 1,024 parts, each of which is committed when it is done; a
posting list is a row of blocks, and none of them knows how many there are. Ids have 40 bits: a store holds 1.1 trillion edges.
`;
