import { formatBytes } from "../kernel/index.js";
import { mappingToYaml } from "../mapping/index.js";
import { formatColumns, formatShareTable, type ShareTable, shareBytes } from "../memory/index.js";
import type { ImportEstimate, SampleImport } from "../pipeline/index.js";
import type { Source } from "../ports/index.js";
import type { PreparedImport } from "../preparation/index.js";
import { formatCount, formatDuration } from "./format.js";

/** All that a plan found out. */
export interface PlanFindings {
  prepared: PreparedImport;
  table: ShareTable;
  sample: SampleImport;
  /** Null when the size of the input is unknown. */
  estimate: ImportEstimate | null;
  /** Null when nothing is written. */
  disk: { bytesFree: number; bytesPerSecond: number } | null;
}

/** What the figures of a plan are known to: held by tests and a bench. */
const uncertaintyPart = 0.25;

const originText = {
  preset: "the preset",
  file: "the mapping file",
  schema: "the schema",
  flags: "the command line, types from a sample",
  store: "the store",
  inferred: "a sample",
} as const;

export function planText(findings: PlanFindings): string {
  const { prepared, table } = findings;
  const { line, mapping, plan } = prepared;
  return [
    `SOURCES\n${sourceLines(plan.sources, findings.sample, mapping.entityOf)}`,
    `TARGET\n  ${prepared.target.name}\n`,
    `MAPPING (from ${originText[mapping.origin]})\n${indented(mappingToYaml(mapping.compiled))}`,
    `MEMORY\n  line ${formatBytes(line.bytes)}, from ${line.source}\n${indented(formatShareTable(table))}`,
    `BATCHES\n  up to ${formatBytes(table.slabBytes)}, ${table.slabsInFlight} in flight\n`,
    `ESTIMATE (${sampleText(findings.sample)})\n${indented(estimateLines(findings))}`,
  ].join("\n");
}

export function planDocument(findings: PlanFindings): object {
  const { prepared, table, sample, estimate, disk } = findings;
  const { line, mapping, plan, target } = prepared;
  const { records, phases } = sample.report;
  return {
    sources: sample.inputs.map(({ source, sizeBytes }) => ({
      name: source.name,
      format: source.format,
      compression: source.compression,
      sizeBytes,
      entity: mapping.entityOf(source),
    })),
    target: target.name,
    mapping: { from: mapping.origin, yaml: mappingToYaml(mapping.compiled) },
    lineBytes: line.bytes,
    lineSource: line.source,
    threads: table.threads,
    shares: shareBytes(table),
    batchBytes: table.slabBytes,
    batchesInFlight: table.slabsInFlight,
    sample: {
      records: records.read,
      rejected: records.rejected,
      bytesInput: sampleBytes(sample),
      places: sample.places,
      seconds: phases.reduce((sum, phase) => sum + phase.seconds, 0),
    },
    estimate: estimate === null ? null : { ...estimate, uncertaintyPart },
    disk: disk === null ? null : { ...disk, isEnough: isDiskEnough(findings) },
    syncBytes: plan.syncBytes,
  };
}

/** Said on stderr as well: it is what would end the import. */
export function diskWarning(findings: PlanFindings): string | null {
  const { disk, estimate } = findings;
  if (disk === null || estimate === null || isDiskEnough(findings)) return null;
  const needed = formatBytes(estimate.bytesDiskPeak);
  return `The disk has ${formatBytes(disk.bytesFree)} free, and this import needs about ${needed}.\n`;
}

function isDiskEnough({ disk, estimate }: PlanFindings): boolean {
  return disk === null || estimate === null || estimate.bytesDiskPeak <= disk.bytesFree;
}

function sourceLines(
  sources: readonly Source[],
  sample: SampleImport,
  entityOf: (source: Source) => string,
): string {
  const lines = sources.slice(0, 20).map((source, index) => {
    const isPlain = source.compression === "none" || source.compression === "pages";
    const compression = isPlain ? "" : `, ${source.compression}`;
    const size = sample.inputs[index]?.sizeBytes ?? null;
    const bytes = size === null ? "size unknown" : formatBytes(size);
    return `  ${source.name}: ${source.format}${compression}, ${bytes}, holds ${entityOf(source)}\n`;
  });
  if (sources.length > 20) lines.push(`  and ${sources.length - 20} more\n`);
  return lines.join("");
}

function sampleText(sample: SampleImport): string {
  const { read } = sample.report.records;
  const where = sample.places === 1 ? "one place" : `${sample.places} places`;
  return `from ${formatCount(read)} records out of ${where}, imported and thrown away`;
}

function estimateLines(findings: PlanFindings): string {
  const { estimate, disk, sample } = findings;
  if (estimate === null) {
    const { read } = sample.report.records;
    const each = read === 0 ? "" : `; a record takes ${formatBytes(sampleBytes(sample) / read)} of input`;
    return `none: the size of the input is unknown${each}\n`;
  }
  const { seconds, recordsStored: stored } = estimate;
  const rows = [
    [
      "records",
      `about ${formatCount(estimate.records)} records, ${formatBytes(estimate.bytesInput)} of input`,
    ],
    ["rejected", formatCount(estimate.recordsRejected)],
    ["stored", storedText(stored)],
    [
      "time",
      `about ${durationText(seconds.total)}: ${durationText(seconds.read)} reading, ${durationText(seconds.merge)} merging`,
    ],
  ];
  if (disk !== null) {
    rows.push(
      ["store", `about ${formatBytes(estimate.bytesStored)} on disk`],
      ["spilled", `about ${formatBytes(estimate.bytesSpilled)} in ${spillText(estimate)}`],
      ["disk", `about ${formatBytes(estimate.bytesDiskPeak)} at most, ${formatBytes(disk.bytesFree)} free`],
      ["writing", `${formatBytes(disk.bytesPerSecond)} a second, measured`],
    );
  }
  const warning = diskWarning(findings) ?? "";
  const caveat = "Sizes are within a quarter of this as a rule; time is what this machine does now.\n";
  return `${formatColumns(rows)}${warning}${caveat}`;
}

function storedText({ low, high }: ImportEstimate["recordsStored"]): string {
  if (low === high) return `about ${formatCount(high)}`;
  return `${formatCount(low)} to ${formatCount(high)}: fewer the farther apart equal keys stand`;
}

function spillText({ runs, mergePasses }: ImportEstimate): string {
  const passes = mergePasses <= 1 ? "merged once" : `merged in ${mergePasses} passes`;
  return `${formatCount(runs)} sorted ${runs === 1 ? "run" : "runs"}, ${passes}`;
}

function durationText(seconds: number): string {
  return formatDuration(seconds < 10 ? Math.max(0.1, Math.round(seconds * 10) / 10) : seconds);
}

function sampleBytes(sample: SampleImport): number {
  return sample.sources.reduce((sum, { reading }) => sum + reading.bytes, 0);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
