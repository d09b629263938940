import { availableParallelism } from "node:os";
import { formatBytes, isPlimsollError } from "../kernel/index.js";
import {
  divideLine,
  formatColumns,
  formatShareTable,
  type ResolvedLine,
  resolveLine,
  type ShareTable,
  shareBytes,
} from "../memory/index.js";

export interface MemoryCommandOptions {
  /** The request as given by the flag or the variable; "auto" when left out. */
  memory?: string;
  /** Who gave it, when not the flag. */
  memorySource?: string;
  threads?: number;
  json?: boolean;
  /** Stands before /proc and /sys: for tests. */
  root?: string;
}

/** Where a command prints. */
export interface TextOutput {
  write(text: string): unknown;
}

/**
 * Prints the line that an import would have here, what decided it, every limit that was seen, and its shares.
 */
export function runMemoryCommand(options: MemoryCommandOptions, output: TextOutput): void {
  const line = resolveLine(options.memory ?? "auto", {
    ...(options.root === undefined ? {} : { root: options.root }),
    ...(options.memorySource === undefined ? {} : { requestSource: options.memorySource }),
  });
  const request = {
    lineBytes: line.bytes,
    baselineBytes: process.memoryUsage.rss(),
    threads: options.threads ?? availableParallelism(),
  };
  const division = tryDivide(request);
  if (options.json) output.write(`${JSON.stringify(memoryDocument(line, division))}\n`);
  else output.write(memoryText(line, division));
}

type Division = { table: ShareTable } | { refusal: string };

/** A line that is too small for an import is still shown: that is when the limits are looked for. */
function tryDivide(request: Parameters<typeof divideLine>[0]): Division {
  try {
    return { table: divideLine(request) };
  } catch (error) {
    if (isPlimsollError(error) && error.code === "LINE_TOO_SMALL") return { refusal: error.message };
    throw error;
  }
}

function memoryDocument(line: ResolvedLine, division: Division): object {
  const document = { lineBytes: line.bytes, lineSource: line.source, cut: line.cut, limits: line.limits };
  if ("refusal" in division) return { ...document, refusal: division.refusal };
  const { table } = division;
  return {
    ...document,
    threads: table.threads,
    slabBytes: table.slabBytes,
    slabsInFlight: table.slabsInFlight,
    recordBytesMax: table.recordBytesMax,
    lineBytesMin: table.lineBytesMin,
    shares: shareBytes(table),
  };
}

function memoryText(line: ResolvedLine, division: Division): string {
  const rows = [["limit", "value", "counted", "path"]];
  for (const limit of line.limits) {
    const value = limit.bytes === null ? "none" : formatBytes(limit.bytes);
    const note = limit.note === undefined ? "" : ` (${limit.note})`;
    rows.push([limit.name, value, limit.counted ? "yes" : "no", `${limit.path}${note}`]);
  }
  const cut = line.cut === null ? "" : `cut      ${line.cut}\n`;
  const head = `line     ${formatBytes(line.bytes)} (${line.bytes} bytes)\ndecided  ${line.source}\n${cut}`;
  const shares = "refusal" in division ? `${division.refusal}\n` : formatShareTable(division.table);
  return `${head}\n${formatColumns(rows)}\n${shares}`;
}
