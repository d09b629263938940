import { formatBytes, GiB, lineStepBytes, MiB, slabLadder } from "../kernel/index.js";
import {
  type Decision,
  type DivisionSettings,
  divideLine,
  type GovernorStatistics,
  reliefWords,
  type ShareTable,
} from "../memory/index.js";
import type { ImportRun } from "./import-run.js";
import type { ImportTally } from "./import-tally.js";
import { divisionOf } from "./signature-plan.js";
import type { TimeSpent } from "./time-spent.js";
import { mergeInputsMaxOf } from "./worker-layout.js";

/** Everything that an explanation is made of. */
export interface ExplainFacts {
  table: ShareTable;
  settings: DivisionSettings;
  statistics: GovernorStatistics;
  spent: TimeSpent;
  tally: ImportTally;
  phaseSeconds: { read: number; merge: number; seal: number };
  bytesSpilled: number;
  /** Runs of tuples written in all, and how many of them one merge may take. */
  runsWritten: number;
  mergeInputsMax: number;
}

type Line = Omit<Decision, "t"> & { kind: string; text: string };

export function factsOf(run: ImportRun, statistics: GovernorStatistics): ExplainFacts {
  return {
    table: run.governor.table,
    settings: divisionOf(run.plan),
    statistics,
    spent: run.spent,
    tally: run.tally,
    phaseSeconds: run.progress.seconds(),
    bytesSpilled: run.state.bytesSpilled,
    runsWritten: run.tally.runsWritten,
    mergeInputsMax: run.mergeInputsMax,
  };
}

/** Why the import took the time it took, in plain words with numbers, and what would have helped. */
export function explain(facts: ExplainFacts): Line[] {
  return [
    timeLine(facts),
    ...sourceLine(facts),
    ...threadLines(facts),
    ...spillLine(facts),
    ...mergeLine(facts),
    ...writebackLine(facts),
    ...pressureLines(facts),
    ...batchLine(facts),
    ...checkpointLine(facts),
    ...aloneLine(facts),
    ...restartLine(facts),
  ];
}

function timeLine({ phaseSeconds, spent }: ExplainFacts): Line {
  const { read, merge, seal } = phaseSeconds;
  const parts = [
    `${seconds(spent.secondsOf("source"))} waiting for the source`,
    `${seconds(spent.secondsOf("door"))} at the door, for a free slab`,
    `${seconds(spent.secondsOf("checkpoint"))} at checkpoints`,
    `${seconds(spent.secondsOf("relief"))} relieving memory`,
  ];
  const append = `the target took ${seconds(spent.secondsOf("append"))} beside that`;
  const reading = `reading took ${seconds(read)} (${parts.join(", ")}; ${append})`;
  const text = `${reading}, merging ${seconds(merge + seal)}`;
  return { kind: "time", text, seconds: Math.round((read + merge + seal) * 1000) / 1000 };
}

function sourceLine({ spent, phaseSeconds }: ExplainFacts): Line[] {
  const waited = spent.secondsOf("source");
  if (waited < 0.5 || waited < phaseSeconds.read / 10) return [];
  return [{ kind: "source", text: `read waited ${seconds(waited)} for the source`, seconds: waited }];
}

function threadLines(facts: ExplainFacts): Line[] {
  const { threads, threadsAsked } = facts.table;
  if (threads >= threadsAsked) return [];
  const enough = smallestLine(facts, (larger) => larger.threads >= threadsAsked);
  const workers = threads === 0 ? "no worker thread" : threads === 1 ? "one worker" : `${threads} workers`;
  const text = `${workers} instead of ${threadsAsked}: the line has no room for more`;
  return [{ kind: "threads", text: `${text}${helps(enough, `has room for ${threadsAsked}`)}`, threads }];
}

function spillLine({ table, tally, bytesSpilled }: ExplainFacts): Line[] {
  const times = tally.fullSpills;
  if (times === 0) return [];
  const share = formatBytes(table.shares.runBuffers.bytes);
  const text = `spilled ${countOf(times, "time")} (${formatBytes(bytesSpilled)}): the run share is ${share}`;
  return [{ kind: "spill", text, times }];
}

function mergeLine(facts: ExplainFacts): Line[] {
  const { table, tally, runsWritten, mergeInputsMax } = facts;
  if (tally.mergePasses === 0) return [];
  const passes = tally.mergePasses + 1;
  const isEnough = (larger: ShareTable) => {
    // Runs of full buffers become fewer as the buffers grow; those of checkpoints do not.
    const full = (tally.fullSpills * table.shares.runBuffers.bytes) / larger.shares.runBuffers.bytes;
    const runs = Math.max(0, runsWritten - tally.fullSpills) + full;
    return runs <= mergeInputsMaxOf(larger.worker.memoryBytes);
  };
  const help = helps(smallestLine(facts, isEnough), "holds the runs of one pass");
  const text = `merge took ${passes} passes because the line holds ${mergeInputsMax} runs at once${help}`;
  return [{ kind: "merge", text, passes, runs: runsWritten }];
}

