import { formatBytes, isPlimsollError, systemClock } from "../kernel/index.js";
import { peakRssBytes, type ResolvedLine, resolveLine } from "../memory/index.js";
import { memorySource } from "../settings/index.js";
import { writeReport } from "./attempt-import.js";
import { formatCount, formatDuration } from "./format.js";
import type { CommandHost } from "./host.js";

/** What a command about snapshots did, in the form of the reports of imports. */
export interface SnapshotReport {
  state: "complete" | "interrupted" | "failed";
  command: string;
  source: string[];
  target: string;
  /** What was counted, by name: sent, merged, changed, kept and so on. */
  records: Record<string, number>;
  bytes: { read: number; written: number };
  snapshots: { sent: number; merged: number };
  /** Objects that were moved because they are new: a store is pushed and pulled in parts. */
  parts: number;
  seconds: number;
  recordsPerSecond: number;
  memory: { lineBytes: number; lineSource: string; peakRssBytes: number };
  error: { code: string; message: string } | null;
}

/** Counts while a command runs; the report and the summary are made of it. */
export class SnapshotTally {
  readonly line: ResolvedLine;
  readonly records: Record<string, number> = {};
  readonly bytes = { read: 0, written: 0 };
  readonly snapshots = { sent: 0, merged: 0 };
  parts = 0;
  readonly #startedAtMs = systemClock.nowMs();
  readonly #host: CommandHost;
  readonly #head: Pick<SnapshotReport, "command" | "source" | "target">;

  constructor(host: CommandHost, head: Pick<SnapshotReport, "command" | "source" | "target">) {
    this.#host = host;
    this.#head = head;
    this.line = resolveLine(host.values.text("memory") ?? "auto", {
      requestSource: memorySource(host.values),
    });
    if (this.line.cut !== null) host.note(`${this.line.cut}: the smaller one is the line.\n`);
  }

  count(records: Readonly<Record<string, number>>): void {
    for (const [name, count] of Object.entries(records)) {
      this.records[name] = (this.records[name] ?? 0) + count;
    }
  }

  get seconds(): number {
    return (systemClock.nowMs() - this.#startedAtMs) / 1000;
  }

  /** Runs the command's work, and writes the report however it ends. */
  async whole(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isInterruption = this.#host.signal.aborted;
      this.#write(this.#report(isInterruption ? "interrupted" : "failed", error));
      throw error;
    }
    const report = this.#report("complete", null);
    this.#write(report);
    this.#host.note(summaryText(report));
  }

  #report(state: SnapshotReport["state"], error: unknown): SnapshotReport {
    const { line, records, bytes, snapshots, parts, seconds } = this;
    const total = records.total ?? Object.values(records).reduce((sum, count) => sum + count, 0);
    const { total: _, ...counted } = records;
    return {
      state,
      ...this.#head,
      records: { total, ...counted },
      bytes,
      snapshots,
      parts,
      seconds: Number(seconds.toFixed(3)),
      recordsPerSecond: seconds > 0 ? Math.round(total / seconds) : 0,
      memory: { lineBytes: line.bytes, lineSource: line.source, peakRssBytes: peakRssBytes() },
      error: error === null ? null : errorOf(error),
    };
  }

  #write(report: SnapshotReport): void {
    writeReport(this.#host.values.text("report"), report);
  }
}

function errorOf(error: unknown): { code: string; message: string } {
  if (isPlimsollError(error)) return { code: error.code, message: error.message };
  return { code: "UNEXPECTED", message: error instanceof Error ? error.message : String(error) };
}

function summaryText(report: SnapshotReport): string {
  const { records, bytes, seconds, memory, command, target } = report;
  const { total, ...counted } = records;
  const parts = Object.entries(counted).filter(([, count]) => count! > 0);
  const detail = parts.map(([name, count]) => `${formatCount(count!)} ${name}`).join(", ");
  const rate = seconds > 0 ? `, ${formatCount(report.recordsPerSecond)}/s` : "";
  const lineText = `a line of ${formatBytes(memory.lineBytes)}, from ${memory.lineSource}`;
  const lines = [
    `${command}: ${formatCount(total!)} records in ${formatDuration(seconds)}${rate}, into ${target}`,
    ...(detail === "" ? [] : [`  records   ${detail}`]),
    `  bytes     ${formatBytes(bytes.read)} read, ${formatBytes(bytes.written)} written`,
    `  memory    peak ${formatBytes(memory.peakRssBytes)} under ${lineText}`,
  ];
  return `${lines.join("\n")}\n`;
}
