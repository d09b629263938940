import { availableParallelism } from "node:os";
import { type ErrorCode, formatBytes, isPlimsollError } from "../kernel/index.js";
import {
  type DivisionSettings,
  divideLine,
  formatColumns,
  formatShareTable,
  type ResolvedLine,
  resolveLine,
  type SeenLimit,
  type ShareTable,
  shareBytes,
} from "../memory/index.js";

export interface MemoryCommandOptions {
  /** The request as it was given; "auto" when left out. */
  memory?: string;
  /** Who gave it, when not the flag. */
  memorySource?: string;
  threads?: number;
  settings?: DivisionSettings;
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
  const division = tryDivide({
    lineBytes: line.bytes,
    lineOrigin: line.origin,
    baselineBytes: process.memoryUsage.rss(),
    threads: options.threads ?? availableParallelism(),
    settings: options.settings ?? {},
  });
  if (options.json) output.write(`${JSON.stringify(memoryDocument(line, division))}\n`);
  else output.write(memoryText(askedFor(options), line, division));
}

/** What was asked for, and by whom. */
function askedFor({ memory, memorySource = "--memory" }: MemoryCommandOptions): [string, string] {
  return memory === undefined ? ["auto", "by default"] : [memory, memorySource];
}

type Division = { table: ShareTable } | { refusal: string };

/** What says that the line does not do. */
const refusals: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["LINE_TOO_SMALL", "SHARES_TOO_LARGE"]);

/** A line that is too small for an import is still shown: that is when the limits are looked for. */
function tryDivide(request: Parameters<typeof divideLine>[0]): Division {
  try {
    return { table: divideLine(request) };
  } catch (error) {
    if (isPlimsollError(error) && refusals.has(error.code)) return { refusal: error.message };
    throw error;
  }
}

function memoryDocument(line: ResolvedLine, division: Division): object {
  const document = {
    lineBytes: line.bytes,
    lineSource: line.source,
    origin: line.origin?.text ?? null,
    cut: line.cut,
    limits: line.limits.map((limit) => ({ ...limit, decided: limit === line.decidedBy })),
  };
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

function memoryText(asked: [string, string], line: ResolvedLine, division: Division): string {
  const origin = line.origin === null ? "" : ` (${line.origin.text})`;
  const head = [
    `line     ${formatBytes(line.bytes)} (${line.bytes} bytes)`,
    `decided  ${line.source}${origin}`,
    ...(line.cut === null ? [] : [`cut      ${line.cut}`]),
    "",
  ];
  const shares = "refusal" in division ? `${division.refusal}\n` : formatShareTable(division.table);
  return `${head.join("\n")}\n${limitRows(asked, line)}\n${shares}\n${changeText(line)}`;
}

/** Every limit that was seen; the one with a mark decided. */
function limitRows([request, asker]: [string, string], line: ResolvedLine): string {
  const mark = (isDecided: boolean) => (isDecided ? "*" : "");
  const rows = [
    ["", "limit", "value", "counted", "where"],
    [mark(line.decidedBy === null), "asked for", request, "", asker],
  ];
  for (const limit of line.limits) {
    const value = limit.bytes === null ? "none" : formatBytes(limit.bytes);
    const note = limit.note === undefined ? "" : ` (${limit.note})`;
    const isDecided = limit === line.decidedBy;
    const counted = limit.counted || isDecided ? "yes" : "no";
    rows.push([mark(isDecided), limit.name, value, counted, `${limit.path}${note}`]);
  }
  return formatColumns(rows);
}

/** What to write, and where, for another line. */
function changeText(line: ResolvedLine): string {
  const rows = [
    ["another line", "--memory 512MiB, PLIMSOLL_MEMORY=512MiB, or in plimsoll.yaml: memory: 512MiB"],
    ["a part of it", "--memory 60%, with bounds --memory 60%,64MiB..1GiB, auto with bounds auto,..1GiB"],
    ["a share of it", "--run-buffer 64MiB and the others of the column option, in the same three ways"],
    ...(line.decidedBy === null ? [] : limitChange(line.decidedBy)),
  ];
  return `to change it\n${formatColumns(rows)}`;
}

function limitChange(limit: SeenLimit): string[][] {
  if (limit.name === "ulimit -d") return [["the limit", "ulimit -d unlimited, in the shell that starts it"]];
  if (!limit.name.startsWith("cgroup")) return [];
  const words =
    `docker run --memory 512m, resources.limits.memory: 512Mi, or systemd's ` +
    `${limit.name.endsWith("high") ? "MemoryHigh" : "MemoryMax"}=512M`;
  return [["the limit", words]];
}
