import type { Mapping } from "../mapping/index.js";
import { type RecordCheck, suggestionText } from "../model/index.js";
import { nostrEntity, nostrMapping } from "./nostr.js";
import { createNostrCheck } from "./nostr-check.js";
import { rdfMapping } from "./rdf.js";

export { nostrEntity } from "./nostr.js";
export { createNostrCheck, nostrSerialisation } from "./nostr-check.js";
export { loadSchnorr, type SchnorrVerifier } from "./schnorr.js";
export { rdfEntity, rdfMapping } from "./rdf.js";

/** Mappings that come with Plimsoll, by the name that --preset takes. */
const presets: Readonly<Record<string, () => Mapping>> = {
  nostr: nostrMapping,
  rdf: rdfMapping,
};

export const presetNames: readonly string[] = Object.keys(presets);

/** The mapping of a preset, or null when there is none of that name. */
export function findPreset(name: string): Mapping | null {
  return Object.hasOwn(presets, name) ? presets[name]!() : null;
}

/** Which presets there are, for the message about one that is not. */
export function presetSuggestion(name: string): string {
  return suggestionText(name, presetNames);
}

/** What a preset can check of its records beyond their form, if anything. */
export function recordCheckOf(preset: string | null, hasSignatures: boolean): RecordCheck | null {
  return preset === "nostr" ? createNostrCheck({ hasSignatures }) : null;
}

/** Whether records of an entity are signed, so that there is something to verify. */
export function isEntitySigned(preset: string | null, entity: string): boolean {
  return preset === "nostr" && entity === nostrEntity;
}
