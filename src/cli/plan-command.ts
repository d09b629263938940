import { boundAllocator } from "../kernel/index.js";
import { divideLine } from "../memory/index.js";
import { divisionOf, estimateImport, importSample, type ScratchTarget } from "../pipeline/index.js";
import {
  isRelationalTarget,
  makeTarget,
  type PreparedImport,
  prepareImport,
  type TargetChoice,
} from "../preparation/index.js";
import { exitCodes } from "./exit-codes.js";
import type { CommandHost } from "./host.js";
import { PlanScratch } from "./plan-scratch.js";
import { diskWarning, type PlanFindings, planDocument, planText } from "./plan-text.js";

/** Prints what an import would do: a sample is imported into a store that is thrown away. */
export async function runPlanCommand(host: CommandHost): Promise<number> {
  boundAllocator();
  const prepared = await prepareImport(host, "plan");
  for (const note of prepared.mapping.notes) host.note(`${note}\n`);
  const findings = await findOut(prepared, host.signal);
  const warning = diskWarning(findings);
  if (warning !== null) host.note(warning);
  const isJson = host.values.flag("json");
  await host.out.write(isJson ? `${JSON.stringify(planDocument(findings))}\n` : planText(findings));
  return exitCodes.done;
}

async function findOut(prepared: PreparedImport, signal: AbortSignal): Promise<PlanFindings> {
  const { line, plan, target, sampler } = prepared;
  const sources = await Promise.all(plan.sources.map((source) => sampler.copyOf(source)));
  sampler.forget();
  const baselineBytes = process.memoryUsage.rss();
  const table = divideLine({
    lineBytes: line.bytes,
    lineOrigin: line.origin,
    baselineBytes,
    threads: plan.threads,
    settings: divisionOf(plan),
  });
  // Runs go where the store is: a folder for temporary files would keep a folder of its own.
  const samplePlan = { ...plan, sources, tempDir: null };
  if (target.path === null) {
    const sample = await importSample(samplePlan, { target: plan.target, openReader: null }, { signal });
    const estimate = estimateImport(sample, { plan, table, diskBytesPerSecond: null });
    return { prepared, table, sample, estimate, disk: null };
  }
  using scratch = new PlanScratch(target.path);
  // What a database makes of its rows is not taken apart, so there is nothing to hold against the disk.
  const disk = isRelationalTarget(target) ? null : scratch.probeDisk();
  const sample = await importSample(samplePlan, await scratchTarget(target, scratch.storePath), { signal });
  const estimate = estimateImport(sample, {
    plan,
    table,
    diskBytesPerSecond: disk?.bytesPerSecond ?? null,
  });
  return { prepared, table, sample, estimate, disk };
}

/** A database is filled by its own code: what lies in it then is not taken apart. */
async function scratchTarget(choice: TargetChoice, path: string): Promise<ScratchTarget> {
  if (isRelationalTarget(choice)) {
    return { target: await makeTarget({ name: path, kind: choice.kind, path }), openReader: null };
  }
  const { openStoreReader } = await import("../targets/lmdb/index.js");
  return {
    target: await makeTarget({ name: path, kind: "lmdb", path }),
    openReader: () => openStoreReader(path),
  };
}
