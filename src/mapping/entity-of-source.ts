import { PlimsollError } from "../kernel/index.js";
import type { CompiledEntity, CompiledMapping } from "../model/index.js";
import { globMatches } from "../model/index.js";
import { isAwaited } from "./compile-mapping.js";
import { entityNameOf } from "./entity-name.js";

/**
 * The entity whose records a source holds: the one whose `match` names the source, else the one that is
 * called like the file, else the only one there is. `isCandidate` leaves out entities that this import does
 * not speak of.
 */
export function entityOfSource(
  sourceName: string,
  mapping: CompiledMapping,
  isCandidate: (name: string) => boolean = () => true,
): CompiledEntity {
  const entities = mapping.entities.filter((entity) => !isAwaited(entity) && isCandidate(entity.name));
  const matching = entities.filter(({ match }) => match !== null && globMatches(match, sourceName));
  if (matching.length === 1) return matching[0]!;
  if (matching.length > 1) {
    throw entityUnclear(sourceName, `it matches ${matching.map(({ name }) => name).join(" and ")}`);
  }
  const open = entities.filter(({ match }) => match === null);
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
