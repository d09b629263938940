import { resolve } from "node:path";
import type { Readable } from "node:stream";
import {
  codexChunkRecordsMax,
  codexChunkRecordsMin,
  codexRecordBytes,
  delayMsMaxDefault,
  gradualityDefault,
  PlimsollError,
  syncBytesDefault,
} from "../kernel/index.js";
import { type ResolvedLine, resolveLine } from "../memory/index.js";
import { deletionFaultOf } from "../model/index.js";
import { defaultThreads, type ImportPlan, type StartedThreads } from "../pipeline/index.js";
import type { Source } from "../ports/index.js";
import { divisionSettings, memorySource, type OptionValues } from "../settings/index.js";
import { commandText } from "./command-text.js";
import type { Sampler } from "./infer-sources.js";
import { libraryOptions } from "./library-options.js";
import { openSources } from "./open-sources.js";
import { mappingMerger, type ResolvedMapping, resolveMapping } from "./resolve-mapping.js";
import {
  isRelationalTarget,
  makeTarget,
  parseTarget,
  readStoredMapping,
  type TargetChoice,
} from "./target.js";

/** Who wants an import: the command line, or a server for one of its requests. */
export interface PreparingHost {
  /** Files, folders, globs, or `-` for the stream. */
  args: readonly string[];
  values: OptionValues;
  stdin: () => Readable;
  /** What the stream is called: `-` unless it has a name of its own. */
  streamName?: string;
  /** The options for a mapping and a schema hold the text itself, and not the name of a file. */
  areDocumentsSaid?: boolean;
  /** The line, where it was settled before; else the options say it. */
  line?: ResolvedLine;
  /** Bytes of the line that belong to others in this process. */
  besideBytes?: number;
  signal: AbortSignal;
  note: (text: string) => void;
}

/** An import as the options describe it, ready to run or to be shown. */
export interface PreparedImport {
  plan: ImportPlan;
  target: TargetChoice;
  mapping: ResolvedMapping;
  line: ResolvedLine;
  sampler: Sampler;
  /** Entities that the sources hold. */
  entityNames: string[];
  sourceArguments: readonly string[];
  resumeCommand: string;
}

/** Options that a re-run of one record must not inherit: they place, limit or report the whole import. */
const wholeImportOptions = new Set([
  "offset",
  "limit",
  "fresh",
  "dry-run",
  "report",
  "max-rejects",
  "progress",
  "into",
]);

/**
 * What the options describe is found out and found right. Threads that are given are started as soon as
 * sources and target have been found, to boot beside what is still to be done.
 */
export async function prepareImport(
  host: PreparingHost,
  command: "import" | "plan",
  threads: StartedThreads | null = null,
): Promise<PreparedImport> {
  const { values, signal } = host;
  const into = values.text("into");
  if (into === null) throw new PlimsollError("USAGE", { what: "--into TARGET is missing", command });
  checkNumbers(host, command);
  checkVerify(host, command);
  const named = parseTarget(into, command);
  const asked = () => resolveLine(values.text("memory") ?? "auto", { requestSource: memorySource(values) });
  const line = host.line ?? asked();
  if (line.cut !== null && host.line === undefined) host.note(`${line.cut}: the smaller one is the line.\n`);
  const onNote = (note: string) => host.note(`${note}\n`);
  const { streamName = "-", stdin } = host;
  const recordsAt = values.text("records-at");
  const shared = { command, recordsAt, stdin, streamName, signal, onNote };
  const opened = await openSources(host.args, { ...shared, ...(await libraryOptions(host, named, command)) });
  const stored = await readStoredMapping(named);
  const startThreads = () => threads?.start({ ...loadOf(host, line), sources: opened.sources });
  opened.sampler.onSampling = startThreads;
  const isRelational = isRelationalTarget(named);
  const mapping = await resolveMapping({
    values,
    sources: opened.sources,
    stored,
    sampler: opened.sampler,
    command,
    isRelational,
    areDocumentsSaid: host.areDocumentsSaid ?? false,
  });
  if (values.flag("delete")) checkDeletion(mapping, opened.sources, command);
  const isDry = values.flag("dry-run");
  const target: TargetChoice = isDry ? { name: "null:", kind: "null", path: null } : named;
  startThreads();
  const plan = await makePlan(host, opened.sources, target, named, mapping, line);
  return {
    plan,
    target,
    mapping,
    line,
    sampler: opened.sampler,
    entityNames: [...new Set(opened.sources.map((source) => mapping.entityOf(source)))],
    sourceArguments: host.args,
    resumeCommand: commandText([
      "plimsoll",
      "import",
      ...host.args,
      ...values.toArguments("import", isResumed),
    ]),
  };
}

