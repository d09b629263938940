import { PlimsollError, signatureBytes } from "../kernel/index.js";
import type { DivisionSettings } from "../memory/index.js";
import { isEntitySigned } from "../presets/index.js";
import type { ImportPlan } from "./import-plan.js";

/** What the line is divided by: what was asked for, and what the workers of this import take besides. */
export function divisionOf(plan: Pick<ImportPlan, "memory" | "isSignatureChecked">): DivisionSettings {
  const { settings = {} } = plan.memory;
  return plan.isSignatureChecked ? { ...settings, workerExtraBytes: signatureBytes } : settings;
}

/** Whoever asks for signatures shall not believe them verified where there are none. */
export function assertVerifiable(plan: ImportPlan): void {
  if (!plan.isSignatureChecked) return;
  const mapping = plan.mergeMapping(null);
  for (const source of plan.sources) {
    if (isEntitySigned(mapping.preset, plan.entityOf(source, mapping))) continue;
    throw new PlimsollError("NOTHING_SIGNED", { source: source.name });
  }
}
