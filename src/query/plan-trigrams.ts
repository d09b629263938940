import { trigramListsMax } from "../kernel/index.js";
import type { CompiledIndex } from "../model/index.js";
import type { ValueTest } from "./filter-ast.js";
import { patternClauses, textClauses } from "./pattern-trigrams.js";
import { type Plan, planList, unite, valueText } from "./plan-parts.js";
import type { QueryStore } from "./query-store.js";

/**
 * One plan for each trigram, or choice of trigrams, that a value must hold to meet the test; the rarest
 * alone.
 */
export function planTrigrams(store: QueryStore, index: CompiledIndex, test: ValueTest): Plan[] {
  const clauses = new Map(trigramClauses(store, test).map((clause) => [clause.join("|"), clause]));
  const plans = [...clauses.values()].map((clause) =>
    unite(clause.map((trigram) => planTrigram(store, index, trigram))),
  );
  return plans.sort((left, right) => left.length - right.length).slice(0, trigramListsMax);
}

function trigramClauses(store: QueryStore, { contains, prefix, pattern }: ValueTest): string[][] {
  const fold = (text: string) => store.terms.folded(text).toString("latin1");
  const texts = [contains, prefix].filter((text) => text !== null && !/\p{Surrogate}/u.test(text));
  const clauses = texts.flatMap((text) => textClauses(text!, fold));
  return pattern === null ? clauses : [...clauses, ...patternClauses(pattern, fold)];
}

function planTrigram(store: QueryStore, index: CompiledIndex, trigram: string): Plan {
  const bytes = Buffer.from(trigram, "latin1");
  const shown = valueText(bytes.toString());
  return planList(
    store,
    index.number,
    store.terms.trigram(bytes),
    false,
    () => `part ${shown} in ${index.field}`,
  );
}
