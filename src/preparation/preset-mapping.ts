import { PlimsollError } from "../kernel/index.js";
import type { Mapping } from "../mapping/index.js";
import { findPreset, presetSuggestion } from "../presets/index.js";

/** The mapping of a preset that the command line names; another name is wrong usage. */
export function presetMapping(name: string, command: string): Mapping {
  const mapping = findPreset(name);
  if (mapping !== null) return mapping;
  const what = `there is no preset "${name}"${presetSuggestion(name)}`;
  throw new PlimsollError("USAGE", { what, command });
}
