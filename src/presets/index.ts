import type { Mapping } from "../mapping/index.js";
import { type CompiledMapping, type RecordCheck, suggestionText } from "../model/index.js";
import { comicsMapping } from "./comics.js";
import { nostrEntity, nostrMapping } from "./nostr.js";
import { createNostrCheck } from "./nostr-check.js";
import { createQuadCheck } from "./quad-check.js";
import { rdfMapping } from "./rdf.js";
import { stackExchangeMapping } from "./stackexchange.js";

export { comicsMapping } from "./comics.js";
export { nostrEntity } from "./nostr.js";
export { createNostrCheck, nostrSerialisation } from "./nostr-check.js";
export { createQuadCheck } from "./quad-check.js";
export { rdfEntity, rdfMapping, rdfMappingWith } from "./rdf.js";
export { loadSchnorr, type SchnorrVerifier } from "./schnorr.js";
export { stackExchangeMapping } from "./stackexchange.js";

/** Mappings that come with Plimsoll, by the name that --preset takes. */
const presets: Readonly<Record<string, () => Mapping>> = {
  comics: comicsMapping,
  nostr: nostrMapping,
  rdf: rdfMapping,
  stackexchange: stackExchangeMapping,
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

/** What can be checked of the records of a mapping beyond what the kernel checks, if anything. */
export function recordCheckOf(mapping: CompiledMapping, hasSignatures: boolean): RecordCheck | null {
  const checks: RecordCheck[] = [];
  if (mapping.preset === "nostr") checks.push(createNostrCheck({ hasSignatures }));
  if (mapping.entities.some(({ quads }) => quads !== undefined)) checks.push(createQuadCheck());
  const [first = null, second] = checks;
  return first === null || second === undefined ? first : (view) => first(view) ?? second(view);
}

/** Whether records of an entity are signed, so that there is something to verify. */
export function isEntitySigned(preset: string | null, entity: string): boolean {
  return preset === "nostr" && entity === nostrEntity;
}