async function makePlan(
  host: PreparingHost,
  sources: Source[],
  target: TargetChoice,
  named: TargetChoice,
  mapping: ResolvedMapping,
  line: ResolvedLine,
): Promise<ImportPlan> {
  const { values } = host;
  const tempDir = values.text("temp-dir");
  return {
    ...loadOf(host, line),
    sources,
    target: await makeTarget(target),
    mergeMapping: mappingMerger(mapping.compiled, target.name),
    entityOf: (source) => mapping.entityOf(source),
    tempDir: tempDir === null ? null : resolve(tempDir),
    isRecordChecked: !values.flag("no-check-ids"),
    ...(values.flag("delete") ? { isDeleting: true } : {}),
    rejects: {
      path: values.text("rejects") ?? defaultRejectsPath(target),
      isAbort: values.text("on-error") === "abort",
      rejectsMax: values.number("max-rejects"),
      rerun: rerunCommand(host, named.name, sources),
    },
    offset: values.number("offset") ?? 0,
    limit: values.number("limit"),
    isFresh: values.flag("fresh"),
    syncBytes: values.number("sync-bytes") ?? syncBytesDefault,
    syncRecords: values.number("sync-every") ?? chunkRecords(values, line),
    delayMsMax: values.number("max-delay") ?? delayMsMaxDefault,
  };
}

/** What the line is divided by. */
function loadOf({ values, besideBytes = 0 }: PreparingHost, line: ResolvedLine) {
  return {
    memory: {
      line,
      graduality: values.number("graduality") ?? gradualityDefault,
      settings: divisionSettings(values),
      besideBytes,
    },
    threads: values.number("threads") ?? defaultThreads(),
    isSignatureChecked: values.flag("verify"),
  };
}

/** What is deleted is found by its key. */
function checkDeletion({ compiled, entityOf }: ResolvedMapping, sources: Source[], command: string): void {
  for (const source of sources) {
    const entity = compiled.entities.find(({ name }) => name === entityOf(source));
    const fault = entity === undefined ? null : deletionFaultOf(entity);
    if (fault !== null) throw new PlimsollError("USAGE", { what: `--delete cannot be: ${fault}`, command });
  }
}

/** Records of a chunk by the rule of a comic server; null when the governor is to say. */
function chunkRecords(values: OptionValues, line: ResolvedLine): number | null {
  const rule = values.text("chunk-rule");
  if (rule === null) return null;
  const fraction = Number(/^codex:(0?\.\d+|1)$/.exec(rule)?.[1] ?? Number.NaN);
  if (!(fraction > 0)) {
    const what = `--chunk-rule ${rule} is no rule that there is: codex:FRACTION, such as codex:0.25`;
    throw new PlimsollError("USAGE", { what, command: "import" });
  }
  const records = Math.floor((line.bytes * fraction) / codexRecordBytes);
  return Math.min(codexChunkRecordsMax, Math.max(codexChunkRecordsMin, records));
}

/** Beside the store; nothing is written for a target that keeps nothing. */
function defaultRejectsPath(target: TargetChoice): string | null {
  if (target.path === null) return target.rejectsPath ?? null;
  return `${target.path.replace(/\/+$/, "")}.rejects.jsonl`;
}

/** The command that reads one record (counted from 1) again; a stream cannot be read again. */
function rerunCommand(host: PreparingHost, into: string, sources: readonly Source[]) {
  const options = host.values.toArguments("import", (name) => !wholeImportOptions.has(name));
  return (source: string, record: number): string | null => {
    if (source === (host.streamName ?? "-")) return null;
    const words = commandText(["plimsoll", "import", source, "--into", into, ...options]);
    // An import reads every archive that was mended, and by number it would be another one then.
    if (sources.some(({ format }) => format === "comics")) return words;
    return `${words} --offset ${record - 1} --limit 1`;
  };
}

/** A fresh import that was interrupted goes on without --fresh: it would begin once more with it. */
function isResumed(name: string): boolean {
  return name !== "fresh";
}

function checkNumbers(host: PreparingHost, command: string): void {
  const { values } = host;
  for (const name of ["graduality", "sync-every"]) {
    if (values.number(name) === 0) {
      throw new PlimsollError("USAGE", { what: `${values.originOf(name)!.text} must be 1 or more`, command });
    }
  }
}

/** Signatures are over ids: who trusts the ids has nothing that they could be held against. */
function checkVerify({ values }: PreparingHost, command: string): void {
  if (!values.flag("verify") || !values.flag("no-check-ids")) return;
  const [verify, trust] = ["verify", "no-check-ids"].map((name) => values.originOf(name)!.text);
  throw new PlimsollError("USAGE", { what: `${verify} and ${trust} cannot be given together`, command });
}
