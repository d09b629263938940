import { PlimsollError } from "../kernel/index.js";
import { resolveLine } from "../memory/index.js";
import type { CompiledMapping } from "../model/index.js";
import type { ImportReport } from "../pipeline/index.js";
import type { LiveImport } from "../ports/index.js";
import {
  liveBytesOf,
  liveOptionsOf,
  lockLiveStore,
  type PreparedImport,
  prepareImport,
} from "../preparation/index.js";
import { memorySource } from "../settings/index.js";
import type { CommandHost } from "./host.js";

/** An import whose records are written live, and its report as what became of them says. */
export interface LiveImportCommand {
  prepared: PreparedImport;
  reported: (report: ImportReport) => ImportReport;
  close: () => void;
}

export async function prepareLiveImport(host: CommandHost): Promise<LiveImportCommand> {
  const { values } = host;
  const line = resolveLine(values.text("memory") ?? "auto", { requestSource: memorySource(values) });
  if (line.cut !== null) host.note(`${line.cut}: the smaller one is the line.\n`);
  const besideBytes = liveBytesOf(line).all;
  const prepared = await prepareImport({ ...host, line, besideBytes }, "import");
  const { kind, path } = prepared.target;
  if (kind !== "lmdb" || path === null)
    throw usage("--live writes into an embedded store alone, and is no dry run");
  for (const name of prepared.entityNames) checkRule(prepared.mapping.compiled, name);
  const { target, lock, counts } = await openTarget(host, prepared, path);
  return {
    prepared: { ...prepared, plan: { ...prepared.plan, target } },
    reported: (report) => reportedWith(report, counts()),
    close: () => lock[Symbol.dispose](),
  };
}

async function openTarget(host: CommandHost, prepared: PreparedImport, path: string) {
  const { liveTarget } = await import("../live/index.js");
  const lock = lockLiveStore(path);
  let counts: LiveImport["counts"] | null = null;
  const target = liveTarget({
    ...liveOptionsOf({ path, line: prepared.line, signal: host.signal, note: host.note }),
    store: prepared.plan.target,
    isDeleting: prepared.plan.isDeleting ?? false,
    onEnd: (ended) => {
      counts = ended;
    },
  });
  return { target, lock, counts: () => counts };
}

function checkRule({ entities }: CompiledMapping, name: string): void {
  const entity = entities.find((candidate) => candidate.name === name);
  if (entity?.conflict.kind !== "reject") return;
  throw usage(`--live cannot be with the conflict rule reject of ${name}: it is settled when an import ends`);
}

function usage(what: string): PlimsollError {
  return new PlimsollError("USAGE", { what, command: "import" });
}

/** What became of the records when they were written. */
function reportedWith(report: ImportReport, counts: LiveImport["counts"] | null): ImportReport {
  if (counts === null) return report;
  const { read } = report.records;
  const { stored, replaced, superseded, duplicate: duplicates, deleted } = counts;
  const rejected = read - stored - superseded - duplicates - deleted;
  const records = { read, stored: stored - replaced, replaced, superseded, duplicates, deleted, rejected };
  return { ...report, records };
}