function writebackLine({ table, statistics }: ExplainFacts): Line[] {
  const waited = statistics.writebackSeconds;
  if (waited < 0.1) return [];
  const share = formatBytes(table.shares.writeback.bytes);
  const text = `waited ${seconds(waited)} for write-back: the writeback share is ${share}`;
  return [{ kind: "writeback", text, seconds: waited }];
}

function pressureLines({ statistics }: ExplainFacts): Line[] {
  const { reliefs, narrowSeconds, throttledSeconds, reliefSteps } = statistics;
  const lines: Line[] = [];
  const stops = reliefs.stopAdmitting ?? 0;
  if (stops > 0) {
    const text = `stopped admitting ${countOf(stops, "time")}, ${seconds(narrowSeconds)} in all`;
    lines.push({ kind: "admit", text, times: stops, seconds: narrowSeconds });
  }
  for (const { step, times, bytesBefore, bytesAfter } of reliefSteps) {
    if (times === 0) continue;
    const gave = formatBytes(Math.max(0, bytesBefore - bytesAfter));
    lines.push({
      kind: "relief",
      text: `${reliefWords[step]} ${countOf(times, "time")}, which gave back ${gave}`,
      times,
    });
  }
  if (throttledSeconds >= 0.01) {
    const text = `held batches back for ${seconds(throttledSeconds)}, since memory stood above the mark`;
    lines.push({ kind: "throttle", text, seconds: throttledSeconds });
  }
  return lines;
}

function batchLine(facts: ExplainFacts): Line[] {
  const { table, statistics } = facts;
  const { min, median, max } = statistics.batchBytes;
  const { slabBytes } = table;
  const slab = formatBytes(slabBytes);
  if (max < slabBytes / 2) {
    const sizes = `${formatBytes(median)} was the median, ${formatBytes(max)} the largest`;
    const text = `batches did not reach the slab of ${slab}: ${sizes}`;
    return [{ kind: "batches", text, min, median, max }];
  }
  const larger = slabLadder.findLast((step) => step.slabBytes > slabBytes);
  if (larger === undefined || slabBytes >= MiB) return [];
  const enough = smallestLine(facts, (candidate) => candidate.slabBytes >= larger.slabBytes);
  const help = helps(enough, `has slabs of ${formatBytes(larger.slabBytes)}`);
  return [
    { kind: "batches", text: `batches stayed at ${slab}, the slab of this line${help}`, min, median, max },
  ];
}

function checkpointLine({ spent }: ExplainFacts): Line[] {
  const times = spent.countOf("checkpoint");
  if (times === 0) return [];
  const text = `made ${countOf(times, "checkpoint")}, ${seconds(spent.secondsOf("checkpoint"))} in all`;
  return [{ kind: "checkpoints", text, times }];
}

function aloneLine({ tally, table }: ExplainFacts): Line[] {
  const times = tally.recordsAlone;
  if (times === 0) return [];
  const slab = formatBytes(table.slabBytes);
  return [
    { kind: "alone", text: `${countOf(times, "record")} larger than a slab of ${slab} went alone`, times },
  ];
}

function restartLine({ tally, table }: ExplainFacts): Line[] {
  if (tally.restarts === 0) return [];
  const threads = countOf(table.threads, "thread");
  const text = `a worker ran out of memory: went on from the last checkpoint with ${threads}`;
  return [{ kind: "restart", text, times: tally.restarts }];
}

/** The smallest line, in steps, that would have been enough; null when no reasonable one is. */
function smallestLine(
  { table, settings }: ExplainFacts,
  isEnough: (larger: ShareTable) => boolean,
): number | null {
  const { baselineBytes, threadsAsked: threads } = table;
  const first = Math.floor(table.lineBytes / lineStepBytes + 1) * lineStepBytes;
  for (let lineBytes = first; lineBytes <= 16 * GiB; lineBytes += lineStepBytes) {
    if (isEnough(divideLine({ lineBytes, baselineBytes, threads, settings }))) return lineBytes;
  }
  return null;
}

function helps(lineBytes: number | null, what: string): string {
  return lineBytes === null ? "" : ` (a line of ${formatBytes(lineBytes)} ${what})`;
}

function seconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
}

function countOf(count: number, name: string): string {
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}
