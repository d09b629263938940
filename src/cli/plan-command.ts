import { statSync } from "node:fs";
import { formatBytes } from "../kernel/index.js";
import { mappingToYaml } from "../mapping/index.js";
import { divideLine, formatShareTable } from "../memory/index.js";
import type { Source } from "../ports/index.js";
import { exitCodes } from "./command-table.js";
import { formatCount, formatDuration } from "./format.js";
import type { CommandHost } from "./host.js";
import type { Sampler } from "./infer-sources.js";
import { type PreparedImport, prepareImport } from "./prepare-import.js";

/**
 * Stored bytes a byte of input becomes, and input bytes a second and thread: rough, from runs on common
 * records.
 */
const storedPerInput = { records: 0.45, postingEntry: 6 };
const inputBytesPerSecondThread = 40e6;

interface Estimate {
  records: number | null;
  inputBytes: number | null;
  storedBytes: number | null;
  spilledBytes: number | null;
  seconds: number | null;
}

/** Prints what an import would do, and does nothing of it. */
export async function runPlanCommand(host: CommandHost): Promise<number> {
  const prepared = await prepareImport(host, "plan");
  const { line, mapping, plan } = prepared;
  const table = divideLine({
    lineBytes: line.bytes,
    baselineBytes: process.memoryUsage.rss(),
    threads: plan.threads,
  });
  const estimate = await estimateImport(prepared, table.threads);
  const sections = [
    `SOURCES\n${sourceLines(plan.sources, mapping.entityOf)}`,
    `TARGET\n  ${prepared.target.name}\n`,
    `MAPPING (from ${originText[mapping.origin]})\n${indented(mappingToYaml(mapping.compiled))}`,
    `MEMORY\n  line ${formatBytes(line.bytes)}, from ${line.source}\n${indented(formatShareTable(table))}`,
    `BATCHES\n  up to ${formatBytes(table.slabBytes)}, ${table.slabsInFlight} in flight\n`,
    `ESTIMATE (from first records: it may be twice or half of this)\n${estimateLines(estimate)}`,
  ];
  for (const note of mapping.notes) host.note(`${note}\n`);
  await host.out.write(sections.join("\n"));
  return exitCodes.done;
}

const originText = {
  preset: "the preset",
  file: "the mapping file",
  flags: "the command line, types from a sample",
  store: "the store",
  inferred: "a sample",
} as const;

function sourceLines(sources: readonly Source[], entityOf: (name: string) => string): string {
  const lines = sources.slice(0, 20).map((source) => {
    const compression = source.compression === "none" ? "" : `, ${source.compression}`;
    const size = storedBytesOf(source);
    const bytes = size === null ? "size unknown" : formatBytes(size);
    return `  ${source.name}: ${source.format}${compression}, ${bytes}, holds ${entityOf(source.name)}\n`;
  });
  if (sources.length > 20) lines.push(`  and ${sources.length - 20} more\n`);
  return lines.join("");
}

async function estimateImport(prepared: PreparedImport, threads: number): Promise<Estimate> {
  const { plan, mapping, sampler } = prepared;
  const estimate: Estimate = { records: 0, inputBytes: 0, storedBytes: 0, spilledBytes: 0, seconds: 0 };
  const sources = spread(plan.sources);
  const scale = plan.sources.length / sources.length;
  for (const source of sources) {
    const part = await estimateSource(source, sampler);
    if (part === null)
      return { records: null, inputBytes: null, storedBytes: null, spilledBytes: null, seconds: null };
    const entity = mapping.compiled.entities.find(({ name }) => name === mapping.entityOf(source.name));
    const indexes = entity?.fields.flatMap((field) => field.indexes).length ?? 0;
    const records = part.records * scale;
    const inputBytes = part.inputBytes * scale;
    estimate.records! += records;
    estimate.inputBytes! += inputBytes;
    estimate.spilledBytes! += records * indexes * storedPerInput.postingEntry;
    estimate.storedBytes! +=
      inputBytes * storedPerInput.records + records * indexes * storedPerInput.postingEntry;
  }
  estimate.seconds = estimate.inputBytes! / (inputBytesPerSecondThread * threads);
  return estimate;
}

/** Records and bytes of a source, drawn out from its sample; null for a stream, whose size nobody knows. */
async function estimateSource(
  source: Source,
  sampler: Sampler,
): Promise<{ records: number; inputBytes: number } | null> {
  const sample = await sampler.sample(source);
  if (sample.isWhole) return { records: sample.recordsFramed, inputBytes: sample.bytes };
  const size = storedBytesOf(source);
  if (size === null || sample.recordsFramed === 0) return null;
  // Stored bytes are read in chunks ahead of the sample, so compressed input is judged by the usual ratio.
  const inputBytes = source.compression === "none" ? size : size * usualCompressionRatio;
  return { records: Math.round(inputBytes / (sample.bytes / sample.recordsFramed)), inputBytes };
}

const usualCompressionRatio = 5;

function estimateLines(estimate: Estimate): string {
  const { records, inputBytes, storedBytes, spilledBytes, seconds } = estimate;
  if (records === null) return "  none: the size of the input is unknown\n";
  const [stored, spilled] = [formatBytes(storedBytes!), formatBytes(spilledBytes!)];
  return [
    `  about ${formatCount(Math.round(records))} records, ${formatBytes(inputBytes!)} of input`,
    `  about ${stored} on disk, and ${spilled} for sorted runs meanwhile`,
    `  about ${formatDuration(Math.max(1, seconds!))}`,
    "",
  ].join("\n");
}

/** A few sources stand for all of them. */
function spread(sources: readonly Source[]): Source[] {
  const step = Math.max(1, Math.ceil(sources.length / 8));
  return sources.filter((_, index) => index % step === 0);
}

function storedBytesOf(source: Source): number | null {
  try {
    return source.name === "-" ? null : statSync(source.name).size;
  } catch {
    return null;
  }
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}
