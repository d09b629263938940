import { type DivisionSettings, settableShares, shareSettings } from "../memory/index.js";
import type { OptionValues } from "./option-values.js";

/** The parts of the line whose bytes the options ask for. */
export function divisionSettings(values: OptionValues): DivisionSettings {
  const asked = settableShares.flatMap((name) => {
    const bytes = values.number(shareSettings[name]);
    return bytes === null ? [] : [[name, bytes] as const];
  });
  const batchBytes = values.number("batch-bytes");
  return { shares: Object.fromEntries(asked), ...(batchBytes === null ? {} : { batchBytes }) };
}

/** Who asks for the line, as the report names it. */
export function memorySource(values: OptionValues): string {
  return values.originOf("memory")?.text ?? "--memory";
}
