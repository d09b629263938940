import { type CompiledMapping, eventsEntity, groupKeyspace } from "../model/index.js";
import type { KeyRule } from "./merge-keys.js";

/** The rule of every key space by its number: of the entities, and of the groups of events behind them. */
export function keyRulesOf(mapping: CompiledMapping): KeyRule[] {
  const rules = mapping.entities.map(
    ({ events, conflict }): KeyRule => (events === undefined ? conflict.kind : "owned"),
  );
  if (eventsEntity(mapping) === undefined) return rules;
  const unused = Array.from({ length: groupKeyspace - rules.length }, (): KeyRule => "keep");
  return [...rules, ...unused, "versions"];
}
