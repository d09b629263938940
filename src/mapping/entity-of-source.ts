import { PlimsollError } from "../kernel/index.js";
import type { CompiledEntity, CompiledMapping } from "../model/index.js";
import { globMatches } from "../model/index.js";
import { isAwaited } from "./compile-mapping.js";
import { entityNameOf } from "./entity-name.js";

/** What is known of a source before it is read: its name, and the entity that its content speaks of. */
export interface SourceIdentity {
  name: string;
  entityTold?: string | null;
}

/**
 * The entity whose records a source holds: the one whose `match` names the source, else the one that its
 * content tells, else the one that is called like the file, else the only one there is.
 */
export function entityOfSource(source: SourceIdentity, mapping: CompiledMapping): CompiledEntity {
  const { name: sourceName, entityTold = null } = source;
  const entities = mapping.entities.filter((entity) => !isAwaited(entity));
  const matching = entities.filter(({ match }) => match !== null && globMatches(match, sourceName));
  if (matching.length === 1) return matching[0]!;
  if (matching.length > 1) {
    throw entityUnclear(sourceName, `it matches ${matching.map(({ name }) => name).join(" and ")}`);
  }
  const open = entities.filter(({ match }) => match === null);
  const told = open.find(({ name }) => name === entityTold);
  if (told !== undefined) return told;
  const named = open.find(({ name }) => name === entityNameOf(sourceName));
  if (named !== undefined) return named;
  if (open.length === 1) return open[0]!;
  if (entities.length === 1 && sourceName === "-") return entities[0]!;
  const names = entities.map(({ name }) => name).join(", ");
  throw entityUnclear(
    sourceName,
    `the mapping has ${names === "" ? "no entity" : names}, and no match names it`,
  );
}

function entityUnclear(source: string, reason: string): PlimsollError {
  return new PlimsollError("ENTITY_UNCLEAR", { source, reason }, { place: { source } });
}
