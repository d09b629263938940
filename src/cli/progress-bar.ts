import { formatBytes } from "../kernel/index.js";
import type { ImportProgress } from "../pipeline/index.js";
import { formatCount, formatDuration } from "./format.js";

const barColumnsMax = 32;
const barColumnsMin = 8;
const gaugeColumns = 12;

/** Where a plan stands; its share and time are those of all its actions. */
export interface PlanPosition {
  /** From 1. */
  action: number;
  actions: number;
  name: string;
  /** Null when the size of the sources is unknown. */
  fraction: number | null;
  etaSeconds: number | null;
}

/**
 * One or two lines that show the progress, none wider than `columns`: what does not fit is left out, last
 * first.
 */
export function renderBar(
  action: ImportProgress,
  columns: number,
  position: PlanPosition | null = null,
): string[] {
  const width = Math.max(10, columns - 1);
  const progress = position === null ? action : { ...action, ...sharesOf(position) };
  const facts = [
    ...(position === null ? [] : [`action ${position.action} of ${position.actions}`, position.name]),
    `${formatCount(progress.recordsRead)} records`,
    progress.phase === "read" ? `${formatCount(Math.round(progress.recordsPerSecond))}/s` : "",
    etaText(progress),
  ];
  const lead = `${progress.phase.padEnd(5)} ${percentText(progress)} `;
  const text = fitParts(facts, width - lead.length - barColumnsMin - 3);
  const barColumns = Math.min(barColumnsMax, width - lead.length - text.length - 3);
  const bar = barColumns < barColumnsMin ? "" : `[${gauge(progress.fraction, barColumns)}] `;
  const first = `${lead}${bar}${text}`.slice(0, width).trimEnd();
  const second = fitParts(memoryFacts(progress), width - gaugeColumns - 9);
  if (width < 40) return [first];
  const fill = progress.lineBytes > 0 ? progress.rssBytes / progress.lineBytes : 0;
  return [first, `line  [${gauge(fill, gaugeColumns)}] ${second}`.slice(0, width).trimEnd()];
}

/** One line for logs: everything, in words. */
export function renderLine(action: ImportProgress, position: PlanPosition | null = null): string {
  const progress = position === null ? action : { ...action, ...sharesOf(position) };
  const parts = [
    position === null ? "" : `action ${position.action} of ${position.actions}, ${position.name}`,
    `${progress.phase} ${percentText(progress).trim()}`,
    `${formatCount(progress.recordsRead)} records`,
    `${formatCount(Math.round(progress.recordsPerSecond))}/s`,
    etaText(progress),
    ...memoryFacts(progress).map((fact, index) => (index === 0 ? `memory ${fact}` : fact)),
  ];
  return parts.filter((part) => part !== "").join(", ");
}

function sharesOf({ fraction, etaSeconds }: PlanPosition): Pick<PlanPosition, "fraction" | "etaSeconds"> {
  return { fraction, etaSeconds };
}

function memoryFacts(progress: ImportProgress): string[] {
  const rejects = progress.rejects === 0 ? "" : `${formatCount(progress.rejects)} rejected`;
  const memory = `${formatBytes(progress.rssBytes)} of ${formatBytes(progress.lineBytes)}`;
  return [
    memory,
    rejects,
    `${formatBytes(progress.bytesRead)} read`,
    `${formatDuration(progress.elapsedSeconds)} so far`,
  ];
}

function etaText(progress: ImportProgress): string {
  return progress.etaSeconds === null ? "" : `${formatDuration(progress.etaSeconds)} left`;
}

function percentText(progress: ImportProgress): string {
  if (progress.fraction === null) return "  ?%";
  return `${Math.floor(Math.min(1, Math.max(0, progress.fraction)) * 100)}%`.padStart(4);
}

function gauge(fraction: number | null, columns: number): string {
  const filled = fraction === null ? 0 : Math.round(Math.min(1, Math.max(0, fraction)) * columns);
  return "#".repeat(filled) + ".".repeat(columns - filled);
}

/** As many of the parts as fit, in order. */
function fitParts(parts: readonly string[], width: number): string {
  let text = "";
  for (const part of parts) {
    if (part === "") continue;
    const longer = text === "" ? part : `${text}  ${part}`;
    if (longer.length > width) break;
    text = longer;
  }
  return text;
}
