import { formatBytes } from "../kernel/index.js";
import type { ShareTable } from "./share-table.js";
import { type ShareName, shareNames, shareSettings } from "./shares.js";

const phaseWords = { both: "always", read: "while reading", seal: "while sealing" } as const;

/** The table as `plan` and `memory` print it: one share a line, in plain columns. */
export function formatShareTable(table: ShareTable): string {
  const rows: string[][] = [
    ["share", "bytes", "floor", "ideal", "ceiling", "when", "option", "for"],
    ["baseline", formatBytes(table.baselineBytes), "", "", "", "always", "", "the process before the import"],
  ];
  for (const name of shareNames) {
    const share = table.shares[name];
    const numbers = [share.bytes, share.floorBytes, share.idealBytes, share.ceilingBytes].map(formatBytes);
    rows.push([name, ...numbers, phaseWords[share.phase], optionOf(name), share.purpose]);
  }
  const { read, seal } = table.phaseBytes;
  rows.push([
    "in all",
    formatBytes(read),
    "",
    "",
    "",
    phaseWords.read,
    "",
    `of ${formatBytes(table.lineBytes)}`,
  ]);
  const again = "the memory of reading is used again";
  rows.push(["in all", formatBytes(seal), "", "", "", phaseWords.seal, "", again]);
  return `${formatColumns(rows)}\n${formatSizes(table)}`;
}

/** The option that asks for a share; most of them follow from others. */
function optionOf(name: ShareName): string {
  const setting = (shareSettings as Partial<Record<ShareName, string>>)[name];
  if (setting !== undefined) return `--${setting}`;
  return name === "inputSlabs" ? "--batch-bytes" : name === "threads" ? "--threads" : "";
}

/** Columns as wide as their widest cell; the last one is left as it is. */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function formatSizes(table: ShareTable): string {
  const asked =
    table.threads < table.threadsAsked
      ? ` (${table.threadsAsked} asked for; the line has no room for more)`
      : "";
  const { worker } = table;
  const inMain = table.threads === 0 ? "; a worker's part is done in the main thread" : "";
  return [
    `threads ${table.threads === 0 ? "none" : table.threads}${asked}${inMain}`,
    `slabs ${table.slabsInFlight} of ${formatBytes(table.slabBytes)}`,
    `worker memory ${formatBytes(worker.memoryBytes)}: tuples ${formatBytes(worker.tupleBytes)}, ` +
      `keys ${formatBytes(worker.keyBytes)}`,
    `transaction ${formatBytes(table.transactionBytesMax)}`,
    `largest record ${formatBytes(table.recordBytesMax)}`,
    `smallest line ${formatBytes(table.lineBytesMin)}`,
    "",
  ].join("\n");
}

/** The shares for the report: bytes by name, the baseline among them. */
export function shareBytes(table: ShareTable): Record<string, number> {
  const shares = shareNames.map((name) => [name, table.shares[name].bytes] as const);
  return { baseline: table.baselineBytes, ...Object.fromEntries(shares) };
}
